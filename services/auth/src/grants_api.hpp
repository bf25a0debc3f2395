#pragma once

#include "grants_model.hpp"

#include <gravity/handlers.hpp>

/// Handlers of grants: one's own, by a token of the person; anybody's for who administers clients.
namespace gravity::issuer::grants {

Page<Grant> list(Tx& tx, Caller caller, Params<ListGrants> query);
Grant get(Tx& tx, Caller caller, Path<"id", GrantId> id);
NoContent remove(Tx& tx, Caller caller, Path<"id", GrantId> id);
NoContent end_others(Tx& tx, Caller caller);

} // namespace gravity::issuer::grants

namespace gravity::issuer {

/// What a client has of somebody ends at once: consent, refresh tokens, codes and devices on their way. Access tokens are good until they expire.
void revoke_application(Tx& tx, IdentityId identity, ClientId client);

} // namespace gravity::issuer
