#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace gravity {

/// Edit distance in bytes (insert, remove, replace: 1 each). O(a * b) time, O(b) memory; meant for names, not for
/// documents.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate a person most likely meant, without regard to ASCII case: the nearest (the first of equals), if it is
/// within a third of the longer of both names; otherwise empty. For "unknown setting PROT, did you mean PORT?".
std::string_view nearest(std::string_view typed, std::span<const std::string_view> candidates);

} // namespace gravity
