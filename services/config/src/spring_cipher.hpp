#pragma once

#include <gravity/base/parsed.hpp>
#include <gravity/base/secret.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

struct evp_pkey_st; // EVP_PKEY

/// Ciphers that a Spring Cloud Config server made of texts: by a key that is a text itself (its settings `encrypt.key` and `encrypt.salt`: Spring Security's
/// Encryptors.text and Encryptors.delux), or by a key pair of RSA (`encrypt.key-store`, or `encrypt.key` in PEM: its RsaSecretEncryptor). Pure.
namespace gravity::config {

/// Hexadecimal digits, of an initialisation vector and a block at least.
bool is_spring_cipher(std::string_view cipher);

/// What opens them. A value.
class SpringCipherKey {
public:
    /// Derives the key: PBKDF2 (RFC 8018) with HMAC-SHA-1 and 1,024 iterations, some tenths of a millisecond. `salt`: bytes.
    SpringCipherKey(const Secret<>& key, std::string_view salt);

    /// AES-256-GCM, or else AES-256-CBC with the padding of PKCS #7, each behind its initialisation vector of 16 bytes, in hexadecimal digits. Nothing if it
    /// opens by neither or is no UTF-8 then. CBC is not authenticated: what was changed on its way may open as another text.
    std::optional<Secret<>> open(std::string_view cipher) const;
    /// The same as bytes.
    std::optional<Secret<>> open_bytes(std::string_view bytes) const;

private:
    Secret<> key_; // 32 bytes
};

/// Whether a key is a key pair rather than a text.
bool is_spring_pair(std::string_view key);
/// Base64 of the length of a block of RSA (two bytes, the higher first), that block, and what AES made.
bool is_spring_pair_cipher(std::string_view cipher);

/// What opens those: a private key. A value.
class SpringKeyPair {
public:
    /// A private key of RSA of 1,024 to 4,096 bits without a passphrase, in PEM (RFC 7468: PKCS #8, or PKCS #1). `salt`: bytes.
    static Parsed<SpringKeyPair> parse(const Secret<>& pem, std::string_view salt);
    /// Whether its numbers belong together; some tenths of a second. What does not is not to be kept.
    bool is_sound() const;

    /// RSA by OAEP (with SHA-1, as Java has it), or else by the padding of PKCS #1 1.5, opens 16 bytes, whose hexadecimal digits are the text that the key of
    /// AES is derived from as by SpringCipherKey. Some milliseconds. Nothing if it opens by neither.
    std::optional<Secret<>> open(std::string_view cipher) const;

private:
    SpringKeyPair(std::shared_ptr<evp_pkey_st> pair, std::string_view salt) : pair_(std::move(pair)), salt_(salt) {}

    std::shared_ptr<evp_pkey_st> pair_;
    std::string salt_;
};

} // namespace gravity::config
