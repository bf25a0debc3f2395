#include "usage_store.hpp"

namespace gravity::project {

// Rows are touched in the order of their keys everywhere here, so that two batches side by side wait for one another and never in a ring.
const Sql<EventName(std::vector<std::string>, std::vector<std::string>, Timestamp)> note_seen{
    "usage_seen.note", "select known_source as source, known_id as id from note_usage_seen($1::text[], $2::text[], $3::timestamptz)"};
const Sql<std::int64_t(Timestamp, int)> forget_seen{"usage_seen.forget", R"sql(
    with old as (select source, id from usage_seen where seen_at < $1 limit $2),
         gone as (delete from usage_seen s using old o where s.source = o.source and s.id = o.id returning 1)
    select count(*) from gone)sql"};

const Sql<UsageTotal(std::vector<MeterId>, std::vector<Timestamp>, std::vector<std::string>)> add_to_totals{"usage_total.add", R"sql(
    insert into usage_total as t (meter_id, period, starts_at, used)
    select s.meter_id, s.period, s.starts_at, s.value
    from (select m.id as meter_id, p.period,
                 case p.period when 'ever' then timestamptz 'epoch' else date_trunc(p.period, e.time, m.time_zone) end as starts_at, sum(e.value) as value
          from unnest($1::uuid[], $2::timestamptz[], $3::text[]::numeric[]) as e (meter_id, time, value) join meter m on m.id = e.meter_id
               cross join (values ('day'), ('month'), ('ever')) as p (period)
          where m.aggregation in ('sum', 'count') group by 1, 2, 3) s
    order by s.meter_id, s.period, s.starts_at
    on conflict (meter_id, period, starts_at) do update set used = t.used + excluded.used
    returning *)sql"};
const Sql<void(std::vector<MeterId>, std::vector<Timestamp>, std::vector<std::string>, std::vector<std::string>, std::vector<std::string>,
               std::vector<std::int64_t>, std::vector<std::string>, std::vector<std::string>)>
    add_to_buckets{"usage_bucket.add", R"sql(
    insert into usage_bucket as b (meter_id, starts_at, series, subject, grouping, sum, count, min, max)
    select e.meter_id, e.starts_at, sha256(convert_to(e.grouping || e.subject, 'UTF8')), e.subject, e.grouping::jsonb, e.sum, e.count, e.min, e.max
    from unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::text[]::numeric[], $6::bigint[], $7::text[]::numeric[], $8::text[]::numeric[])
         as e (meter_id, starts_at, subject, grouping, sum, count, min, max)
    order by 1, 2, 3
    on conflict (meter_id, starts_at, series) do update
    set sum = b.sum + excluded.sum, count = b.count + excluded.count, min = least(b.min, excluded.min), max = greatest(b.max, excluded.max))sql"};

// What is cut by hours goes on counting through the hour that happens twice; days and months are those of the clock on the wall.
const Sql<UsageWindow(UsageRange, int)> usage_windows{"usage_bucket.windows", R"sql(
    select w.subject, greatest(w.starts_at, $from::timestamptz) as "from",
           least(case $window::text when 'total' then $to::timestamptz when 'hour' then w.starts_at + interval '1 hour'
                      else ((w.starts_at at time zone $time_zone::text) + ('1 ' || $window::text)::interval) at time zone $time_zone::text end,
                 $to::timestamptz) as "to",
           w.value, w.grouping as "group", null::boolean as at_least
    from (select c.starts_at, c.grouping, c.subject,
                 case m.aggregation when 'avg' then sum(c.sum) / sum(c.count) when 'min' then min(c.min) when 'max' then max(c.max) else sum(c.sum) end as value
          from (select case $window::text when 'total' then $from::timestamptz else date_trunc($window::text, b.starts_at, $time_zone::text) end as starts_at,
                       (select coalesce(jsonb_object_agg(g.name, coalesce(b.grouping ->> g.name, '')), '{}')
                        from unnest($groups::text[]) as g (name)) as grouping,
                       case when $by_subject then b.subject end as subject, b.sum, b.count, b.min, b.max
                from usage_bucket b
                where b.meter_id = $meter_id and b.starts_at >= $from::timestamptz and b.starts_at < $to::timestamptz
                  and (cardinality($subjects::text[]) = 0 or b.subject = any($subjects::text[]))
                  and ($filter::jsonb = '{}' or not exists (
                          select from jsonb_each($filter::jsonb) as f where not f.value ? coalesce(b.grouping ->> f.key, '')))) c
               cross join (select aggregation from meter where id = $meter_id) m
          group by c.starts_at, c.grouping, c.subject, m.aggregation) w
    order by w.starts_at, w.subject, w.grouping limit $10)sql"};

