#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace gravity::issuer {

/// Whether a list has the item: scopes, prompts. Pure.
inline bool among(const std::vector<std::string>& list, std::string_view item) { return std::find(list.begin(), list.end(), item) != list.end(); }

} // namespace gravity::issuer
