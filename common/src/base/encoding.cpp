#include <gravity/base/encoding.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace gravity {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view base64_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view base64url_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

using Reverse = std::array<std::uint8_t, 256>;
constexpr std::uint8_t none = 0xff;

constexpr Reverse reverse_of(std::string_view alphabet) {
    Reverse table{};
    table.fill(none);
    for (std::size_t i = 0; i < alphabet.size(); ++i) {
        table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
    }
    return table;
}
constexpr Reverse base64_reverse = reverse_of(base64_alphabet);
constexpr Reverse base64url_reverse = reverse_of(base64url_alphabet);

std::string encode64(std::string_view bytes, std::string_view alphabet, bool padded) {
    const std::size_t rest = bytes.size() % 3, whole = bytes.size() - rest;
    std::size_t size = whole / 3 * 4;
    if (rest > 0) size += padded ? 4 : rest + 1;
    std::string out(size, '=');
    char* at = out.data();
    const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])); };
    for (std::size_t i = 0; i < whole; i += 3) {
        const std::uint32_t bits = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
        *at++ = alphabet[bits >> 18];
        *at++ = alphabet[bits >> 12 & 0x3f];
        *at++ = alphabet[bits >> 6 & 0x3f];
        *at++ = alphabet[bits & 0x3f];
    }
    if (rest > 0) {
        const std::uint32_t bits = byte(whole) << 16 | (rest == 2 ? byte(whole + 1) << 8 : 0);
        *at++ = alphabet[bits >> 18];
        *at++ = alphabet[bits >> 12 & 0x3f];
        if (rest == 2) *at = alphabet[bits >> 6 & 0x3f];
    }
    return out;
}

/// `text` without padding.
std::optional<std::string> decode64(std::string_view text, const Reverse& table) {
    if (text.size() % 4 == 1) return std::nullopt;
    std::string out;
    out.reserve(text.size() / 4 * 3 + 2);
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        const std::uint8_t six = table[static_cast<unsigned char>(c)];
        if (six == none) return std::nullopt;
        bits = bits << 6 | six;
        count += 6;
        if (count >= 8) {
            count -= 8;
            out += static_cast<char>(bits >> count & 0xff);
        }
    }
    // Bits left over must be zero, else several texts would mean the same bytes.
    if ((bits & ((1U << count) - 1U)) != 0) return std::nullopt;
    return out;
}

/// Length of the well-formed UTF-8 sequence at the start of `text` (Unicode table 3-7), or 0 with `skip` set to the
/// length of the ill-formed part.
std::size_t utf8_sequence(std::string_view text, std::size_t& skip) {
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const unsigned lead = byte(0);
    std::size_t length = 0;
    unsigned low = 0x80;
    unsigned high = 0xbf;
    if (lead < 0x80) return 1;
    if (lead >= 0xc2 && lead <= 0xdf) {
        length = 2;
    } else if (lead >= 0xe0 && lead <= 0xef) {
        length = 3;
        if (lead == 0xe0) low = 0xa0;
        if (lead == 0xed) high = 0x9f;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
        length = 4;
        if (lead == 0xf0) low = 0x90;
        if (lead == 0xf4) high = 0x8f;
    }
    skip = 1;
    if (length == 0) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        const unsigned next = byte(i);
        if (next < low || next > high) return 0;
        low = 0x80;
        high = 0xbf;
        skip = i + 1;
    }
    return length;
}

} // namespace

std::string hex_encode(std::string_view bytes) {
    std::string out(bytes.size() * 2, '\0');
    char* at = out.data();
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        *at++ = hex_digits[byte >> 4];
        *at++ = hex_digits[byte & 0xf];
    }
    return out;
}

std::optional<std::string> hex_decode(std::string_view text) {
    if (text.size() % 2 != 0) return std::nullopt;
    std::string out;
    out.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int high = hex_value(text[i]);
        const int low = hex_value(text[i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        out += static_cast<char>(high << 4 | low);
    }
    return out;
}

std::string base64_encode(std::string_view bytes) { return encode64(bytes, base64_alphabet, true); }

std::optional<std::string> base64_decode(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    if (text.ends_with('=')) text.remove_suffix(1);
    if (text.ends_with('=')) text.remove_suffix(1);
    return decode64(text, base64_reverse);
}

std::string base64url_encode(std::string_view bytes) { return encode64(bytes, base64url_alphabet, false); }

std::optional<std::string> base64url_decode(std::string_view text) { return decode64(text, base64url_reverse); }

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    std::size_t plain = 0; // start of the run not yet copied
    std::size_t at = 0;
    const auto copy_run = [&] { out.append(text.substr(plain, at - plain)); };
    while (at < text.size()) {
        const auto c = static_cast<unsigned char>(text[at]);
        if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
            ++at;
            continue;
        }
        if (c >= 0x80) {
            std::size_t skip = 0;
            if (const std::size_t length = utf8_sequence(text.substr(at), skip)) {
                at += length;
                continue;
            }
            copy_run();
            out += "\xef\xbf\xbd";
            at += skip;
        } else {
            copy_run();
            switch (c) {
            case '"': out += "\\\""; break;
            case '\\': out += "\\\\"; break;
            case '\n': out += "\\n"; break;
            case '\r': out += "\\r"; break;
            case '\t': out += "\\t"; break;
            default: // includes DEL, which terminals act upon
                out += "\\u00";
                out += hex_digits[c >> 4];
                out += hex_digits[c & 0xf];
            }
            ++at;
        }
        plain = at;
    }
    copy_run();
    out += '"';
}

} // namespace gravity
