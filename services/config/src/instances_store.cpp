#include "instances_store.hpp"

namespace gravity::config {

InstancesOf instances_of(const ConfigSet& set) { return {set.id, set.label, set.application, set.profile}; }

// The instances that a set is for: one of a shared application is for all, one of the default profile for every profile.
// What is in force of it is looked up here: a page that follows another is of the same question, whatever was published between them.
#define GRAVITY_INSTANCES_OF_SET \
    "select i.name as instance, i.applications, i.profiles, r.number as release, coalesce(r.status, 'told') as status, i.version, i.detail, " \
    "coalesce(r.since, i.told_at) as since, i.seen_at, " \
    "case when i.seen_at < now() - interval '5 minutes' then 'silent' when r.status = 'failed' then 'failed' " \
    "when (r.number = h.number or r.number = o.to_number) and r.status = 'applied' then 'current' " \
    "when h.number is null then 'current' else 'behind' end as state " \
    "from head h join instance i on i.label = $label and ($application = 'application' or $application = any(i.applications)) " \
    "and ($profile = 'default' or $profile = any(i.profiles)) " \
    "left join instance_release r on r.instance_id = i.id and r.set_id = h.set_id " \
    "left join rollout o on o.set_id = h.set_id and o.state in ('baking', 'paused') where h.set_id = $set_id"

const Sql<void(InstanceRows, Timestamp, int)> save_instances{"instance.save", R"sql(
    insert into instance (id, label, name, applications, profiles, version, status, detail, told_at, seen_at)
    select m.id, m.label, m.name, string_to_array(m.applications, ','), string_to_array(m.profiles, ','), m.version, m.status, nullif(m.detail, ''), $9, $9
    from unnest($ids::uuid[], $labels::text[], $names::text[], $applications::text[], $profiles::text[], $versions::bigint[], $statuses::text[],
                $details::text[]) as m (id, label, name, applications, profiles, version, status, detail)
    where (select count(*) from (select from instance limit $10) counted) < $10
       or exists (select from instance i where i.label = m.label and i.name = m.name)
    order by m.label, m.name
    on conflict (project, label, name) do update set
        applications = excluded.applications, profiles = excluded.profiles, version = excluded.version, seen_at = excluded.seen_at,
        status = case when excluded.version = instance.version and excluded.status = 'told' then instance.status else excluded.status end,
        detail = case when excluded.version = instance.version and excluded.status = 'told' then instance.detail else excluded.detail end,
        told_at = case when excluded.version = instance.version then instance.told_at else excluded.told_at end)sql"};

// Who has applied a release did not fail by it when another does not fit: what fails is what has changed.
const Sql<void(InstanceReleaseRows, Timestamp)> save_instance_releases{"instance_release.save", R"sql(
    insert into instance_release (set_id, instance_id, number, status, since)
    select m.set_id, i.id, m.number, m.status, $6
    from unnest($labels::text[], $names::text[], $sets::uuid[], $numbers::integer[], $statuses::text[]) as m (label, name, set_id, number, status)
    join instance i on i.label = m.label and i.name = m.name join config_set s on s.id = m.set_id
    order by i.label, i.name, m.set_id
    on conflict (set_id, instance_id) do update set
        number = excluded.number,
        status = case when excluded.number <> instance_release.number then excluded.status
                      when excluded.status = 'told' or (excluded.status = 'failed' and instance_release.status = 'applied') then instance_release.status
                      else excluded.status end,
        since = case when excluded.number = instance_release.number then instance_release.since else excluded.since end)sql"};

const Sql<void(Strings, Strings, Strings, Strings, std::vector<ConfigSetId>)> forget_instance_releases{"instance_release.forget", R"sql(
    delete from instance_release r using instance i, unnest($1::text[], $2::text[]) as who (label, name)
    where i.label = who.label and i.name = who.name and r.instance_id = i.id
      and not exists (select from unnest($3::text[], $4::text[], $5::uuid[]) as kept (label, name, set_id)
                      where kept.label = who.label and kept.name = who.name and kept.set_id = r.set_id))sql"};

const Sql<void(Strings, Strings, Timestamp)> note_seen{"instance.note_seen", R"sql(
    update instance i set seen_at = greatest(i.seen_at, $3) from unnest($1::text[], $2::text[]) as who (label, name)
    where i.label = who.label and i.name = who.name)sql"};

const Sql<InstanceOfSet(ListInstances, InstancesOf)> list_instances{
    "instance.list", "select * from (" GRAVITY_INSTANCES_OF_SET ") found where ($state::text is null or found.state = $state) and $page(instance)"};

const Sql<InstanceSummary(InstancesOf)> summarize_instances{
    "instance.summarize", "select (select number from head where set_id = $set_id) as release, count(*) as total, "
                          "count(*) filter (where state = 'current') as current, "
                          "count(*) filter (where state = 'behind') as behind, count(*) filter (where state = 'failed') as failed, "
                          "count(*) filter (where state = 'silent') as silent from (" GRAVITY_INSTANCES_OF_SET ") found"};

const Sql<Selecting(InstancesOf, int)> selections_of_set{
    "instance.selections", "select applications, profiles, count(*) as count, (array_agg(instance order by instance))[1:20] as names "
                           "from (" GRAVITY_INSTANCES_OF_SET ") found where state <> 'silent' group by applications, profiles order by count(*) desc, "
                           "applications, profiles limit $5"};

const Sql<Selecting(LabelName, Strings, std::string, int)> selections_of_applications{"instance.selections_of_applications", R"sql(
    select applications, profiles, count(*) as count, (array_agg(name order by name))[1:20] as names from instance
    where label = $1 and applications && $2::text[] and ($3 = 'default' or $3 = any(profiles)) and seen_at >= now() - interval '5 minutes'
    group by applications, profiles order by count(*) desc, applications, profiles limit $4)sql"};

const Sql<std::int64_t(Timestamp, int)> forget_instances{"instance.forget", R"sql(
    with gone as (delete from instance where id in (select id from instance where seen_at < $1 limit $2) returning id)
    select count(*) from gone)sql"};

} // namespace gravity::config
