#pragma once

#include "actor.hpp"
#include "clones_model.hpp"

#include <gravity/handlers.hpp>

namespace gravity::project::clones {

/// Another project of the same organisation with the environments, meters, limits and keys of this one, and none of what it has counted.
Task<Created<ClonedProject>> create(Ctx& ctx, Actor caller, Path<"id", ProjectId> id, Body<CloneProject> in);
/// Another environment of the same project with a new key for each that is good in this one.
Created<ClonedEnvironment> create_environment(Tx& tx, Actor caller, Path<"id", ProjectId> id, Path<"name", EnvironmentName> name, Body<CloneEnvironment> in);

} // namespace gravity::project::clones
