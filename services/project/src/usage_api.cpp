#include "usage_api.hpp"

#include "meters_store.hpp"
#include "problems.hpp"
#include "usage_events.hpp"
#include "usage_ranges.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>

namespace gravity::project::usage {
namespace {

UsageReport reported(Tx& tx, const MeterSlug& slug, const UsageQuery& query) {
    const Meter meter = tx.one(get_meter, slug);
    UsageReport report;
    report.meter = meter.slug;
    report.aggregation = meter.aggregation;
    report.window = query.window;
    report.time_zone = query.time_zone;
    report.items = usage_in(tx, meter, usage_range(meter, query, tx.now()));
    return report;
}

} // namespace

Task<NoContent> ingest(Ctx& ctx, Caller caller, RawBody body, Given<ProjectDoor> door, Given<UsageIntake> intake) {
    std::vector<UsageEvent> events = usage_events_of(ctx.request(), body, now());
    if (events.empty()) co_return NoContent{};
    const ProjectId own = caller.project;
    Standing standing = co_await door->enter(ctx, caller, own, Access::measure);
    const Recorded recorded = co_await intake->record(ctx, own, std::move(events), std::move(standing.plan));
    if (!recorded.refused.empty())
        throw Refusal(events_refused).with("counted", recorded.counted).with("repeated", recorded.repeated).with_faults(recorded.refused);
    co_return NoContent{};
}

UsageReport query(Tx& tx, Path<"slug", MeterSlug> slug, Params<UsageQuery> query) { return reported(tx, *slug, *query); }

Task<UsageReport> of_project(Ctx& ctx, Caller caller, Path<"id", ProjectId> id, Params<UsageOfMeter> query, Given<ProjectDoor> door) {
    const ProjectId project = *id;
    co_await door->enter(ctx, caller, project, Access::see);
    pg::Scope measured = pg::Scope::project(project, caller.subject);
    const UsageOfMeter asked = *query;
    const UsageQuery range = asked;
    UsageReport report = co_await ctx.in_scope(std::move(measured), reported, asked.meter, range);
    co_return report;
}

} // namespace gravity::project::usage
