#include "meters_api.hpp"

#include "access.hpp"
#include "audit.hpp"
#include "meters_store.hpp"
#include "problems.hpp"
#include "quotas_domain.hpp"

#include <gravity/async/coroutine.hpp>

namespace gravity::project::meters {
namespace {

constexpr std::int64_t most_meters = 500; // each event is held against those of its type

void note_meter(Tx& tx, const Actor& by, std::string_view action, const MeterSlug& meter, Json details = Json::object()) {
    record(tx, by, {.action = action, .project = tx.project(), .target = meter.str(), .details = std::move(details)});
}

void delete_it(Tx& tx, const Actor& by, const MeterSlug& slug, const IfMatch& expected) {
    const Meter meter = expected.check(tx.one(lock_meter, slug));
    tx.exec(delete_meter, meter.id);
    note_meter(tx, by, "meter.deleted", slug);
}

} // namespace

Created<Meter> create(Tx& tx, Actor caller, Body<NewMeter> in) {
    check_own_project_stays(tx);
    if (tx.one(count_meters) >= most_meters) throw Refusal(too_many_meters);
    Meter row;
    static_cast<NewMeter&>(row) = *in;
    row.id = tx.new_id<MeterId>();
    row.created_at = row.updated_at = tx.now();
    row = tx.one(insert_meter, row);
    note_meter(tx, caller, "meter.created", row.slug, json::to_document(*in));
    std::string location = "/api/v1/meters/" + row.slug.str();
    return {std::move(row), std::move(location)};
}

Page<Meter> list(Tx& tx, Params<ListMeters> query) { return tx.page(list_meters, *query); }
Meter get(Tx& tx, Path<"slug", MeterSlug> slug) { return tx.one(get_meter, *slug); }

Meter update(Tx& tx, Actor caller, Path<"slug", MeterSlug> slug, Patch<MeterEdit> patch, IfMatch expected) {
    Meter meter = expected.check(tx.one(lock_meter, *slug));
    static_cast<MeterEdit&>(meter) = patch.apply(meter);
    meter.updated_at = tx.now();
    note_meter(tx, caller, "meter.changed", meter.slug, patch.document());
    return tx.one(save_meter, meter);
}

Task<NoContent> remove(Ctx& ctx, Actor caller, Path<"slug", MeterSlug> slug, IfMatch expected, Given<ProjectDoor> door) {
    const ProjectId own = caller.project;
    const MeterSlug wanted = *slug;
    const Standing standing = co_await door->enter(ctx, caller, own, Access::measure);
    if (given_by(standing.plan, wanted) != nullptr) throw Refusal(meter_in_plan);
    co_await ctx.transaction(delete_it, caller, wanted, expected);
    co_return NoContent{};
}

} // namespace gravity::project::meters
