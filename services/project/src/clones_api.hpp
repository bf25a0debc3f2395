#pragma once

#include "actor.hpp"
#include "clones_model.hpp"

#include <gravity/handlers.hpp>

namespace gravity::project::clones {

/// Another project of the same organisation with the environments, meters, limits and keys of this one, and none of what it has counted.
Task<Created<ClonedProject>> create(Ctx& ctx, Actor caller, Path<"id", ProjectId> id, Body<CloneProject> in);

} // namespace gravity::project::clones
