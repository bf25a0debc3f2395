#include "quotas_store.hpp"

#include "problems.hpp"

namespace gravity::project {

const Sql<PlanQuota(PlanQuota)> save_plan_quota{"plan_quota.save", R"sql(
    insert into plan_quota as q (plan, meter, "limit", burst, period, created_at, updated_at)
    values ($plan, $meter, $limit, $burst, $period, $created_at, $updated_at)
    on conflict (project, plan, meter) do update
    set "limit" = excluded."limit", burst = excluded.burst, period = excluded.period, version = q.version + 1, updated_at = excluded.updated_at
    returning *)sql"};
const Sql<PlanQuota(PlanQuota)> insert_plan_quota{"plan_quota.insert", R"sql(
    insert into plan_quota (plan, meter, "limit", burst, period, created_at, updated_at)
    values ($plan, $meter, $limit, $burst, $period, $created_at, $updated_at) on conflict do nothing returning *)sql"};
const Sql<PlanQuota(Slug, MeterSlug)> get_plan_quota{"plan_quota.get", "select * from plan_quota where plan = $1 and meter = $2"};
const Sql<PlanQuota(Slug, MeterSlug)> lock_plan_quota{"plan_quota.lock", "select * from plan_quota where plan = $1 and meter = $2 for update"};
const Sql<PlanQuota(PageQuery, Slug)> list_plan_quotas{"plan_quota.list", "select * from plan_quota where plan = $3 and $page(meter)"};
const Sql<PlanQuota(ProjectId)> plan_of_project{"plan_quota.of_project", R"sql(
    select q.* from project p join organization o on o.id = p.organization_id join plan_quota q on q.plan = o.plan where p.id = $1)sql"};
const Sql<std::int64_t(Slug)> count_plan_quotas{"plan_quota.count", "select count(*) from plan_quota where plan = $1"};
const Sql<void(Slug, MeterSlug)> delete_plan_quota{"plan_quota.delete", "delete from plan_quota where plan = $1 and meter = $2"};

const Sql<PlanQuota()> plan_of_measured{"plan_quota.of_measured", "select * from plan_of_measured()"};
const Sql<QuotaRow(QuotaRow)> save_quota{"quota.save", R"sql(
    insert into quota as q (meter_id, "limit", burst, period, granted, created_at, updated_at)
    values ($meter_id, $limit, $burst, $period, $granted, $created_at, $updated_at)
    on conflict (meter_id) do update
    set "limit" = excluded."limit", burst = excluded.burst, period = excluded.period, granted = excluded.granted, version = q.version + 1,
        updated_at = excluded.updated_at
    returning *)sql"};
const Sql<QuotaRow(MeterId)> get_quota{"quota.get", "select * from quota where meter_id = $1"};
const Sql<QuotaRow(std::vector<MeterId>)> quotas_of{"quota.of", "select * from quota where meter_id = any($1::uuid[])"};
const Sql<void(MeterId)> delete_quota{"quota.delete", "delete from quota where meter_id = $1"};
const Sql<Meter(PageQuery, std::vector<MeterSlug>)> list_limited_meters{"quota.list", R"sql(
    select m.* from meter m left join quota q on q.meter_id = m.id where (q.meter_id is not null or m.slug = any($3::text[])) and $page(m.slug))sql"};
const Sql<QuotaState(Timestamp, std::vector<MeterId>, std::vector<Quantity>, std::vector<Quantity>, std::vector<QuotaPeriod>, std::vector<QuotaSource>)>
    quota_states{"quota.states", R"sql(
    select m.slug as meter, h."limit", nullif(h.burst, 0) as burst, h.period, h.source, w.since, coalesce(t.used, 0) as used,
           coalesce(r.amount, 0) as reserved,
           case h.period when 'ever' then null
                else ((w.since at time zone m.time_zone) + ('1 ' || h.period)::interval) at time zone m.time_zone end as until
    from unnest($2::uuid[], $3::numeric[], $4::numeric[], $5::text[], $6::text[]) as h (meter_id, "limit", burst, period, source)
         join meter m on m.id = h.meter_id
         cross join lateral (
             select case h.period when 'ever' then timestamptz 'epoch' else date_trunc(h.period, $1::timestamptz, m.time_zone) end as since) w
         left join usage_total t on t.meter_id = m.id and t.period = h.period and t.starts_at = w.since
         left join lateral (
             select sum(o.amount) as amount from quota_reservation o
             where o.meter_id = m.id and o.created_at >= w.since and o.state = 'open' and o.expires_at > $1) r on true
    order by m.slug)sql"};
const Sql<void(UsageTotal, Quantity, int)> note_alert{"quota.note_alert", R"sql(
    insert into quota_alert (meter_id, period, starts_at, "limit", threshold) values ($meter_id, $period, $starts_at, $6, $7) on conflict do nothing)sql"};

const Sql<Meter(MeterSlug)> hold_meter{"meter.hold", "select * from meter where slug = $1 for key share"};
// The update changes nothing: it is how an upsert locks the row that is there.
const Sql<UsageTotal(MeterId, QuotaPeriod, Timestamp)> lock_total{"usage_total.lock", R"sql(
    insert into usage_total as t (meter_id, period, starts_at, used)
    select m.id, $2::text, case $2::text when 'ever' then timestamptz 'epoch' else date_trunc($2::text, $3::timestamptz, m.time_zone) end, 0
    from meter m where m.id = $1
    on conflict (meter_id, period, starts_at) do update set used = t.used
    returning *)sql"};
const Sql<UsageTotal(UsageTotal, Timestamp)> sweep_total{"usage_total.sweep", R"sql(
    with ended as (
        update quota_reservation set state = 'expired', version = version + 1, updated_at = $6
        where meter_id = $meter_id and period = $period and starts_at = $starts_at and state = 'open' and expires_at <= $6 returning amount)
    update usage_total t set reserved = t.reserved - e.amount from (select coalesce(sum(amount), 0) as amount from ended) e
    where t.meter_id = $meter_id and t.period = $period and t.starts_at = $starts_at
    returning t.*)sql"};
// What was reserved while the limit was of another period is held in the total of that one. It will count in this one if it was made in it.
const Sql<double(UsageTotal, Timestamp)> reserved_otherwise{"reservation.otherwise", R"sql(
    select coalesce(sum(amount), 0) from quota_reservation
    where meter_id = $meter_id and period = any(array_remove(array['day', 'month', 'ever'], $period::text)) and state = 'open'
      and created_at >= $starts_at and expires_at > $6)sql"};
const Sql<void(UsageTotal, Quantity, std::optional<Quantity>, std::optional<Quantity>, Timestamp)> take{"usage_total.take", R"sql(
    update usage_total set reserved = reserved + $6::numeric
    where meter_id = $meter_id and period = $period and starts_at = $starts_at
      and ($7::numeric is null
           or used + reserved + $6::numeric
              + (select coalesce(sum(o.amount), 0) from quota_reservation o
                 where o.meter_id = $meter_id and o.period = any(array_remove(array['day', 'month', 'ever'], $period::text)) and o.state = 'open'
                   and o.created_at >= $starts_at and o.expires_at > $9)
              <= $7 + coalesce($8::numeric, 0)))sql"};
const Sql<void(MeterId, QuotaPeriod, Timestamp, Quantity)> give_back{
    "usage_total.give_back", "update usage_total set reserved = reserved - $4::numeric where meter_id = $1 and period = $2 and starts_at = $3"};
const Sql<ReservationRow(ReservationRow)> insert_reservation{
    "reservation.insert",
    R"sql(
    insert into quota_reservation (meter_id, id, state, amount, subject, period, starts_at, expires_at, created_at, updated_at)
    values ($meter_id, $id, $state, $amount, $subject, $period, $starts_at, $expires_at, $created_at, $updated_at) returning *)sql",
    {{"quota_reservation_pkey", problems::conflict}}};
