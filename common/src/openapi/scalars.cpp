#include "openapi/scalars.hpp"

#include <cmath>
#include <limits>

namespace gravity::openapi {

using meta::Kind;

namespace {

constexpr auto lowest = std::numeric_limits<std::int64_t>::min();
constexpr auto highest = std::numeric_limits<std::int64_t>::max();

void integer(Json& schema, const meta::Type& type) {
    schema["type"] = "integer";
    const bool wide =
        type.min < std::numeric_limits<std::int32_t>::min() || type.max > std::numeric_limits<std::int32_t>::max();
    schema["format"] = type.format.empty() ? (wide ? "int64" : "int32") : type.format;
    // The ends of 64 bits are what the format says, and readers that hold numbers as doubles would round them past
    // themselves.
    if (type.min != lowest) schema["minimum"] = type.min;
    if (type.max != highest) schema["maximum"] = type.max;
}

void number(Json& schema, const meta::Type& type) {
    schema["type"] = "number";
    schema["format"] = type.format.empty() ? "double" : type.format;
    if (std::isfinite(type.number_min)) schema["minimum"] = type.number_min;
    if (std::isfinite(type.number_max)) schema["maximum"] = type.number_max;
}

void text(Json& schema, const meta::Type& type) {
    schema["type"] = "string";
    if (type.format == "byte")
        schema["contentEncoding"] = "base64"; // OpenAPI 3.1 section 4.8.24.3: "format: byte" is of 3.0
    else if (!type.format.empty() && type.format != "duration")
        schema["format"] = type.format;
    // JSON Schema's "duration" has neither sign nor fraction and allows months (RFC 3339 appendix A): ours is told by
    // pattern and words.
    if (!type.pattern.empty()) schema["pattern"] = type.pattern;
    if (type.min > 0) schema["minLength"] = type.min;
    if (type.max != highest) schema["maxLength"] = type.max;
    if (type.secret) schema["writeOnly"] = true;
}

} // namespace

Json scalar_schema(const meta::Type& type) {
    Json schema = Json::object();
    switch (type.kind) {
    case Kind::boolean: schema["type"] = "boolean"; break;
    case Kind::integer: integer(schema, type); break;
    case Kind::number: number(schema, type); break;
    case Kind::text: text(schema, type); break;
    case Kind::enumeration: {
        Json names = Json::array();
        for (const auto name : type.names) names.push_back(name);
        schema["type"] = "string";
        schema["enum"] = std::move(names);
        break;
    }
    default: break; // json: anything
    }
    if (!type.doc.empty()) schema["description"] = type.doc;
    if (!type.example.empty()) schema["examples"] = Json::array({Json::parse(type.example).or_throw()});
    return schema;
}

} // namespace gravity::openapi