const Sql<void(std::vector<MeterId>, std::vector<Timestamp>)> take_unique_room{"usage_unique.take_room", R"sql(
    insert into usage_unique_room as r (meter_id, starts_at, kept)
    select distinct e.meter_id, date_bin('15 minutes', e.time, timestamptz 'epoch') as starts_at, 0
    from unnest($1::uuid[], $2::timestamptz[]) as e (meter_id, time) order by 1, 2
    on conflict (meter_id, starts_at) do update set kept = r.kept)sql"};
const Sql<void(std::vector<MeterId>, std::vector<Timestamp>, std::vector<std::string>, std::vector<std::string>, std::vector<std::string>, int)> add_unique{
    "usage_unique.add", R"sql(
    with come as (
           select distinct e.meter_id, date_bin('15 minutes', e.time, timestamptz 'epoch') as starts_at,
                  sha256(convert_to(e.grouping || e.subject, 'UTF8')) as series, sha256(convert_to(e.value, 'UTF8')) as value
           from unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::text[]) as e (meter_id, time, subject, grouping, value)),
         fresh as (
           select c.*, row_number() over (partition by c.meter_id, c.starts_at order by c.series, c.value) as nth
           from come c left join usage_unique u using (meter_id, starts_at, series, value) where u.meter_id is null),
         added as (
           insert into usage_unique (meter_id, starts_at, series, value)
           select f.meter_id, f.starts_at, f.series, f.value from fresh f join usage_unique_room r using (meter_id, starts_at)
           where r.kept + f.nth <= $6::int order by 1, 2, 3, 4 returning meter_id, starts_at)
    update usage_unique_room r set kept = least(r.kept + f.count, $6::int), more = r.more or r.kept + f.count > $6::int
    from (select meter_id, starts_at, count(*)::int as count from fresh group by 1, 2) f where r.meter_id = f.meter_id and r.starts_at = f.starts_at)sql"};

// A value that comes under two subjects, or in two quarters, is one: what is kept is counted anew for each window.
const Sql<UsageWindow(UsageRange, int)> unique_windows{"usage_unique.windows", R"sql(
    select w.subject, greatest(w.starts_at, $from::timestamptz) as "from",
           least(case $window::text when 'total' then $to::timestamptz when 'hour' then w.starts_at + interval '1 hour'
                      else ((w.starts_at at time zone $time_zone::text) + ('1 ' || $window::text)::interval) at time zone $time_zone::text end,
                 $to::timestamptz) as "to",
           w.value, w.grouping as "group", case when w.more then true end as at_least
    from (select c.starts_at, c.grouping, c.subject, count(distinct c.unique_value)::numeric as value, bool_or(c.more) as more
          from (select case $window::text when 'total' then $from::timestamptz else date_trunc($window::text, b.starts_at, $time_zone::text) end as starts_at,
                       (select coalesce(jsonb_object_agg(g.name, coalesce(b.grouping ->> g.name, '')), '{}')
                        from unnest($groups::text[]) as g (name)) as grouping,
                       case when $by_subject then b.subject end as subject, u.value as unique_value, r.more
                from usage_bucket b join usage_unique_room r on r.meter_id = b.meter_id and r.starts_at = b.starts_at
                     left join usage_unique u on u.meter_id = b.meter_id and u.starts_at = b.starts_at and u.series = b.series
                where b.meter_id = $meter_id and b.starts_at >= $from::timestamptz and b.starts_at < $to::timestamptz
                  and (cardinality($subjects::text[]) = 0 or b.subject = any($subjects::text[]))
                  and ($filter::jsonb = '{}' or not exists (
                          select from jsonb_each($filter::jsonb) as f where not f.value ? coalesce(b.grouping ->> f.key, '')))) c
          group by c.starts_at, c.grouping, c.subject) w
    order by w.starts_at, w.subject, w.grouping limit $10)sql"};

} // namespace gravity::project
