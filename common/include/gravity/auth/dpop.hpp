#pragma once

#include <gravity/base/parsed.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// Proofs that whoever uses a token has the key it is bound to (RFC 9449). Pure; any thread.
namespace gravity::auth {

inline constexpr std::size_t max_proof_bytes = 4096;  // some ten times what a proof of an EC key takes; one of RSA-4096 fits twice
inline constexpr std::int64_t proof_seconds = 60;     // how far `iat` may be from now, either way
inline constexpr std::size_t max_proof_id_bytes = 255; // of `jti`

/// The request that a proof came with.
struct ProofContext {
    std::string_view method;         // "POST"
    std::string_view url;            // as the client called it: absolute; its query and fragment do not count
    std::string_view access_token{}; // that came with it, whose hash `ath` must be; empty: none did, as at a token endpoint
    std::int64_t now = 0;            // Unix seconds
};

/// What a proof that is good says. Whether its id was used before, and whether its nonce is one of ours, is for who asks.
struct Proof {
    std::string thumbprint; // of its key (RFC 7638): what `cnf.jkt` of a bound token says
    std::string id;         // jti; to be remembered with the thumbprint until `good_until`
    std::int64_t good_until = 0;
    std::string nonce; // empty: none
};

/// All of RFC 9449 section 4.3 but the nonce (10) and what compares with a token (11 b, the caller's): one JWS of at most max_proof_bytes, of type dpop+jwt,
/// signed by the public key that it carries itself, by an algorithm that is the key's (ES256, EdDSA or Ed25519, RS256), for this method and URL, about now.
/// The reason why not is for a log.
Parsed<Proof> check_proof(std::string_view proof, const ProofContext& context);

} // namespace gravity::auth
