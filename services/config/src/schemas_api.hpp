#pragma once

#include "schemas_model.hpp"

#include <gravity/handlers.hpp>
#include <gravity/http/actor.hpp>

/// Handlers of schemas.
namespace gravity::config::schemas {

Created<ConfigSchema> create(Tx& tx, Actor by, Body<NewConfigSchema> in);
Page<ConfigSchema> list(Tx& tx, Params<ListConfigSchemas> query);
ConfigSchema get(Tx& tx, Path<"id", ConfigSchemaId> id);
ConfigSchema update(Tx& tx, Actor by, Path<"id", ConfigSchemaId> id, Patch<ConfigSchemaEdit> patch, IfMatch expected);
NoContent remove(Tx& tx, Actor by, Path<"id", ConfigSchemaId> id, IfMatch expected);

} // namespace gravity::config::schemas
