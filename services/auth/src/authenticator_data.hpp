#pragma once

#include <gravity/base/parsed.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// What an authenticator says of itself and of what it did (WebAuthn section 6.1), in bytes that it signs. Pure.
namespace gravity::issuer {

inline constexpr std::size_t max_authenticator_data_bytes = 8 * 1024, max_passkey_id_bytes = 1023;

struct AuthenticatorData {
    std::string rp_id_hash; // 32 bytes
    bool user_present = false;
    bool user_verified = false;   // by a PIN, a fingerprint, a face
    bool backup_eligible = false; // may be copied to other devices
    bool backed_up = false;       // and is
    std::uint32_t sign_count = 0;

    /// What was made, at registration (section 6.5.1).
    struct NewCredential {
        std::string id;         // 1 to 1023 bytes
        std::string public_key; // a COSE_Key, as it came
    };
    std::optional<NewCredential> credential;
};

/// Refused: what is not whole or has something behind it, a credential without id or key, extensions that are no map, a key or an extension that is not CBOR in
/// its canonical form, and a copy of what may not be copied (Level 3 section 6.1.3).
Parsed<AuthenticatorData> read_authenticator_data(std::string_view bytes);

} // namespace gravity::issuer
