#pragma once

#include "regain_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of accounts that are regained, by name. Their text is in regain_store.cpp and nowhere else.
namespace gravity::issuer {

/// Whether passkeys are what somebody signs in with, and no password.
extern const Sql<bool(IdentityId)> has_passkeys_alone;
/// Whether this e-mail address is one of theirs now.
extern const Sql<bool(IdentityId, std::string)> has_address;
/// E-mail addresses and phone numbers.
extern const Sql<StoredName(IdentityId)> names_to_reach;

/// That has not ended, by an address that is still theirs.
extern const Sql<Regaining(IdentityId, Timestamp)> regaining_of;
extern const Sql<void(Regaining)> insert_regaining;
extern const Sql<void(IdentityId)> delete_regaining;
/// Once: that the time has come.
extern const Sql<Regaining(IdentityId, Timestamp)> tell_regaining;
extern const Sql<std::int64_t(Timestamp, int)> forget_regaining;

} // namespace gravity::issuer
