#pragma once

#include "scim_error.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/json/json.hpp>

#include <string>
#include <string_view>

/// Members of messages of SCIM, whose names are the same whatever their case (RFC 7643 section 2.1). Pure.
namespace gravity::user::scim {

/// Null and absent are one (RFC 7643 section 2.5).
inline const Json* member(const Json& object, std::string_view name) {
    for (const auto& [key, value] : object.as_object())
        if (ascii::iequals(key, name) && !value.is_null()) return &value;
    return nullptr;
}

/// Empty if it is absent. Throws Refused for what is no text.
inline std::string text_in(const Json& object, std::string_view name) {
    const Json* const value = member(object, name);
    if (value == nullptr) return {};
    if (!value->is_string()) throw invalid_syntax(std::string(name) + " must be a text");
    return value->as_string();
}

} // namespace gravity::user::scim
