#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gravity::http {

/// An http or https URL taken apart (RFC 9110 section 4.2), ready for a connection. Never has userinfo; the fragment is gone.
struct UrlParts {
    bool secure = false;
    std::string host;      // lower case; an IPv6 address without brackets
    std::uint16_t port = 80;
    std::string target;    // origin form: path and query, begins with '/'

    std::string authority() const; // for Host: brackets, and the port unless it is the scheme's own
    std::string to_string() const;
    bool same_origin(const UrlParts& other) const {
        return secure == other.secure && host == other.host && port == other.port;
    }
};

/// Nothing if it is not an absolute http(s) URL of at most 8 KiB, or has userinfo (RFC 9110 section 4.2.4) or characters that must be escaped.
std::optional<UrlParts> parse_url(std::string_view text);

/// RFC 3986 section 5.2: a Location against the URL that answered it.
std::optional<UrlParts> resolve_reference(const UrlParts& base, std::string_view reference);

} // namespace gravity::http
