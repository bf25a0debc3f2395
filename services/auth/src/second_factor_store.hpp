#pragma once

#include "credentials_model.hpp"

#include <gravity/base/bytes.hpp>
#include <gravity/pg/tx.hpp>

#include <string>
#include <vector>

/// Statements of second factors, by name. Their text is in second_factor_store.cpp and nowhere else.
namespace gravity::issuer {

struct StoredTotp {
    CredentialId credential_id;
    std::string secret; // sealed
    std::int64_t last_step = 0;
};
BOOST_DESCRIBE_STRUCT(StoredTotp, (), (credential_id, secret, last_step))

/// What an identity has beside its password.
struct FactorsHeld {
    bool app = false;
    bool passkeys = false;
    bool any() const { return app || passkeys; }
};
BOOST_DESCRIBE_STRUCT(FactorsHeld, (), (app, passkeys))

/// Of an identity that may sign in.
extern const Sql<StoredTotp(IdentityId)> totp_of;
extern const Sql<FactorsHeld(IdentityId)> second_factors_of;
extern const Sql<Credential(Credential)> insert_totp_credential;
extern const Sql<void(CredentialId, std::string, std::int64_t)> insert_totp;
/// Touches no row if a code of this step, or of a later one, was taken.
extern const Sql<void(CredentialId, std::int64_t)> use_step;
extern const Sql<void(CredentialId, Timestamp)> note_use;
extern const Sql<Credential(IdentityId)> delete_totp;

extern const Sql<void(IdentityId, Bytes)> insert_recovery_code;
/// Those of who has regained their account, apart from the others.
extern const Sql<void(IdentityId, Bytes)> insert_regained_code;
extern const Sql<void(IdentityId)> delete_regained_codes;
extern const Sql<std::int64_t(IdentityId)> count_recovery_codes;
extern const Sql<void(IdentityId)> delete_recovery_codes;
/// Those of an identity that has nothing left that they stand in for.
extern const Sql<void(IdentityId)> forget_recovery_codes;
/// Touches no row the second time, nor for an identity that may sign in no more.
extern const Sql<void(IdentityId, Bytes)> use_recovery_code;

/// The flow's person has proven their first factor.
extern const Sql<void(Bytes, IdentityId, Timestamp)> note_first_factor;

} // namespace gravity::issuer

GRAVITY_TABLES(issuer, StoredTotp, FactorsHeld)
