#pragma once

#include "items.hpp"

#include <gravity/auth/sealed.hpp>
#include <gravity/base/uuid.hpp>

#include <atomic>
#include <cstdint>
#include <optional>

/// Secrets among the items: sealed by AES-256-GCM with their set's data key, which is sealed itself under the master key. No store and no HTTP.
namespace gravity::config {

/// Shown in the place of a secret.
inline constexpr std::string_view masked = "***";

/// What a secret belongs to. It opens nowhere else.
struct SecretPlace {
    Uuid project;
    Uuid set;
    std::string key;
};

/// An item that is a secret is an object: {"secret": nonce, ciphertext and tag in base64url; "fingerprint": ...}.
bool is_secret(const Json& value);
/// Tells two values apart that are not seen; means nothing without the data key. Of a secret.
std::string fingerprint_of(const Json& secret);

/// The key of one set. A value.
class DataKey {
public:
    static DataKey fresh();
    explicit DataKey(Secret<> bytes) : bytes_(std::move(bytes)) {}

    Json seal(const SecretPlace& place, std::string_view text) const;
    /// Nothing if a bit of it, or its place, is another.
    std::optional<Secret<>> open(const SecretPlace& place, const Json& secret) const;
    /// As it would have with this text: the same text need not be sealed again.
    std::string fingerprint(const SecretPlace& place, std::string_view text) const;
    const Secret<>& bytes() const { return bytes_; }

private:
    Secret<> bytes_; // 32
};

/// Seals data keys, if there is a master key. Any thread.
class Vault {
public:
    explicit Vault(std::optional<auth::MasterKeys> keys) : keys_(std::move(keys)) {}
    bool has_key() const { return keys_.has_value(); }
    /// Refuses with 503 without a master key.
    std::string seal(const DataKey& key, const Uuid& id) const;
    /// Refuses with 503 if it cannot be opened: no master key, or another.
    DataKey open(const std::string& sealed, const Uuid& id) const;
    /// Any text under the master key itself, bound to where it belongs. Refuses with 503 without a master key.
    std::string seal_text(std::string_view text, const std::string& bound_to) const;
    /// Nothing if it does not open there. Refuses with 503 without a master key.
    std::optional<Secret<>> open_text(std::string_view sealed, const std::string& bound_to) const;
    /// The same sealed by the key that seals now; nothing if it is so already (`current`), or does not open, which is noted.
    std::optional<std::string> sealed_anew(const std::string& sealed, const std::string& bound_to) const;
    /// Sealed by the key that seals now.
    bool current(const std::string& sealed) const { return keys_ && keys_->current(sealed); }
    /// Something that is kept was found not to open, within the last two hours: the master key is missing, or another.
    bool found_closed() const;
    void note_closed() const;

private:
    std::optional<auth::MasterKeys> keys_;
    mutable std::atomic<std::int64_t> closed_at_{0}; // seconds of the steady clock; 0: never
};

/// With every secret masked.
Items mask(Items items);

} // namespace gravity::config
