#pragma once

#include <cstdint>
#include <string>

namespace gravity::issuer {

/// What base32 (RFC 4648) stands for, as an app reads its key.
inline std::string base32_bytes(const std::string& text) {
    std::string bytes;
    std::uint32_t held = 0;
    int bits = 0;
    for (const char c : text) {
        held = held << 5 | static_cast<std::uint32_t>(c >= 'A' ? c - 'A' : c - '2' + 26);
        if ((bits += 5) >= 8) bytes += static_cast<char>(held >> (bits -= 8) & 0xff);
    }
    return bytes;
}

} // namespace gravity::issuer
