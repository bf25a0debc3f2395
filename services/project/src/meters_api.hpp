#pragma once

#include "actor.hpp"
#include "project_door.hpp"

#include <gravity/handlers.hpp>

/// Handlers of meters: of the caller's own project.
namespace gravity::project::meters {

Created<Meter> create(Tx& tx, Actor caller, Body<NewMeter> in);
Page<Meter> list(Tx& tx, Params<ListMeters> query);
Meter get(Tx& tx, Path<"slug", MeterSlug> slug);
Meter update(Tx& tx, Actor caller, Path<"slug", MeterSlug> slug, Patch<MeterEdit> patch, IfMatch expected);
/// What a plan limits cannot be forgotten by deleting its meter.
Task<NoContent> remove(Ctx& ctx, Actor caller, Path<"slug", MeterSlug> slug, IfMatch expected, Given<ProjectDoor> door);

} // namespace gravity::project::meters
