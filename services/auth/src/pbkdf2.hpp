#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Passwords that were hashed elsewhere by PBKDF2 (RFC 8018 section 5.2). The only file that knows OpenSSL is pbkdf2.cpp. Any thread.
namespace gravity::issuer::pbkdf2 {

struct Hash {
    bool sha512 = false; // else SHA-256
    std::uint32_t iterations = 0;
    std::string salt; // bytes
    std::string key;  // bytes
};

/// What is written in one of three ways: `$pbkdf2-sha256$i=310000,l=32$<salt>$<key>` (PHC), `$pbkdf2-sha256$29000$<salt>$<key>` (passlib, whose base64 has
/// a dot for the plus) and `pbkdf2_sha256$260000$<salt as it is>$<key>` (Django); of sha512 alike. Nothing for whatever else it is, more than 2,000,000
/// iterations, a salt over 64 bytes, a key under 16 or over 64.
std::optional<Hash> parse(std::string_view text);
/// Compares in constant time.
bool verify(const Hash& hash, std::string_view password);

} // namespace gravity::issuer::pbkdf2
