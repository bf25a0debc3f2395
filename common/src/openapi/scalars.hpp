#pragma once

#include <gravity/base/type.hpp>
#include <gravity/json/json.hpp>

namespace gravity::openapi {

/// The schema of a type without members: bounds, format, pattern, enumeration, words and example.
Json scalar_schema(const meta::Type& type);

} // namespace gravity::openapi
