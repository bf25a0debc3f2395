#pragma once

#include <gravity/base/secret.hpp>

#include <optional>
#include <string>
#include <string_view>

/// Ciphers that a Spring Cloud Config server made of texts by a key that is a text itself (its settings `encrypt.key` and `encrypt.salt`): Spring Security's
/// Encryptors.text and Encryptors.delux. Pure.
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

private:
    Secret<> key_; // 32 bytes
};

} // namespace gravity::config
