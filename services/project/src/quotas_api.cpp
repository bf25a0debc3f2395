#include "quotas_api.hpp"

#include "meters_domain.hpp"
#include "meters_store.hpp"
#include "organizations_store.hpp"
#include "problems.hpp"
#include "quotas_domain.hpp"
#include "quotas_store.hpp"

#include <gravity/async/coroutine.hpp>

namespace gravity::project {
namespace {

constexpr std::int64_t most_plan_quotas = 500; // as many as a project has meters

// What is changed must be what was looked at; what is not there has no version.
template <class Row>
void check_expected(const IfMatch& expected, const std::optional<Row>& present) {
    expected.check_version(present ? present->version.value() : 0);
}

Quota shown(const QuotaRow& row, const MeterSlug& meter) {
    Quota quota;
    static_cast<QuotaEdit&>(quota) = row;
    quota.meter = meter;
    quota.source = QuotaSource::project;
    quota.version = row.version;
    quota.updated_at = row.updated_at;
    return quota;
}

Quota shown(const PlanQuota& given) {
    Quota quota;
    static_cast<QuotaEdit&>(quota) = given;
    quota.meter = given.meter;
    quota.source = QuotaSource::plan;
    quota.version = given.version;
    quota.updated_at = given.updated_at;
    return quota;
}

Page<QuotaState> states(Tx& tx, const PageQuery& query, const std::vector<PlanQuota>& plan) {
    std::vector<MeterSlug> meters;
    std::vector<Quantity> limits;
    std::vector<QuotaPeriod> periods;
    for (const PlanQuota& given : plan) {
        meters.push_back(given.meter);
        limits.push_back(given.limit);
        periods.push_back(given.period);
    }
    // A cursor belongs to what was asked for, and the moment is another each time: so it is asked for apart.
    const Page<Meter> limited = tx.page(list_limited_meters, query, meters);
    std::vector<MeterId> ids;
    for (const Meter& meter : limited.items) ids.push_back(meter.id);
    return {tx.all(quota_states, tx.now(), ids, meters, limits, periods), limited.next_cursor};
}

Quota quota_of(Tx& tx, const MeterSlug& slug, const std::vector<PlanQuota>& plan) {
    const auto meter = tx.maybe(get_meter, slug);
    const auto own = meter ? tx.maybe(get_quota, meter->id) : std::nullopt;
    if (own) return shown(*own, slug);
    const PlanQuota* const given = given_by(plan, slug);
    if (given == nullptr) throw Refusal(problems::not_found);
    return shown(*given);
}

Quota set_quota(Tx& tx, const MeterSlug& slug, const QuotaEdit& wanted, const IfMatch& expected) {
    const Meter meter = tx.one(lock_meter, slug);
    if (!adds_up(meter.aggregation)) throw Refusal(adds_nothing_up);
    check_expected(expected, tx.maybe(get_quota, meter.id));
    QuotaRow row;
    static_cast<QuotaEdit&>(row) = wanted;
    row.meter_id = meter.id;
    row.created_at = row.updated_at = tx.now();
    row = tx.one(save_quota, row);
    tx.emit(QuotaChanged{slug, tx.project(), {}, row.limit, row.period}, tx.project().to_string());
    return shown(row, slug);
}

void unset_quota(Tx& tx, const MeterSlug& slug, const IfMatch& expected) {
    const Meter meter = tx.one(lock_meter, slug);
    expected.check(tx.one(get_quota, meter.id));
    tx.exec(delete_quota, meter.id);
    tx.emit(QuotaChanged{slug, tx.project(), {}, {}, {}}, tx.project().to_string());
}

} // namespace

namespace plans {

Organization set(Tx& tx, Path<"id", OrganizationId> id, Body<SetPlan> in, IfMatch expected) {
    Organization organization = expected.check(tx.one(lock_organization, *id));
    organization.plan = in->plan;
    organization.updated_at = tx.now();
    return tx.one(save_organization, organization);
}

Page<PlanQuota> list(Tx& tx, Path<"plan", Slug> plan, Params<PageQuery> query) { return tx.page(list_plan_quotas, *query, *plan); }
PlanQuota get(Tx& tx, Path<"plan", Slug> plan, Path<"meter", MeterSlug> meter) { return tx.one(get_plan_quota, *plan, *meter); }

PlanQuota put(Tx& tx, Path<"plan", Slug> plan, Path<"meter", MeterSlug> meter, Body<QuotaEdit> in, IfMatch expected) {
    const auto present = tx.maybe(get_plan_quota, *plan, *meter);
    check_expected(expected, present);
    if (!present && tx.one(count_plan_quotas, *plan) >= most_plan_quotas) throw Refusal(too_many_meters);
    PlanQuota row;
    static_cast<QuotaEdit&>(row) = *in;
    row.plan = *plan;
    row.meter = *meter;
    row.created_at = row.updated_at = tx.now();
    row = tx.one(save_plan_quota, row);
    tx.emit(QuotaChanged{row.meter, {}, row.plan, row.limit, row.period}, row.plan.str());
    return row;
}

NoContent remove(Tx& tx, Path<"plan", Slug> plan, Path<"meter", MeterSlug> meter, IfMatch expected) {
    expected.check(tx.one(get_plan_quota, *plan, *meter));
    tx.exec(delete_plan_quota, *plan, *meter);
    tx.emit(QuotaChanged{*meter, {}, *plan, {}, {}}, plan->str());
    return {};
}

} // namespace plans

namespace quotas {

Task<Page<QuotaState>> list(Ctx& ctx, Caller caller, Path<"id", ProjectId> id, Params<PageQuery> query, Given<ProjectDoor> door) {
    const ProjectId project = *id;
    Standing standing = co_await door->enter(ctx, caller, project, Access::see);
    pg::Scope measured = pg::Scope::project(project, caller.subject);
    const PageQuery page = *query;
    Page<QuotaState> found = co_await ctx.in_scope(std::move(measured), states, page, std::move(standing.plan));
    co_return found;
}

Task<Quota> get(Ctx& ctx, Caller caller, Path<"id", ProjectId> id, Path<"meter", MeterSlug> meter, Given<ProjectDoor> door) {
    const ProjectId project = *id;
    const MeterSlug slug = *meter;
    Standing standing = co_await door->enter(ctx, caller, project, Access::see);
    pg::Scope measured = pg::Scope::project(project, caller.subject);
    Quota found = co_await ctx.in_scope(std::move(measured), quota_of, slug, std::move(standing.plan));
    co_return found;
}

Task<Quota> put(Ctx& ctx, Caller caller, Path<"id", ProjectId> id, Path<"meter", MeterSlug> meter, Body<QuotaEdit> in, IfMatch expected,
                Given<ProjectDoor> door) {
    const ProjectId project = *id;
    const MeterSlug slug = *meter;
    const QuotaEdit wanted = *in;
    const Standing standing = co_await door->enter(ctx, caller, project, Access::administer);
    // What a plan gives is raised by those who sell plans, among the people who administer.
    if (!standing.administers || !caller.may("organizations:admin")) check_within_plan(standing.plan, slug, wanted);
    pg::Scope measured = pg::Scope::project(project, caller.subject);
    Quota set = co_await ctx.in_scope(std::move(measured), set_quota, slug, wanted, expected);
    co_return set;
}

Task<NoContent> remove(Ctx& ctx, Caller caller, Path<"id", ProjectId> id, Path<"meter", MeterSlug> meter, IfMatch expected, Given<ProjectDoor> door) {
    const ProjectId project = *id;
    const MeterSlug slug = *meter;
    co_await door->enter(ctx, caller, project, Access::administer);
    pg::Scope measured = pg::Scope::project(project, caller.subject);
    co_await ctx.in_scope(std::move(measured), unset_quota, slug, expected);
    co_return NoContent{};
}

} // namespace quotas
} // namespace gravity::project
