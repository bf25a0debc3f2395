#pragma once

#include <gravity/auth/result.hpp>
#include <gravity/json/json.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace gravity::auth {

/// The longest token that is looked at. Longer ones do not fit a request head anyway.
inline constexpr std::size_t max_token_bytes = 8192;

/// A JWS in compact serialisation (RFC 7515 section 7.1), taken apart but not verified: nothing in it may be believed
/// yet.
struct Jws {
    Json header;                    // an object without duplicate members
    std::string_view signing_input; // into the token: must not outlive it
    std::string_view payload;       // into the token, still base64url
    std::string signature;          // raw bytes
};

/// Refused: anything but three parts of strict base64url (RFC 7515 section 2: no padding, no spaces), a header that is
/// no JSON object, and a `crit` header (`unsupported`), since no extension is understood here.
Result<Jws> parse_jws(std::string_view token);

} // namespace gravity::auth
