#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

/// The few primitives the platform is built on, by OpenSSL 3. Binary data is a std::string of raw bytes. Any thread. A
/// failure of the library itself (no memory, no entropy) throws std::runtime_error; data that does not verify is an
/// empty optional or false.
namespace gravity {

/// From the operating system's generator through OpenSSL's; suitable for keys.
std::string random_bytes(std::size_t count);
void fill_random(void* out, std::size_t count);

/// Takes the same time wherever two texts of one length differ. Lengths are not secret.
bool constant_time_equal(std::string_view a, std::string_view b);

/// 32 bytes (FIPS 180-4).
std::string sha256(std::string_view data);
/// 32 bytes (RFC 2104).
std::string hmac_sha256(std::string_view key, std::string_view data);
/// RFC 5869 extract and expand; `size` at most 8160 bytes.
std::string hkdf_sha256(std::string_view key, std::string_view salt, std::string_view info, std::size_t size);

/// SHA-256 of data that comes in pieces. One thread at a time.
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;

    void update(std::string_view data);
    /// The 32 bytes; begins anew.
    std::string finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

inline constexpr std::size_t aes256_key_bytes = 32;
inline constexpr std::size_t gcm_nonce_bytes = 12;
inline constexpr std::size_t gcm_tag_bytes = 16;

/// AES-256-GCM (NIST SP 800-38D): ciphertext followed by the 16-byte tag. A nonce must never meet the same key twice. A
/// key or nonce of the wrong size throws std::invalid_argument.
std::string aes256_gcm_seal(std::string_view key, std::string_view nonce, std::string_view plaintext,
                            std::string_view associated);
/// Nothing if any bit of key, nonce, ciphertext, tag or associated data is not what it was.
std::optional<std::string> aes256_gcm_open(std::string_view key, std::string_view nonce, std::string_view sealed,
                                           std::string_view associated);

} // namespace gravity
