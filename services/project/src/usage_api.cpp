#include "usage_api.hpp"

#include "meters_store.hpp"
#include "problems.hpp"
#include "usage_events.hpp"
#include "usage_recording.hpp"
#include "usage_store.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>

namespace gravity::project::usage {
namespace {

constexpr int most_windows = 10'000;
constexpr std::int64_t quarter_us = 900'000'000;

void check_quarter(const std::optional<Timestamp>& moment, std::string_view name) {
    if (!moment || moment->unix_us() % quarter_us == 0) return;
    throw Refusal(problems::invalid).with_faults({{"/" + std::string(name), "must be on a quarter of an hour: usage is added up by those", "query"}});
}

UsageRange range_of(const Meter& meter, const UsageQuery& query, Timestamp now) {
    check_quarter(query.from, "from");
    check_quarter(query.to, "to");
    UsageRange range;
    range.meter_id = meter.id;
    range.from = query.from.value_or(Timestamp::from_unix_seconds(0));
    range.to = query.to.value_or(now + usage_ahead + Duration::minutes(15));
    range.window = query.window;
    range.time_zone = query.time_zone;
    if (query.subject) range.subject = query.subject->str();
    for (const auto& name : query.group_by) range.groups.push_back(name.str());
    return range;
}

UsageReport reported(Tx& tx, const MeterSlug& slug, const UsageQuery& query) {
    const Meter meter = tx.one(get_meter, slug);
    UsageReport report;
    report.meter = meter.slug;
    report.aggregation = meter.aggregation;
    report.window = query.window;
    report.time_zone = query.time_zone;
    report.items = tx.all(usage_windows, range_of(meter, query, tx.now()), most_windows + 1);
    if (report.items.size() > most_windows) throw Refusal(too_many_windows);
    return report;
}

} // namespace

Task<NoContent> ingest(Ctx& ctx, Caller caller, RawBody body, Given<ProjectDoor> door) {
    std::vector<UsageEvent> events = usage_events_of(ctx.request(), body, now());
    if (events.empty()) co_return NoContent{};
    const ProjectId own = caller.project;
    Standing standing = co_await door->enter(ctx, caller, own, Access::measure);
    const Recorded recorded = co_await ctx.transaction(record, std::move(events), std::move(standing.plan));
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
