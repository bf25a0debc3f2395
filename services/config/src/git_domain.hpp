#pragma once

#include "git_model.hpp"

#include <gravity/base/problem.hpp>

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

/// What is wrong with credentials for a repository, each with a pointer into them: https has a password, ssh a private key and known hosts, a file nothing.
std::vector<Refusal::Fault> credential_faults(const GitUrl& url, const GitCredentials& credentials);
/// Who signs in where nobody is named.
inline constexpr std::string_view usual_git_user = "git";

/// Until the next pull of its own: the interval, twice that after a failure, and so on up to a day (or the interval, if that is longer), of which `luck`, 0 to
/// 1, takes up to a tenth or adds it, so that sources do not come all at once.
Duration pause_before_pull(int interval_minutes, int failures, double luck);

/// A text of a program with what is secret taken out: each of these texts becomes ***.
std::string without_secrets(std::string text, const std::vector<std::string>& secrets);

/// Of what git complained the last line that says why: what it always says after a failure of ssh says nothing,
/// and that ssh could not read the key says more than that it was refused without it.
std::string_view telling_line(std::string_view complaints);

/// What git is to call for ssh: a command for a shell. It reads no configuration, asks nothing, offers this key alone, and takes only a host whose key is in
/// `known_hosts`; it connects to `address` while the key of the host is looked up by its name.
struct SshVisit {
    std::string host;
    std::uint16_t port = 22;
    std::string address;
    std::string user;
    std::string key_file;
    std::string known_hosts_file;
};
std::string ssh_command(const SshVisit& visit);

} // namespace gravity::config
