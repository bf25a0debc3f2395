#pragma once

#include <gravity/auth/claims.hpp>
#include <gravity/auth/keys.hpp>
#include <gravity/base/parsed.hpp>
#include <gravity/base/secret.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace gravity::auth {

/// A private key that signs tokens: for the auth service, client assertions, development and tests. Cheap to copy; any
/// thread. A failure of the cryptographic library throws std::runtime_error.
class Signer {
public:
    /// A fresh key. An empty `kid` becomes the RFC 7638 thumbprint.
    static Signer generate(Algorithm algorithm = Algorithm::es256, std::string kid = {});
    /// A private key in PEM (PKCS #8, or the older EC and RSA forms), not encrypted: EC P-256, Ed25519, or RSA of 2048
    /// to 4096 bits.
    static Parsed<Signer> from_pem(std::string_view pem, std::string kid = {});

    const PublicKey& public_key() const;
    const std::string& kid() const { return public_key().kid(); }
    Algorithm algorithm() const { return public_key().algorithm(); }
    /// A JWKS document with this key alone.
    std::string jwks() const;
    /// PKCS #8.
    Secret<> pem() const;

    /// The signature in the form of JWS: ES256 is r || s (RFC 7518 section 3.4).
    std::string sign(std::string_view signing_input) const;
    /// A compact JWS (RFC 7515 section 7.1) over a payload, with `alg`, `kid` and `typ` in its header.
    std::string token(std::string_view payload, std::string_view type) const;
    /// An access token (RFC 9068).
    std::string token(const Claims& claims) const;

private:
    struct Data;
    explicit Signer(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
    std::shared_ptr<const Data> data_;
};

} // namespace gravity::auth
