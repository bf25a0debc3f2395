#pragma once

#include "actor.hpp"
#include "organizations_model.hpp"
#include "project_door.hpp"
#include "tagged.hpp"

#include <gravity/handlers.hpp>

/// Handlers of limits: what plans give, what projects have, and what is reserved of it.
namespace gravity::project {

/// Versions that are not to be overwritten (RFC 9110 section 13.1.2).
using Unless = Header<"If-None-Match">;

namespace plans {

/// For those who sell plans: members or not.
Organization set(Tx& tx, Actor caller, Path<"id", OrganizationId> id, Body<SetPlan> in, IfMatch expected);
Page<PlanQuota> list(Tx& tx, Path<"plan", Slug> plan, Params<PageQuery> query);
PlanQuota get(Tx& tx, Path<"plan", Slug> plan, Path<"meter", MeterSlug> meter);
/// With `If-None-Match: *` only where the plan gives no limit on the meter yet, also of two who find none at the same moment.
PlanQuota put(Tx& tx, Actor caller, Path<"plan", Slug> plan, Path<"meter", MeterSlug> meter, Body<QuotaEdit> in, IfMatch expected, Unless unless);
NoContent remove(Tx& tx, Actor caller, Path<"plan", Slug> plan, Path<"meter", MeterSlug> meter, IfMatch expected);

} // namespace plans
namespace quotas {

Task<Tagged<Page<QuotaState>>> list(Ctx& ctx, Caller caller, Path<"id", ProjectId> id, Params<PageQuery> query, Given<ProjectDoor> door);
Task<Quota> get(Ctx& ctx, Caller caller, Path<"id", ProjectId> id, Path<"meter", MeterSlug> meter, Given<ProjectDoor> door);
/// With `If-None-Match: *` only where the project has no limit of its own yet.
Task<Quota> put(Ctx& ctx, Actor caller, Path<"id", ProjectId> id, Path<"meter", MeterSlug> meter, Body<QuotaEdit> in, IfMatch expected, Unless unless,
                Given<ProjectDoor> door);
Task<NoContent> remove(Ctx& ctx, Actor caller, Path<"id", ProjectId> id, Path<"meter", MeterSlug> meter, IfMatch expected, Given<ProjectDoor> door);

} // namespace quotas
} // namespace gravity::project
