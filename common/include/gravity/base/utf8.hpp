#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

/// UTF-8 (RFC 3629) without any table in the header. Any thread.
namespace gravity::utf8 {

/// No overlong form, no surrogate, nothing above U+10FFFF, nothing cut off.
bool valid(std::string_view text);
bool is_ascii(std::string_view text);
/// Number of code points of a valid text.
std::size_t count(std::string_view text);
/// Takes the first code point off `text`; nothing, and `text` untouched, if it is empty or begins with an invalid
/// sequence.
std::optional<char32_t> next(std::string_view& text);
void append(std::string& out, char32_t code_point);
/// Unicode Normalization Form C (UAX #15) of a valid text. ASCII comes back as it is, without a look into the tables.
std::string nfc(std::string_view text);

} // namespace gravity::utf8
