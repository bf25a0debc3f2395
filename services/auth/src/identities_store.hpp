#pragma once

#include "identities_model.hpp"

#include <gravity/pg/tx.hpp>

#include <vector>

/// Statements of identities and their login names, by name. Their text is in identities_store.cpp and nowhere else.
namespace gravity::issuer {

extern const Sql<void(IdentityId, FirstState, Timestamp)> insert_identity;
extern const Sql<Identity(IdentityId)> get_identity, lock_identity;
extern const Sql<Identity(FindIdentities)> list_identities;
extern const Sql<void(IdentityId, IdentityState, Timestamp)> save_identity;
extern const Sql<void(IdentityId)> delete_identity;

extern const Sql<void(IdentityId, std::vector<StoredName>)> insert_login_names;
extern const Sql<void(IdentityId)> delete_login_names;

} // namespace gravity::issuer
