#pragma once

#include "git_model.hpp"

/// Names in repositories: pure.
namespace gravity::config {

/// Whose settings a file has, by its name: {application}[-{profile}].{yml,yaml,properties,json}. Of several applications that fit the longest; without a
/// profile `default`. Nothing for other files.
struct GitFileName {
    ConfigName application;
    ConfigName profile;
    SettingsFormat format{};
};
std::optional<GitFileName> settings_file(std::string_view name, const std::vector<ConfigName>& applications);

/// A file as `git ls-tree -z --long` tells of it.
struct GitEntry {
    std::string object;
    std::size_t bytes = 0;
    std::string path;
};
/// The plain files of a listing: no links, no submodules, no directories. Nothing if it is none.
std::optional<std::vector<GitEntry>> files_of_tree(std::string_view listing);

} // namespace gravity::config
