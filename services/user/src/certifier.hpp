#pragma once

#include "privacy_model.hpp"

#include <gravity/base/secret.hpp>

#include <memory>
#include <optional>
#include <string>

/// Signs certificates of erasures: JWS (RFC 7515) by Ed25519, with a key that the service was given; without one they are not signed.
namespace gravity::user {

class Certifier {
public:
    /// A private key in PEM. Throws std::invalid_argument for one that is none of Ed25519.
    explicit Certifier(const std::optional<Secret<>>& pem);
    ~Certifier();

    std::optional<std::string> sign(const Certificate& certificate) const;
    /// A JWK Set: what signatures are verified with.
    Json keys() const;
    bool signs() const;

private:
    struct Key;
    std::unique_ptr<Key> key_;
};

} // namespace gravity::user