const Sql<ReservationRow(ReservationRow)> save_reservation{"reservation.save", R"sql(
    update quota_reservation set state = $state, settled = $settled, version = version + 1, updated_at = $updated_at
    where meter_id = $meter_id and id = $id returning *)sql"};
const Sql<ReservationRow(MeterId, ReservationId)> get_reservation{"reservation.get", "select * from quota_reservation where meter_id = $1 and id = $2"};
const Sql<ReservationRow(MeterId, ReservationId)> lock_reservation{"reservation.lock",
                                                                   "select * from quota_reservation where meter_id = $1 and id = $2 for update"};
const Sql<UsageTotal(Timestamp)> totals_to_sweep{"usage_total.to_sweep", R"sql(
    select * from usage_total t where exists (
        select from quota_reservation r
        where r.meter_id = t.meter_id and r.period = t.period and r.starts_at = t.starts_at and r.state = 'open' and r.expires_at <= $1)
    order by meter_id, period, starts_at limit 500)sql"};
const Sql<std::int64_t(Timestamp, int)> forget_reservations{"reservation.forget", R"sql(
    with old as (select meter_id, id from quota_reservation where created_at < $1 and state <> 'open' limit $2),
         gone as (delete from quota_reservation r using old o where r.meter_id = o.meter_id and r.id = o.id returning 1)
    select count(*) from gone)sql"};

} // namespace gravity::project
