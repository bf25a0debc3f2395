#pragma once

#include "scim_clients_model.hpp"

#include <gravity/handlers.hpp>

/// Handlers of SCIM clients.
namespace gravity::user::scim_clients {

Page<ScimClient> list(Tx& tx, Params<PageQuery> query);
Created<ScimClient> create(Tx& tx, Body<NewScimClient> in);
ScimClient get(Tx& tx, Path<"id", ScimClientId> id);
ScimClient update(Tx& tx, Path<"id", ScimClientId> id, Patch<ScimClientEdit> patch, IfMatch expected);
NoContent remove(Tx& tx, Path<"id", ScimClientId> id, IfMatch expected);

} // namespace gravity::user::scim_clients
