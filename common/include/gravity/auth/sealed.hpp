#pragma once

#include <gravity/base/parsed.hpp>
#include <gravity/base/secret.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gravity::auth {

/// Signs short byte strings that travel through callers and come back: cursors, state parameters. HMAC-SHA256 cut to
/// 128 bits; the key is of one purpose, so that what was signed for one is refused for another. The bytes are readable
/// by anyone. Any thread.
class Authenticator {
public:
    /// The first key signs, all verify. Each is used through HKDF with the label, e.g. "cursor". Throws
    /// std::invalid_argument without a key, or if one is shorter than 32 bytes.
    Authenticator(const std::vector<Secret<>>& keys, std::string_view label);

    /// base64url of tag and bytes. `bound` is authenticated but not carried: who verifies must know it (the project,
    /// the filter).
    std::string sign(std::string_view bytes, std::string_view bound = {}) const;
    /// The bytes, or nothing if any of it is not as it was signed.
    std::optional<std::string> verify(std::string_view text, std::string_view bound = {}) const;

private:
    std::vector<Secret<>> keys_;
};

/// Secrets at rest: AES-256-GCM under a key derived from MASTER_KEY. An envelope is text, "gs1.<key id>.<base64url of
/// nonce, ciphertext, tag>", and opens only with the associated data it was sealed with: the id of its row, so that no
/// row can be given another's secret. Nonces are random: a key may seal some 2^32 values (NIST SP 800-38D section 8.3)
/// before it must be rotated. Any thread.
class MasterKeys {
public:
    /// One or more keys of 32 bytes in base64, comma separated. The first seals, all open: to rotate, put the new one
    /// in front, reseal every row for which `current` is false, then take the old one away.
    static Parsed<MasterKeys> parse(std::string_view text);

    std::string seal(std::string_view plaintext, std::string_view associated) const;
    /// Tells apart a key that is not configured from an envelope that is damaged or belongs elsewhere, for the
    /// operator's log.
    Parsed<Secret<>> open(std::string_view envelope, std::string_view associated) const;
    /// Sealed by the first key.
    bool current(std::string_view envelope) const;
    /// Keys for one purpose, derived from these and rotated with them.
    Authenticator authenticator(std::string_view label) const;

private:
    struct Key {
        std::string id; // 8 hexadecimal digits, derived, so that it tells nothing of the key
        Secret<> master;
        Secret<> sealing;
    };
    std::vector<Key> keys_;
};

} // namespace gravity::auth
