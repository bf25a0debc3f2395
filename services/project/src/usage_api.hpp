#pragma once

#include "project_door.hpp"
#include "usage_intake.hpp"
#include "usage_model.hpp"

#include <gravity/handlers.hpp>

/// Handlers of usage: reporting and reading it.
namespace gravity::project::usage {

/// Of the caller's own project.
Task<NoContent> ingest(Ctx& ctx, Caller caller, RawBody body, Given<ProjectDoor> door, Given<UsageIntake> intake);
UsageReport query(Tx& tx, Path<"slug", MeterSlug> slug, Params<UsageQuery> query);
/// Of any project that the caller may look at.
Task<UsageReport> of_project(Ctx& ctx, Caller caller, Path<"id", ProjectId> id, Params<UsageOfMeter> query, Given<ProjectDoor> door);

} // namespace gravity::project::usage
