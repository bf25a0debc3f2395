#pragma once

#include "passkeys_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of passkeys, by name. Their text is in passkeys_store.cpp and nowhere else.
namespace gravity::issuer {

extern const Sql<Credential(Credential)> insert_passkey_credential;
extern const Sql<void(StoredPasskey)> insert_passkey;
extern const Sql<ShownPasskey(IdentityId)> passkeys_of; // oldest first
extern const Sql<KnownPasskey(IdentityId, std::string)> passkeys_known; // for this domain
extern const Sql<std::int64_t(IdentityId)> count_passkeys;

/// By domain and what the authenticator calls it; locked, so that whoever else comes with it waits.
extern const Sql<PasskeyAtDoor(std::string, Bytes)> passkey_at_door;
extern const Sql<void(CredentialId, std::int64_t, bool, bool)> use_passkey; // sign_count, backed_up, user_verified
extern const Sql<void(CredentialId, Timestamp)> suspect_passkey;

/// Keeps what the identity has already.
extern const Sql<void(IdentityId, Bytes)> insert_handle;
extern const Sql<Bytes(IdentityId)> handle_of;

/// Instead of the one that waits for the same.
extern const Sql<void(ChallengePurpose, std::string, Bytes, Timestamp)> put_challenge;
/// Touches no row the second time, and none for another challenge or one that has ended.
extern const Sql<void(ChallengePurpose, std::string, Bytes, Timestamp)> take_challenge;
extern const Sql<std::int64_t(Timestamp, int)> forget_challenges;

} // namespace gravity::issuer
