#pragma once

#include <gravity/base/secret.hpp>

#include <optional>
#include <string>
#include <string_view>

/// How passwords are kept. Each call takes tens of milliseconds and 19 MiB, a foreign hash what it asks for: done on the pool (password_pool.hpp).
/// Any thread.
namespace gravity::issuer {

/// Argon2id, of the password in Normalization Form KC.
std::string hash_password(Secret<> password);

/// Why a hash that was made elsewhere cannot be taken over ("must be ..."); empty if it can: bcrypt, PBKDF2 and Argon2, within bounds of what checking
/// it costs.
std::string import_fault(std::string_view hash);

struct PasswordVerdict {
    bool matches = false;
    std::optional<std::string> better; // the same password as it is kept today, if it matches a hash of another kind
};
/// An empty hash is one that nothing matches, and takes as long as one of today's. Throws std::runtime_error for a stored hash that is damaged.
PasswordVerdict verify_password(std::string hash, Secret<> password);

} // namespace gravity::issuer
