#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gravity::auth {

/// An ECDSA signature over P-256 as JWS has it, r and s of 32 bytes each (RFC 7518 section 3.4), from the DER that TLS libraries, authenticators and
/// PKIX write (RFC 3279 section 2.2.3). Nothing for what is no such pair and for bytes behind it. Whether it fits any key is not looked at. Any thread.
std::optional<std::string> jws_signature(std::string_view der);

} // namespace gravity::auth
