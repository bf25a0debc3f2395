#pragma once

#include "explanations_model.hpp"
#include "project_door.hpp"
#include "service_routes.hpp"

#include <gravity/handlers.hpp>

namespace gravity::project::explanations {

/// What would this key be allowed?
Task<KeyExplanation> explain(Ctx& ctx, Caller caller, Path<"id", ApiKeyId> id, Given<ProjectDoor> door, Given<ServiceRoutes> routes);

} // namespace gravity::project::explanations
