#pragma once

#include <gravity/auth/result.hpp>
#include <gravity/base/caller.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gravity {
class Json;
}

namespace gravity::auth {

/// What a verified access token says (RFC 7519 section 4.1, RFC 9068, RFC 8693). Times are Unix seconds. Absent texts
/// and lists are empty.
struct Claims {
    std::string issuer;
    std::vector<std::string> audience;
    std::string subject;
    std::int64_t expires_at = 0;
    std::optional<std::int64_t> not_before;
    std::optional<std::int64_t> issued_at;
    std::string id; // jti

    ProjectId project;               // unset if the token has none
    std::string environment;         // env: of that project; API keys have one
    std::string plan;                // of that project; likewise, where it is on one
    std::vector<std::string> scopes; // sorted
    std::vector<std::string> roles;
    std::string session; // sid
    std::string client;  // client_id
    std::vector<std::string>
        actors; // act.sub, then act.act.sub ...: who acts, the present one first (RFC 8693 section 4.1)

    std::string acr;                       // authentication context class
    std::vector<std::string> amr;          // authentication methods (RFC 8176)
    std::optional<std::int64_t> auth_time; // when the person signed in
    std::string key_thumbprint;            // cnf.jkt: bound by DPoP (RFC 9449)
    std::string certificate_thumbprint;    // cnf["x5t#S256"]: bound by a client certificate (RFC 8705)

    friend bool operator==(const Claims&, const Claims&) = default;
};

/// Where a provider keeps what the standards leave open: JSON Pointers (RFC 6901), e.g. "/realm_access/roles".
struct ClaimPlaces {
    std::string project = "/project";
    std::string scope = "/scope"; // a space-separated text, or an array of texts
    std::string roles = "/roles";
};

/// The claims of a payload: `malformed` if one has another shape than its standard gives it, `missing_claim` without
/// iss, aud, exp and sub. Nothing is compared with the clock or with whom the token is for; that is the verifier's.
Result<Claims> claims_from(const Json& payload, const ClaimPlaces& places = {});
/// The payload of a token with these claims, as this platform's own issuer writes it.
std::string to_json(const Claims& claims);

/// What handlers see of the token's bearer.
Caller caller_of(const Claims& claims);

} // namespace gravity::auth
