#pragma once

#include <gravity/base/type.hpp>

#include <string>
#include <string_view>

namespace gravity::meta {

/// A value from the text of a URL parameter or a setting: numbers, booleans ("true", "false"), enumerations, text-like values and optionals
/// of them; nothing that has members. False: `why` is one clause, as in Parsed.
bool from_text(std::string_view text, MutableRef out, std::string& why);
/// The reverse. An empty optional gives nothing. The caller minds Type::secret.
std::string to_text(Ref value);

} // namespace gravity::meta
