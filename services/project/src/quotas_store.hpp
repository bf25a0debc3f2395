#pragma once

#include "quotas_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of plans, limits and reservations, by name. Their text is in quotas_store.cpp and nowhere else.
namespace gravity::project {

// Of the project that administers
extern const Sql<PlanQuota(PlanQuota)> save_plan_quota;
/// None where there is one already.
extern const Sql<PlanQuota(PlanQuota)> insert_plan_quota;
extern const Sql<PlanQuota(Slug, MeterSlug)> get_plan_quota, lock_plan_quota;
extern const Sql<PlanQuota(PageQuery, Slug)> list_plan_quotas;
/// What the plan of its organisation gives a project, if that is on one.
extern const Sql<PlanQuota(ProjectId)> plan_of_project;
extern const Sql<std::int64_t(Slug)> count_plan_quotas;
extern const Sql<void(Slug, MeterSlug)> delete_plan_quota;

// Of the project that is measured
/// What its plan gives, seen from its own transaction (migration 0017).
extern const Sql<PlanQuota()> plan_of_measured;
extern const Sql<QuotaRow(QuotaRow)> save_quota;
extern const Sql<QuotaRow(MeterId)> get_quota;
extern const Sql<QuotaRow(std::vector<MeterId>)> quotas_of;
extern const Sql<void(MeterId)> delete_quota;
/// Meters that have a limit: one of the project's own, or one of these by its plan.
extern const Sql<Meter(PageQuery, std::vector<MeterSlug>)> list_limited_meters;
/// How far limits that hold are used up at a moment: meters, limits, bursts (0: none), periods, whose they are.
extern const Sql<QuotaState(Timestamp, std::vector<MeterId>, std::vector<Quantity>, std::vector<Quantity>, std::vector<QuotaPeriod>, std::vector<QuotaSource>)>
    quota_states;
/// Notes that a share of a limit is used up; touches no row where that was noted before.
extern const Sql<void(UsageTotal, Quantity, int)> note_alert;

/// The meter, which stays while the transaction lasts.
extern const Sql<Meter(MeterSlug)> hold_meter;
/// The total of a period, made if need be, and locked: whoever uses or reserves something of it waits.
extern const Sql<UsageTotal(MeterId, QuotaPeriod, Timestamp)> lock_total;
/// Gives back what nobody settled in time, and tells the total after that.
extern const Sql<UsageTotal(UsageTotal, Timestamp)> sweep_total;
/// Holds an amount back if the limit, where there is one, and the burst above it leave room for it.
extern const Sql<void(UsageTotal, Quantity, std::optional<Quantity>, std::optional<Quantity>, Timestamp)> take;
/// What is held of the same time in totals of other periods, whose limit the meter had before.
extern const Sql<double(UsageTotal, Timestamp)> reserved_otherwise;
extern const Sql<void(MeterId, QuotaPeriod, Timestamp, Quantity)> give_back;
extern const Sql<ReservationRow(ReservationRow)> insert_reservation, save_reservation;
extern const Sql<ReservationRow(MeterId, ReservationId)> get_reservation, lock_reservation;
/// Totals of which something is held back that nobody settled in time.
extern const Sql<UsageTotal(Timestamp)> totals_to_sweep;
extern const Sql<std::int64_t(Timestamp, int)> forget_reservations;

} // namespace gravity::project
