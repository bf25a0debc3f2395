#pragma once

#include <gravity/auth/keys.hpp>

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <memory>
#include <string>
#include <string_view>

/// Ownership and small conversions around OpenSSL's types, private to auth.
namespace gravity::auth {

struct OpensslFree {
    void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
    void operator()(EVP_PKEY_CTX* p) const { EVP_PKEY_CTX_free(p); }
    void operator()(EVP_MD_CTX* p) const { EVP_MD_CTX_free(p); }
    void operator()(BIGNUM* p) const { BN_free(p); }
    void operator()(ECDSA_SIG* p) const { ECDSA_SIG_free(p); }
    void operator()(BIO* p) const { BIO_free_all(p); }
    void operator()(OSSL_PARAM_BLD* p) const { OSSL_PARAM_BLD_free(p); }
    void operator()(OSSL_PARAM* p) const { OSSL_PARAM_free(p); }
    void operator()(unsigned char* p) const { OPENSSL_free(p); }
};
template <class T> using Owned = std::unique_ptr<T, OpensslFree>;

inline const unsigned char* octets(std::string_view data) {
    return reinterpret_cast<const unsigned char*>(data.data());
}
inline unsigned char* octets(std::string& data) { return reinterpret_cast<unsigned char*>(data.data()); }

inline constexpr std::size_t p256_bytes = 32;
inline constexpr std::size_t ed25519_bytes = 32;

struct PublicKey::Data {
    Owned<EVP_PKEY> key;
    Algorithm algorithm{};
    std::string kid;
    std::string required_members; // of the JWK, in the order and form of RFC 7638 section 3
};

/// The public half of a key pair under that id; empty for a type the platform does not use. An empty `kid` becomes the
/// thumbprint.
std::optional<PublicKey> public_half(EVP_PKEY* pair, std::string kid);

} // namespace gravity::auth
