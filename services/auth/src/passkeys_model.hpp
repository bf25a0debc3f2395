#pragma once

#include "credentials_model.hpp"

#include <gravity/base/bytes.hpp>

/// Passkeys as they are kept.
namespace gravity::issuer {

inline constexpr std::int64_t max_passkeys = 20; // of one identity

enum class ChallengePurpose {
    registration,
    sign_in,
    proof // of who is at the page of one's own security
};
BOOST_DESCRIBE_ENUM(ChallengePurpose, registration, sign_in, proof)

struct StoredPasskey {
    CredentialId credential_id;
    std::string rp_id;
    Bytes raw_id;
    Bytes public_key;
    std::int64_t sign_count = 0;
    bool user_verified = false;
    bool backup_eligible = false;
    bool backed_up = false;
    std::vector<std::string> transports;
};
BOOST_DESCRIBE_STRUCT(StoredPasskey, (), (credential_id, rp_id, raw_id, public_key, sign_count, user_verified, backup_eligible, backed_up, transports))

/// What its owner is shown.
struct ShownPasskey {
    CredentialId id;
    std::optional<std::string> name;
    Timestamp created_at;
    std::optional<Timestamp> last_used_at;
    bool backed_up = false;
    std::optional<Timestamp> suspected_at;
};
BOOST_DESCRIBE_STRUCT(ShownPasskey, (), (id, name, created_at, last_used_at, backed_up, suspected_at))

/// What a browser is told to look for.
struct KnownPasskey {
    Bytes raw_id;
    std::vector<std::string> transports;
};
BOOST_DESCRIBE_STRUCT(KnownPasskey, (), (raw_id, transports))

/// What somebody who comes with a passkey is held against.
struct PasskeyAtDoor {
    CredentialId credential_id;
    IdentityId identity_id;
    IdentityState state{};
    Bytes public_key;
    Bytes handle;
    std::int64_t sign_count = 0;
    bool backup_eligible = false;
};
BOOST_DESCRIBE_STRUCT(PasskeyAtDoor, (), (credential_id, identity_id, state, public_key, handle, sign_count, backup_eligible))

/// Its counter went back: somebody may have a copy of it (WebAuthn section 6.1.1).
struct PasskeySuspected {
    static constexpr Event event{"gravity.auth.credential.suspected"};
    CredentialId id;
    IdentityId identity_id;
    std::int64_t sign_count = 0; // that it said
    std::int64_t expected_above = 0;
};
BOOST_DESCRIBE_STRUCT(PasskeySuspected, (), (id, identity_id, sign_count, expected_above))

} // namespace gravity::issuer

GRAVITY_TABLES(issuer, StoredPasskey, ShownPasskey, KnownPasskey, PasskeyAtDoor, PasskeySuspected)
