#pragma once

#include "actor.hpp"
#include "organizations_model.hpp"
#include "project_door.hpp"

#include <gravity/handlers.hpp>

/// Handlers of limits: what plans give, what projects have, and what is reserved of it.
namespace gravity::project {
namespace plans {

/// For those who sell plans: members or not.
Organization set(Tx& tx, Actor caller, Path<"id", OrganizationId> id, Body<SetPlan> in, IfMatch expected);
Page<PlanQuota> list(Tx& tx, Path<"plan", Slug> plan, Params<PageQuery> query);
PlanQuota get(Tx& tx, Path<"plan", Slug> plan, Path<"meter", MeterSlug> meter);
PlanQuota put(Tx& tx, Actor caller, Path<"plan", Slug> plan, Path<"meter", MeterSlug> meter, Body<QuotaEdit> in, IfMatch expected);
NoContent remove(Tx& tx, Actor caller, Path<"plan", Slug> plan, Path<"meter", MeterSlug> meter, IfMatch expected);

} // namespace plans
namespace quotas {

Task<Page<QuotaState>> list(Ctx& ctx, Caller caller, Path<"id", ProjectId> id, Params<PageQuery> query, Given<ProjectDoor> door);
Task<Quota> get(Ctx& ctx, Caller caller, Path<"id", ProjectId> id, Path<"meter", MeterSlug> meter, Given<ProjectDoor> door);
Task<Quota> put(Ctx& ctx, Actor caller, Path<"id", ProjectId> id, Path<"meter", MeterSlug> meter, Body<QuotaEdit> in, IfMatch expected,
                Given<ProjectDoor> door);
Task<NoContent> remove(Ctx& ctx, Actor caller, Path<"id", ProjectId> id, Path<"meter", MeterSlug> meter, IfMatch expected, Given<ProjectDoor> door);

} // namespace quotas
} // namespace gravity::project
