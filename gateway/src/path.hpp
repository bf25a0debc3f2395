#pragma once

#include <string>
#include <string_view>

/// One path for everybody: what a request is authorised by, routed by and forwarded with is the same text. Pure.
namespace gravity::gateway {

/// Writes the normal form of a raw path to `out` (whose capacity is reused) and returns an empty text, or says what is refused.
///
/// Escapes of unreserved characters are decoded, the others written in upper case (RFC 3986 sections 6.2.2.1 and 6.2.2.2); empty and dot
/// segments are removed (section 5.2.4, with "//" as "/"). Refused: a malformed escape, a blank, a control character or a byte beyond ASCII as it is, and
/// %2F, %5C, %00 and "\", which a service might take for a separator where the gateway saw none.
std::string_view normalise_path(std::string_view raw, std::string& out);

} // namespace gravity::gateway
