#pragma once

#include <gravity/json/json.hpp>

#include <string>
#include <vector>

namespace gravity::gateway {

/// The documents of a YAML stream (JSON is YAML too), as JSON values: unquoted scalars by the core schema, all others text. Empty documents are left
/// out. Refused: what is no YAML, names that are no text or stand twice in one mapping, more depth or values than JSON may have (aliases count each time).
Parsed<std::vector<Json>> parse_yaml(const std::string& text);

} // namespace gravity::gateway
