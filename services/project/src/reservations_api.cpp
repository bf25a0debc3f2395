#include "reservations_api.hpp"

#include "meters_domain.hpp"
#include "meters_store.hpp"
#include "problems.hpp"
#include "quotas_domain.hpp"
#include "quotas_store.hpp"
#include "usage_recording.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/json/json.hpp>

namespace gravity::project::reservations {
namespace {

/// The limit that holds, and the period whose total is what everybody waits for. Without a limit all is admitted, and still held back and counted.
struct Held {
    std::optional<QuotaEdit> quota;
    QuotaPeriod period = QuotaPeriod::ever;
};

Held held_by(Tx& tx, const Meter& meter, const std::vector<PlanQuota>& plan) {
    Held held;
    if (const auto own = tx.maybe(get_quota, meter.id))
        held.quota = *own;
    else if (const PlanQuota* const given = given_by(plan, meter.slug))
        held.quota = *given;
    if (held.quota) held.period = held.quota->period;
    return held;
}

ReservationRow row_of(const MeterId& meter, const ReservationId& id, Timestamp now) {
    ReservationRow row;
    row.meter_id = meter;
    row.id = id;
    row.amount = Quantity::of(0);
    row.expires_at = row.created_at = row.updated_at = now;
    return row;
}

Decimal decimal_of(const Quantity& amount) {
    std::string text;
    json::append_number(text, amount.value());
    return Decimal::parse(text).or_throw();
}

// Whoever asks at the same time waits for the total's row, and decides by what was decided before.
Reservation reserve(Tx& tx, const MeterSlug& slug, const ReservationId& id, const NewReservation& wanted, const std::vector<PlanQuota>& plan) {
    const Meter meter = tx.one(hold_meter, slug);
    if (!adds_up(meter.aggregation)) throw Refusal(adds_nothing_up);
    check_amount(meter, wanted.amount, "amount");
    const Held held = held_by(tx, meter, plan);
    const UsageTotal locked = tx.one(lock_total, meter.id, held.period, tx.now());
    if (const auto present = tx.maybe(get_reservation, meter.id, id)) {
        Reservation seen = seen_at(*present, tx.now());
        check_repeated(seen, wanted);
        return seen;
    }
    const UsageTotal total = tx.one(sweep_total, locked, tx.now());
    const auto limit = held.quota ? std::optional<Quantity>(held.quota->limit) : std::nullopt;
    if (tx.exec(take, total, wanted.amount, limit) == 0) refuse_over_limit(*held.quota, total);
    ReservationRow row = row_of(meter.id, id, tx.now());
    row.amount = wanted.amount;
    row.subject = wanted.subject;
    row.period = total.period;
    row.starts_at = total.starts_at;
    row.expires_at = tx.now() + Duration::seconds(wanted.ttl_seconds);
    return tx.one(insert_reservation, row);
}

Reservation read(Tx& tx, const MeterSlug& slug, const ReservationId& id) {
    const ReservationRow row = tx.one(get_reservation, tx.one(get_meter, slug).id, id);
    return seen_at(row, tx.now());
}

// It counts in the period in which it was reserved, whenever it is settled: that is whose limit left room for it.
Reservation settled(Tx& tx, const MeterSlug& slug, const ReservationId& id, const Quantity& amount, const std::vector<PlanQuota>& plan) {
    const Meter meter = tx.one(hold_meter, slug);
    check_amount(meter, amount, "amount");
    ReservationRow row = tx.one(lock_reservation, meter.id, id);
    if (!settles(seen_at(row, tx.now()), amount)) return row;
    if (amount.value() > 0) count(tx, {{meter, row.created_at, row.subject ? row.subject->str() : "", "{}", decimal_of(amount)}}, plan);
    tx.exec(give_back, meter.id, *row.period, *row.starts_at, row.amount);
    row.state = ReservationState::settled;
    row.settled = amount;
    row.updated_at = tx.now();
    return tx.one(save_reservation, row);
}

void release_it(Tx& tx, const MeterSlug& slug, const ReservationId& id) {
    const Meter meter = tx.one(hold_meter, slug);
    auto row = tx.maybe(lock_reservation, meter.id, id);
    if (!row) {
        ReservationRow never = row_of(meter.id, id, tx.now());
        never.state = ReservationState::released;
        tx.one(insert_reservation, never);
        return;
    }
    if (!releases(*row)) return;
    tx.exec(give_back, meter.id, *row->period, *row->starts_at, row->amount);
    row->state = ReservationState::released;
    row->updated_at = tx.now();
    tx.one(save_reservation, *row);
}

} // namespace

Task<Reservation> put(Ctx& ctx, Caller caller, Path<"id", ProjectId> id, Path<"meter", MeterSlug> meter, Path<"reservation", ReservationId> reservation,
                      Body<NewReservation> in, Given<ProjectDoor> door) {
    const ProjectId project = *id;
    const MeterSlug slug = *meter;
    const ReservationId name = *reservation;
    const NewReservation wanted = *in;
    Standing standing = co_await door->enter(ctx, caller, project, Access::measure);
    if (!standing.active) throw Refusal(project_not_active);
    pg::Scope measured = pg::Scope::project(project, caller.subject);
    Reservation made = co_await ctx.in_scope(std::move(measured), reserve, slug, name, wanted, std::move(standing.plan));
    co_return made;
}

Task<Reservation> get(Ctx& ctx, Caller caller, Path<"id", ProjectId> id, Path<"meter", MeterSlug> meter, Path<"reservation", ReservationId> reservation,
                      Given<ProjectDoor> door) {
    const ProjectId project = *id;
    const MeterSlug slug = *meter;
    const ReservationId name = *reservation;
    co_await door->enter(ctx, caller, project, Access::measure);
    pg::Scope measured = pg::Scope::project(project, caller.subject);
    Reservation found = co_await ctx.in_scope(std::move(measured), read, slug, name);
    co_return found;
}

Task<Reservation> settle(Ctx& ctx, Caller caller, Path<"id", ProjectId> id, Path<"meter", MeterSlug> meter, Path<"reservation", ReservationId> reservation,
                         Body<Settlement> in, Given<ProjectDoor> door) {
    const ProjectId project = *id;
    const MeterSlug slug = *meter;
    const ReservationId name = *reservation;
    const Quantity amount = in->amount;
    Standing standing = co_await door->enter(ctx, caller, project, Access::measure);
    pg::Scope measured = pg::Scope::project(project, caller.subject);
    Reservation done = co_await ctx.in_scope(std::move(measured), settled, slug, name, amount, std::move(standing.plan));
    co_return done;
}

Task<NoContent> release(Ctx& ctx, Caller caller, Path<"id", ProjectId> id, Path<"meter", MeterSlug> meter, Path<"reservation", ReservationId> reservation,
                        Given<ProjectDoor> door) {
    const ProjectId project = *id;
    const MeterSlug slug = *meter;
    const ReservationId name = *reservation;
    co_await door->enter(ctx, caller, project, Access::measure);
    pg::Scope measured = pg::Scope::project(project, caller.subject);
    co_await ctx.in_scope(std::move(measured), release_it, slug, name);
    co_return NoContent{};
}

} // namespace gravity::project::reservations
