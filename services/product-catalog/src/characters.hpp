#pragma once

#include <string>
#include <string_view>

/// What the catalog asks of Unicode's tables. The only file of the service that knows ICU is characters.cpp.
namespace gravity::product_catalog::characters {

/// A letter, mark or digit that is not an upper-case one.
bool is_slug_character(char32_t code_point);

/// Lower case without regard to a language (full case mapping of the root locale); `text` is valid UTF-8.
std::string lower(std::string_view text);

/// Why a code that people read and type must not have this text: an invisible character, one of a script that is mixed with Latin, or one that
/// passes for a Latin letter or digit (UTS 39). One clause that names the code point; empty if there is nothing against it.
/// `text` is valid UTF-8 in NFC.
std::string deception(std::string_view text);

} // namespace gravity::product_catalog::characters
