#include "quotas_api.hpp"

#include "access.hpp"
#include "audit.hpp"
#include "known_keys.hpp"
#include "meters_domain.hpp"
#include "meters_store.hpp"
#include "organizations_store.hpp"
#include "problems.hpp"
#include "quota_states.hpp"
#include "quotas_domain.hpp"
#include "quotas_store.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/conditional.hpp>
#include <gravity/http/output.hpp>

namespace gravity::project {
namespace {

constexpr std::int64_t most_plan_quotas = 500; // as many as a project has meters

// What is changed must be what was looked at; what is not there has no version.
template <class Row>
void check_expected(const IfMatch& expected, const std::optional<Row>& present) {
    expected.check_version(present ? present->version.value() : 0);
}

template <class Row>
void check_unless(const Unless& unless, const std::optional<Row>& present) {
    if (!unless || !present) return;
    const std::string etag = http::etag_of(present->version.value());
    if (!http::etag_listed(http::uncoded_etags(*unless), etag, false)) return;
    throw Refusal(problems::stale_version).with("current_version", present->version.value()).with_header("ETag", etag);
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

// There was no row that two could have waited for: of those who found none, one makes it.
PlanQuota made_first(Tx& tx, const PlanQuota& row) {
    auto made = tx.maybe(insert_plan_quota, row);
    if (!made) throw Refusal(problems::stale_version, "Somebody else has set it meanwhile");
    return *std::move(made);
}

Quota quota_of(Tx& tx, const MeterSlug& slug, const std::vector<PlanQuota>& plan) {
    const auto meter = tx.maybe(get_meter, slug);
    const auto own = meter ? tx.maybe(get_quota, meter->id) : std::nullopt;
    const PlanQuota* const given = given_by(plan, slug);
    const auto holds = holding(own ? &*own : nullptr, given);
    if (!holds) throw Refusal(problems::not_found);
    Quota quota = holds->source == QuotaSource::plan ? shown(*given) : shown(*own, slug);
    static_cast<QuotaEdit&>(quota) = *holds;
    return quota;
}

// Of a project's own limits, and of those that the plans of this one give.
void note_limit(Tx& tx, const Actor& by, std::string_view action, std::string target, Json details = Json::object()) {
    record(tx, by, {.action = action, .project = tx.project(), .target = std::move(target), .details = std::move(details)});
}

/// What has to be there for a limit to be set, and what must not.
struct Conditions {
    IfMatch expected;
    Unless unless;
};

Quota set_quota(Tx& tx, const Actor& by, const MeterSlug& slug, const QuotaEdit& wanted, bool granted, const Conditions& conditions) {
    const Meter meter = tx.one(lock_meter, slug);
    if (!adds_up(meter.aggregation)) throw Refusal(adds_nothing_up);
    const auto present = tx.maybe(get_quota, meter.id);
    check_expected(conditions.expected, present);
    check_unless(conditions.unless, present);
    QuotaRow row;
    static_cast<QuotaEdit&>(row) = wanted;
    row.meter_id = meter.id;
    row.granted = granted;
    row.created_at = row.updated_at = tx.now();
    row = tx.one(save_quota, row);
    tx.emit(QuotaChanged{slug, tx.project(), {}, row.limit, row.burst, row.period}, tx.project().to_string());
    note_limit(tx, by, "quota.set", slug.str(), json::to_document(wanted));
    return shown(row, slug);
}

void unset_quota(Tx& tx, const Actor& by, const MeterSlug& slug, const IfMatch& expected) {
    const Meter meter = tx.one(lock_meter, slug);
    expected.check(tx.one(get_quota, meter.id));
    tx.exec(delete_quota, meter.id);
    tx.emit(QuotaChanged{slug, tx.project(), {}, {}, {}, {}}, tx.project().to_string());
    note_limit(tx, by, "quota.removed", slug.str());
}

} // namespace

namespace plans {

Organization set(Tx& tx, Actor caller, Path<"id", OrganizationId> id, Body<SetPlan> in, IfMatch expected) {
    Organization organization = expected.check(tx.one(lock_organization, *id));
    organization.plan = in->plan;
    organization.updated_at = tx.now();
    forget_known_keys(tx);
    record(tx, caller, {.action = "organization.plan_set", .organization = *id, .target = id->to_string(), .details = json::to_document(*in)});
    return tx.one(save_organization, organization);
}

Page<PlanQuota> list(Tx& tx, Path<"plan", Slug> plan, Params<PageQuery> query) { return tx.page(list_plan_quotas, *query, *plan); }
PlanQuota get(Tx& tx, Path<"plan", Slug> plan, Path<"meter", MeterSlug> meter) { return tx.one(get_plan_quota, *plan, *meter); }

PlanQuota put(Tx& tx, Actor caller, Path<"plan", Slug> plan, Path<"meter", MeterSlug> meter, Body<QuotaEdit> in, IfMatch expected, Unless unless) {
    check_own_project_stays(tx);
    const auto present = tx.maybe(lock_plan_quota, *plan, *meter);
    check_expected(expected, present);
    check_unless(unless, present);
    if (!present && tx.one(count_plan_quotas, *plan) >= most_plan_quotas) throw Refusal(too_many_meters);
    PlanQuota row;
    static_cast<QuotaEdit&>(row) = *in;
    row.plan = *plan;
    row.meter = *meter;
    row.created_at = row.updated_at = tx.now();
    row = unless && !present ? made_first(tx, row) : tx.one(save_plan_quota, row);
    tx.emit(QuotaChanged{row.meter, {}, row.plan, row.limit, row.burst, row.period}, row.plan.str());
    note_limit(tx, caller, "plan_quota.set", row.plan.str() + "/" + row.meter.str(), json::to_document(*in));
    return row;
}

NoContent remove(Tx& tx, Actor caller, Path<"plan", Slug> plan, Path<"meter", MeterSlug> meter, IfMatch expected) {
    expected.check(tx.one(lock_plan_quota, *plan, *meter));
    tx.exec(delete_plan_quota, *plan, *meter);
    tx.emit(QuotaChanged{*meter, {}, *plan, {}, {}, {}}, plan->str());
    note_limit(tx, caller, "plan_quota.removed", plan->str() + "/" + meter->str());
    return {};
}

} // namespace plans

namespace quotas {

Task<Tagged<Page<QuotaState>>> list(Ctx& ctx, Caller caller, Path<"id", ProjectId> id, Params<PageQuery> query, Given<ProjectDoor> door) {
    const ProjectId project = *id;
    Standing standing = co_await door->enter(ctx, caller, project, Access::see);
    pg::Scope measured = pg::Scope::project(project, caller.subject);
    const PageQuery page = *query;
    Page<QuotaState> found = co_await ctx.in_scope(std::move(measured), quota_states_of, page, std::move(standing.plan));
    co_return Tagged<Page<QuotaState>>{std::move(found)};
}

Task<Quota> get(Ctx& ctx, Caller caller, Path<"id", ProjectId> id, Path<"meter", MeterSlug> meter, Given<ProjectDoor> door) {
    const ProjectId project = *id;
    const MeterSlug slug = *meter;
    Standing standing = co_await door->enter(ctx, caller, project, Access::see);
    pg::Scope measured = pg::Scope::project(project, caller.subject);
    Quota found = co_await ctx.in_scope(std::move(measured), quota_of, slug, std::move(standing.plan));
    co_return found;
}

Task<Quota> put(Ctx& ctx, Actor caller, Path<"id", ProjectId> id, Path<"meter", MeterSlug> meter, Body<QuotaEdit> in, IfMatch expected, Unless unless,
                Given<ProjectDoor> door) {
    const ProjectId project = *id;
    const MeterSlug slug = *meter;
    const QuotaEdit wanted = *in;
    const Standing standing = co_await door->enter(ctx, caller, project, Access::administer);
    // What a plan gives is raised by those who sell plans, among the people who administer.
    const bool grants = standing.administers && caller.may("organizations:admin");
    if (!grants) check_within_plan(standing.plan, slug, wanted);
    pg::Scope measured = pg::Scope::project(project, caller.subject);
    const Conditions conditions{expected, unless};
    Quota set = co_await ctx.in_scope(std::move(measured), set_quota, caller, slug, wanted, grants, conditions);
    co_return set;
}

Task<NoContent> remove(Ctx& ctx, Actor caller, Path<"id", ProjectId> id, Path<"meter", MeterSlug> meter, IfMatch expected, Given<ProjectDoor> door) {
    const ProjectId project = *id;
    const MeterSlug slug = *meter;
    co_await door->enter(ctx, caller, project, Access::administer);
    pg::Scope measured = pg::Scope::project(project, caller.subject);
    co_await ctx.in_scope(std::move(measured), unset_quota, caller, slug, expected);
    co_return NoContent{};
}

} // namespace quotas
} // namespace gravity::project
