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
    const auto own = tx.maybe(get_quota, meter.id);
    if (const auto quota = holding(own ? &*own : nullptr, given_by(plan, meter.slug))) held = {*quota, quota->period};
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
    UsageTotal total = tx.one(sweep_total, locked, tx.now());
    const auto limit = held.quota ? std::optional<Quantity>(held.quota->limit) : std::nullopt;
    const auto burst = held.quota ? held.quota->burst : std::nullopt;
    if (tx.exec(take, total, wanted.amount, limit, burst, tx.now()) == 0) {
        total.reserved += tx.one(reserved_otherwise, total, tx.now());
        refuse_over_limit(*held.quota, total);
    }
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
    if (amount.value() > 0) count(tx, {{&meter, row.created_at, row.subject ? row.subject->str() : "", "{}", decimal_of(amount)}}, plan);
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

/// Which reservation a request is about, and where: among the rows of the measured project.
struct Place {
    MeterSlug meter;
    ReservationId id;
    pg::Scope scope;
    Standing standing;
};

// What all of them begin with: whoever measures the project may, and nobody else learns of it.
Task<Place> enter(Ctx& ctx, const Caller& caller, const ProjectId& project, MeterSlug meter, ReservationId id, const ProjectDoor& door) {
    Standing standing = co_await door.enter(ctx, caller, project, Access::measure);
    co_return Place{std::move(meter), id, pg::Scope::project(project, caller.subject), std::move(standing)};
}

} // namespace

Task<Reservation> put(Ctx& ctx, Caller caller, Path<"id", ProjectId> id, Path<"meter", MeterSlug> meter, Path<"reservation", ReservationId> reservation,
                      Body<NewReservation> in, Given<ProjectDoor> door) {
    Place at = co_await enter(ctx, caller, *id, *meter, *reservation, *door);
    if (!at.standing.active) throw Refusal(project_not_active);
    Reservation made = co_await ctx.in_scope(at.scope, reserve, at.meter, at.id, *in, at.standing.plan);
    co_return made;
}

Task<Reservation> get(Ctx& ctx, Caller caller, Path<"id", ProjectId> id, Path<"meter", MeterSlug> meter, Path<"reservation", ReservationId> reservation,
                      Given<ProjectDoor> door) {
    const Place at = co_await enter(ctx, caller, *id, *meter, *reservation, *door);
    Reservation found = co_await ctx.in_scope(at.scope, read, at.meter, at.id);
    co_return found;
}

Task<Reservation> settle(Ctx& ctx, Caller caller, Path<"id", ProjectId> id, Path<"meter", MeterSlug> meter, Path<"reservation", ReservationId> reservation,
                         Body<Settlement> in, Given<ProjectDoor> door) {
    const Place at = co_await enter(ctx, caller, *id, *meter, *reservation, *door);
    Reservation done = co_await ctx.in_scope(at.scope, settled, at.meter, at.id, in->amount, at.standing.plan);
    co_return done;
}

Task<NoContent> release(Ctx& ctx, Caller caller, Path<"id", ProjectId> id, Path<"meter", MeterSlug> meter, Path<"reservation", ReservationId> reservation,
                        Given<ProjectDoor> door) {
    const Place at = co_await enter(ctx, caller, *id, *meter, *reservation, *door);
    co_await ctx.in_scope(at.scope, release_it, at.meter, at.id);
    co_return NoContent{};
}

} // namespace gravity::project::reservations
