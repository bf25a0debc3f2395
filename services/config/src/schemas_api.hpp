#pragma once

#include "schemas_model.hpp"

#include <gravity/handlers.hpp>

/// Handlers of schemas.
namespace gravity::config::schemas {

Created<ConfigSchema> create(Tx& tx, Caller caller, Body<NewConfigSchema> in);
Page<ConfigSchema> list(Tx& tx, Params<ListConfigSchemas> query);
ConfigSchema get(Tx& tx, Path<"id", ConfigSchemaId> id);
ConfigSchema update(Tx& tx, Path<"id", ConfigSchemaId> id, Patch<ConfigSchemaEdit> patch, IfMatch expected);
NoContent remove(Tx& tx, Path<"id", ConfigSchemaId> id, IfMatch expected);

} // namespace gravity::config::schemas
