#pragma once

#include "config.hpp"
#include "keyring.hpp"

#include <gravity/app/token_check.hpp>
#include <gravity/auth/dpop.hpp>
#include <gravity/auth/verifier.hpp>

/// Tokens that were issued here, verified as every service verifies them, but with the keys in memory.
namespace gravity::issuer {

/// I/O thread only. The keyring outlives it.
class OwnTokens {
public:
    OwnTokens(const Keyring& keyring, const Settings& settings);

    /// Throws Refusal while there are no keys.
    auth::Result<std::shared_ptr<const auth::Claims>> verify(std::string_view token);
    /// The caller of a request with a token that names this issuer; nothing for whatever else it has. Throws Refusal for one that is no good.
    Task<std::optional<Caller>> caller_of(const http::Request& request);

private:
    const Keyring& keyring_;
    std::string issuer_;
    auth::Verifier verifier_;
    auth::ProofGate gate_; // of its own API: by the origin of the issuer's address
    std::shared_ptr<const KeysNow> keys_; // that the verifier has
};

} // namespace gravity::issuer
