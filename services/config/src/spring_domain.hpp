#pragma once

#include "layers.hpp"

/// What a Spring Cloud Config server makes of names in a path, and what it answers: pure. Written from its documentation, "Spring Cloud Config Server,
/// Environment Repository" and "Serving Plain Text".
namespace gravity::config::spring {

enum class FileForm {
    yaml,
    json,
    properties
};

/// "shop-dev.yml": what is before the last hyphen is the application.
struct FileName {
    std::string application;
    std::string profiles;
    FileForm form{};
    bool operator==(const FileName&) const = default;
};
std::optional<FileName> parse_file_name(std::string_view text);

/// "(_)" stands for a slash.
std::string label_of(std::string_view text);

/// A text in this form, and its media type.
struct File {
    std::string content_type;
    std::string text;
};
File render(const Items& items, FileForm form);

struct PropertySource {
    std::string name;
    const Items* items = nullptr;
};
/// The document of `/{application}/{profiles}`; version 0 and a label that was not asked for are null.
Json environment(std::string_view application, const std::vector<std::string>& profiles, std::optional<std::string_view> label, std::int64_t version,
                 const std::vector<PropertySource>& sources);

} // namespace gravity::config::spring
