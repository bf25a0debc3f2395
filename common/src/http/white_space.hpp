#pragma once

#include <string_view>

namespace gravity::http {

/// Without the optional white space (space and tab; RFC 9110 section 5.6.3) at both ends.
inline std::string_view trim_ows(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

} // namespace gravity::http
