#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

/// Events that every service may publish, known by what follows its name. They go to one stream more, `gravity:events:{*}`, for whoever hears them of all
/// services, those that are not written yet among them (decision 80).
namespace gravity::events {

inline constexpr std::string_view any_service = "*";
inline constexpr std::array<std::string_view, 3> shared_nouns{"erasure.completed", "export.completed", "project_data.deleted"};

/// "gravity.*.erasure.completed" for "gravity.auth.erasure.completed" and for itself; empty for a type that is no such one.
inline std::string shared_type(std::string_view type) {
    constexpr std::string_view root = "gravity.";
    if (!type.starts_with(root)) return {};
    const auto dot = type.find('.', root.size());
    if (dot == std::string_view::npos || dot == root.size()) return {};
    const std::string_view noun = type.substr(dot + 1);
    if (std::find(shared_nouns.begin(), shared_nouns.end(), noun) == shared_nouns.end()) return {};
    return std::string(root) + std::string(any_service) + '.' + std::string(noun);
}

} // namespace gravity::events
