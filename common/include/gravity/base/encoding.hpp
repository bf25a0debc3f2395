#pragma once

#include <optional>
#include <string>
#include <string_view>

/// Bytes as text. Binary data is a std::string of raw bytes; every decoder is strict, so that a value has exactly one
/// text. Any thread.
namespace gravity {

/// What a hexadecimal digit of either case stands for; -1 for any other character.
constexpr int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// Two lower-case hexadecimal digits a byte (RFC 4648 section 8).
std::string hex_encode(std::string_view bytes);
/// Either case; nothing for an odd length or any other character.
std::optional<std::string> hex_decode(std::string_view text);

/// RFC 4648 section 4, padded.
std::string base64_encode(std::string_view bytes);
/// Padding required, no line breaks, unused bits zero (RFC 4648 section 3.5).
std::optional<std::string> base64_decode(std::string_view text);

/// RFC 4648 section 5 without padding, as JOSE has it (RFC 7515 section 2).
std::string base64url_encode(std::string_view bytes);
/// No padding, no line breaks, unused bits zero.
std::optional<std::string> base64url_decode(std::string_view text);

/// Appends a JSON string with its quotes (RFC 8259 section 7). Control characters are escaped; each maximal ill-formed
/// part of UTF-8 becomes one U+FFFD, so that the result is valid whatever came in (for logs and telemetry, which must
/// not refuse a value).
void append_json_string(std::string& out, std::string_view text);

} // namespace gravity
