#pragma once

#include "config.hpp"
#include "exchange_key_model.hpp"
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
/// What an access token here is by its form (RFC 8693 section 3). Clients that have verified it call it that (Spring Security).
inline constexpr std::string_view jwt_type = "urn:ietf:params:oauth:token-type:jwt";
inline constexpr std::string_view api_key_type = "urn:gravity:params:oauth:token-type:api-key";

/// What is given for a token. Into the form: must not outlive it.
struct SubjectToken {
    const std::string& text;
    bool is_api_key = false; // else an access token
    const std::string* actor = nullptr; // the actor_token; null: the client itself is who acts
};

/// The subject token of a request that asks for nothing that is not there: an access token, for the audience that all tokens here are for.
SubjectToken subject_token_of(const oauth::Form& form, const Settings& settings);

/// Who acts, by an actor token that is ours and good still: whoever it speaks for, of a token that was issued to the client itself, by nobody else's leave.
std::string actor_of(const auth::Claims& actor, ClientId client);

/// What both let one do.
std::vector<std::string> common_scopes(const std::vector<std::string>& a, const std::vector<std::string>& b);

/// The claims of the token that `client` gets for the subject token: never more scopes, never longer. Another client's becomes a delegation, whose chain of
/// actors goes on with `actor`, or with the client where that is empty; its own does where there is an actor. Roles are left out, since they would tell more
/// than the scopes do; it is bound to no key yet.
auth::Claims exchanged_claims(const Settings& settings, const auth::Claims& subject, ClientId client, std::vector<std::string> scopes, const std::string& actor,
                              Timestamp now);

/// The claims of the token that `client` gets for an API key that is good: of the key's project and environment, with `scopes`, for five minutes at most and
/// never longer than the key is. The client is who acts. Nothing for an answer that is not as the contract says.
std::optional<auth::Claims> api_key_claims(const Settings& settings, const VerifiedApiKey& key, ClientId client, Timestamp now);

/// Throws unless a proof of this key ("": there is none) will do for a subject token that is bound: the client's own needs the same key, another client's one
/// of the client that exchanges it.
void check_binding(const auth::Claims& subject, bool own, std::string_view key);

} // namespace gravity::issuer
