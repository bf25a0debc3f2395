#pragma once

#include <gravity/json/json.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a git server says when something was pushed: pure.
namespace gravity::config {

/// Where a repository is, however its address is written: "github.com/ada/settings" of https://github.com/ada/settings.git,
/// ssh://git@github.com:22/ada/settings and git@github.com:ada/settings.git. Nothing where it is no address.
std::optional<std::string> repository_place(std::string_view address);

/// A push as GitHub, GitLab, Gitea and Bitbucket tell of it.
struct Push {
    std::vector<std::string> places; // all that the message says of where the repository is
    std::vector<std::string> refs;   // branches and tags that are there now, by their short names
    bool says_refs = false;          // else it may be of any

    bool is_of(std::string_view place, std::string_view ref) const;
};
Push read_push(const Json& message);

} // namespace gravity::config
