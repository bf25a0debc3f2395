#pragma once

#include "grants_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of grants, by name. Their text is in grants_store.cpp and nowhere else.
namespace gravity::issuer {

extern const Sql<Grant(FindGrants)> list_grants;
extern const Sql<Session(IdentityId, Timestamp)> live_sessions_of; // newest first
extern const Sql<Application(IdentityId, Timestamp)> applications_of; // by name

extern const Sql<void(IdentityId, ClientId)> delete_consent;
extern const Sql<void(IdentityId, ClientId, Timestamp)> revoke_families_of_client;
/// Codes that the client has not redeemed yet.
extern const Sql<void(IdentityId, ClientId)> delete_codes_of_client;
/// Devices that were let in and have not fetched their tokens yet.
extern const Sql<void(IdentityId, ClientId)> delete_devices_of_client;

} // namespace gravity::issuer
