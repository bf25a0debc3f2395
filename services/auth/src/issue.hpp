#pragma once

#include "keyring.hpp"
#include "keys_model.hpp"

#include <gravity/auth/claims.hpp>
#include <gravity/http/web.hpp>

/// The end of every grant: a token with these claims is signed and answered.
namespace gravity::issuer {

inline constexpr std::string_view access_token_jwt = "at+jwt"; // RFC 9068 section 2.1

/// A token in the algorithm's present key. Throws Refusal while there is none.
Task<std::string> signed_token(const Keyring& keyring, SigningAlgorithm alg, auth::Claims claims);
/// The same over a payload that is made already, of whatever type.
Task<std::string> signed_text(const Keyring& keyring, SigningAlgorithm alg, std::string payload, std::string type);

/// The answer of the token endpoint for an access token that has been signed, with the members of `more` beside.
Web answer_with(Ctx& ctx, const auth::Claims& claims, const std::string& access_token, const Json& more);

/// RFC 6749 section 5.1, with the members of `more` beside; the nonce for the next proof where proofs need one. Throws oauth::Refused for claims that no
/// verifier would read, Refusal while there is no key of the algorithm.
Task<Web> issued(Ctx& ctx, SigningAlgorithm alg, auth::Claims claims, Json more = Json::object());

} // namespace gravity::issuer
