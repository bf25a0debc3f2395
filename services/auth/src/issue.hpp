#pragma once

#include "keys_model.hpp"
#include "web.hpp"

#include <gravity/auth/claims.hpp>

/// The end of every grant: a token with these claims is signed and answered.
namespace gravity::issuer {

/// RFC 6749 section 5.1, with the members of `more` beside; the nonce for the next proof where proofs need one. Throws oauth::Refused for claims that no
/// verifier would read, Refusal while there is no key of the algorithm.
Task<Web> issued(Ctx& ctx, SigningAlgorithm alg, auth::Claims claims, Json more = Json::object());

} // namespace gravity::issuer
