#pragma once

#include "profile_schemas_model.hpp"

#include <gravity/handlers.hpp>

/// Handlers of profile schemas.
namespace gravity::user::profile_schemas {

Page<ProfileSchema> list(Tx& tx, Params<PageQuery> query);
ProfileSchema get(Tx& tx, Path<"name", Slug> name);
ProfileSchema put(Tx& tx, Path<"name", Slug> name, Body<ProfileSchemaEdit> in, IfMatch expected);
NoContent remove(Tx& tx, Path<"name", Slug> name, IfMatch expected);

} // namespace gravity::user::profile_schemas
