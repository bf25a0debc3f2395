#pragma once

#include <gravity/base/parsed.hpp>
#include <gravity/http/message.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

/// Proofs that whoever uses a token has the key it is bound to (RFC 9449).
namespace gravity::auth {

struct Claims;

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
/// The reason why not is for a log. Pure.
Parsed<Proof> check_proof(std::string_view proof, const ProofContext& context);

/// An access token as a request brings it, in the one Authorization field it has. Into the request: must not outlive it.
struct PresentedToken {
    std::string_view token;
    bool by_dpop = false; // by the scheme DPoP, else Bearer
};
/// Nothing without the field, or if it holds something else.
std::optional<PresentedToken> presented_token(const http::Request& request);

/// The door of a protected resource (RFC 9449 section 7): a bound token comes with a proof of its key, made for this request and this token, and never used
/// before here; a token that is not bound comes without. Used proofs are remembered, at most so many of two minutes. I/O thread only.
class ProofGate {
public:
    /// `origins` are those that clients reach the service by ("https://shop.example.com"): what the service is called cannot be learnt from the request, since
    /// whoever sends one stolen elsewhere writes its fields. Without any, no bound token is taken. Throws std::invalid_argument for what is no origin.
    explicit ProofGate(const std::vector<std::string>& origins, std::size_t most_remembered = 100'000);

    /// Throws Refusal: unauthenticated; overloaded while no more proofs can be remembered.
    void admit(const http::Request& request, const PresentedToken& presented, const Claims& claims, std::int64_t now);

private:
    void use(const Proof& proof, std::int64_t now);
    std::vector<std::string> origins_;
    std::size_t most_;
    std::unordered_set<std::string> recent_, older_; // hashes of thumbprint and id; of the present period, and of the one before
    std::int64_t turned_at_ = 0;
};

} // namespace gravity::auth
