#pragma once

#include "config.hpp"
#include "exchange_model.hpp"
#include "oauth.hpp"

#include <gravity/auth/claims.hpp>

#include <string>
#include <string_view>
#include <vector>

/// What comes of exchanging a token (RFC 8693): pure. A refusal throws oauth::Refused.
namespace gravity::issuer {

inline constexpr std::string_view exchange_grant = "urn:ietf:params:oauth:grant-type:token-exchange";
inline constexpr std::string_view access_token_type = "urn:ietf:params:oauth:token-type:access_token";

/// The subject token of a request that asks for nothing that is not there: one access token for another, for the audience that all tokens here are for, with
/// the client itself as who acts.
const std::string& subject_token_of(const oauth::Form& form, const Settings& settings);

/// What both let one do.
std::vector<std::string> common_scopes(const std::vector<std::string>& a, const std::vector<std::string>& b);

/// The claims of the token that `client` gets for the subject token: never more scopes, never longer. Another client's becomes a delegation, whose chain of
/// actors goes on. Roles are left out, since they would tell more than the scopes do; it is bound to no key yet.
auth::Claims exchanged_claims(const Settings& settings, const auth::Claims& subject, ClientId client, std::vector<std::string> scopes, Timestamp now);

/// Throws unless a proof of this key ("": there is none) will do for a subject token that is bound: the client's own needs the same key, another client's one
/// of the client that exchanges it.
void check_binding(const auth::Claims& subject, bool own, std::string_view key);

} // namespace gravity::issuer
