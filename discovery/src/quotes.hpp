#pragma once

#include <string>
#include <string_view>

namespace gravity::registry {

/// A name between double quotes, as Consul's messages show it.
inline std::string in_quotes(std::string_view name) { return '"' + std::string(name) + '"'; }

} // namespace gravity::registry
