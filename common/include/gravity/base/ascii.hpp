#pragma once

#include <string>
#include <string_view>
#include <vector>

/// ASCII-only text helpers: they ignore the process locale and leave every byte >= 0x80 alone. Any thread.
namespace gravity::ascii {

constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_alpha(char c) { return is_lower(c) || is_upper(c); }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_alnum(char c) { return is_alpha(c) || is_digit(c); }
constexpr bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
constexpr bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
constexpr char lower(char c) { return is_upper(c) ? static_cast<char>(c + 32) : c; }
constexpr char upper(char c) { return is_lower(c) ? static_cast<char>(c - 32) : c; }

std::string lower(std::string_view text);
std::string upper(std::string_view text);
/// Equal without regard to ASCII case.
bool iequals(std::string_view a, std::string_view b);
/// Without white space (space, \t \n \v \f \r) at both ends.
std::string_view trim(std::string_view text);
/// The parts between separators; "a,,b" has three, "" has one (empty). The views point into `text`.
std::vector<std::string_view> split(std::string_view text, char separator);

} // namespace gravity::ascii
