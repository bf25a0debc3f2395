#pragma once

#include "scim_clients_seen.hpp"

#include <gravity/handlers.hpp>

/// Handlers of SCIM clients.
namespace gravity::user::scim_clients {

Page<ScimClient> list(Tx& tx, Params<PageQuery> query);
Created<ScimClient> create(Tx& tx, Body<NewScimClient> in, Given<SeenClients> seen);
ScimClient get(Tx& tx, Path<"id", ScimClientId> id);
ScimClient update(Tx& tx, Path<"id", ScimClientId> id, Patch<ScimClientEdit> patch, IfMatch expected, Given<SeenClients> seen);
NoContent remove(Tx& tx, Path<"id", ScimClientId> id, IfMatch expected, Given<SeenClients> seen);

} // namespace gravity::user::scim_clients
