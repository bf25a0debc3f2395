#pragma once

#include <gravity/base/utf8.hpp>

#include <string_view>

namespace gravity::mail {

/// UTF-8 without control characters: what may stand in a header or a command. A line end in one would begin another (RFC 5322 section 2.2).
inline bool is_line(std::string_view text) {
    if (!utf8::valid(text)) return false;
    while (const auto c = utf8::next(text))
        if (*c < 0x20 || (*c >= 0x7f && *c < 0xa0) || *c == 0x2028 || *c == 0x2029) return false;
    return true;
}

} // namespace gravity::mail
