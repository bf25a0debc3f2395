#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Argon2 (RFC 9106) in the PHC string format. The only file that knows libargon2 is argon2.cpp. Any thread; each call takes the memory its string says.
namespace gravity::issuer::argon2 {

/// The parameters of a string, read before anything is spent on it.
struct Parameters {
    bool id = false; // Argon2id, else Argon2i
    std::uint32_t version = 0;
    std::uint32_t kibibytes = 0;
    std::uint32_t passes = 0;
    std::uint32_t lanes = 0;
    std::size_t salt_bytes = 0;
    std::size_t hash_bytes = 0;
};
/// Nothing for whatever is no string of Argon2i or Argon2id.
std::optional<Parameters> parameters_of(std::string_view phc);

/// Argon2id with m=19 MiB, t=2, p=1, a random salt of 16 bytes and a hash of 32.
std::string hash(std::string_view password);
/// Whether a string is one of `hash`'s kind: what need not be made anew.
bool is_present_kind(std::string_view phc);
/// A string of that kind that no password is known for.
std::string hash_of_nothing();
/// Compares in constant time. Throws std::runtime_error if there is no memory.
bool verify(const std::string& phc, std::string_view password);

} // namespace gravity::issuer::argon2
