#pragma once

#include <gravity/json/json.hpp>

namespace gravity::json {

/// As Json::parse, but an integer beyond 64 bits becomes the nearest double: of what PostgreSQL gives back, whose jsonb writes the number that came as 1e30
/// with all its digits. A caller's own text is refused for such an integer, since its digits would be lost.
Parsed<Json> parse_stored(std::string_view text, const JsonLimits& limits);

} // namespace gravity::json
