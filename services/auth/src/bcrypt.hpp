#pragma once

#include <string>
#include <string_view>

/// Passwords that were hashed elsewhere by bcrypt. The only file that knows libcrypt is bcrypt.cpp. Any thread.
namespace gravity::issuer::bcrypt {

/// "$2b$12$..." ($2a$ and $2y$ alike) of a cost up to 14, some second of work; the $2x$ of a known fault is not taken.
bool is_hash(std::string_view text);
/// Like bcrypt itself it looks at the first 72 bytes. Compares in constant time.
bool verify(const std::string& hash, const std::string& password);

} // namespace gravity::issuer::bcrypt
