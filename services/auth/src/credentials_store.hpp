#pragma once

#include "credentials_model.hpp"

#include <gravity/pg/tx.hpp>

#include <string>

/// Statements of credentials, by name. Their text is in credentials_store.cpp and nowhere else.
namespace gravity::issuer {

/// The row of a password that is set now.
Credential fresh_password(Tx& tx, IdentityId identity);

extern const Sql<Credential(Credential, std::string)> insert_password; // and its hash
extern const Sql<Credential(CredentialId)> get_credential, lock_credential;
extern const Sql<Credential(ListCredentials)> list_credentials;
extern const Sql<void(CredentialId)> delete_credential;
extern const Sql<Credential(IdentityId)> delete_password;
/// Of this identity.
extern const Sql<Credential(CredentialId, IdentityId)> own_credential, lock_own_credential, delete_own_credential;
/// Whether somebody who lost this one could sign in by nothing alone any more: neither by a password nor by a passkey for this domain that has verified them.
extern const Sql<bool(IdentityId, CredentialId, std::string)> is_last_way_in;

/// What a password is held against.
struct PasswordAtDoor {
    IdentityId identity_id;
    IdentityState state{};
    std::optional<CredentialId> credential_id;
    std::optional<std::string> hash;
};
BOOST_DESCRIBE_STRUCT(PasswordAtDoor, (), (identity_id, state, credential_id, hash))
extern const Sql<PasswordAtDoor(LoginKind, std::string)> password_at_door;
/// Notes that a password was used, and how it is kept from now on. Touches no row if it has changed since, or its identity may not sign in any more.
extern const Sql<void(CredentialId, std::string, std::string, Timestamp)> use_password;

} // namespace gravity::issuer

GRAVITY_TABLES(issuer, PasswordAtDoor)
