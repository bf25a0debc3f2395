#pragma once

#include "flags_model.hpp"
#include "flags_store.hpp"

#include <gravity/handlers.hpp>
#include <gravity/http/actor.hpp>

/// Handlers of feature flags.
namespace gravity::config::flags {

Created<Flag> create(Tx& tx, Actor by, Body<NewFlag> in);
Page<Flag> list(Tx& tx, Params<ListFlags> query);
Flag get(Tx& tx, Path<"id", FlagId> id);
Flag update(Tx& tx, Actor by, Path<"id", FlagId> id, Patch<NewFlag> patch, IfMatch expected);
NoContent remove(Tx& tx, Actor by, Path<"id", FlagId> id, IfMatch expected);

} // namespace gravity::config::flags
