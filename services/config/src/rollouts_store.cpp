#include "rollouts_store.hpp"

#include "problems.hpp"

namespace gravity::config {

const Sql<Rollout(Rollout, Timestamp)> insert_rollout{
    "rollout.insert",
    R"sql(
    insert into rollout (id, set_id, from_number, to_number, steps, bake_seconds, failed_percent, state, step, baking_since, look_at, started_by,
                         created_at, updated_at)
    values ($id, $set_id, $from_number, $to_number, $steps, $bake_seconds, $failed_percent, $state, $step, $baking_since,
            $17, $started_by, $created_at, $updated_at)
    returning *)sql",
    {{"rollout_open", rollout_unfinished}}};
const Sql<Rollout(Rollout, Timestamp)> save_rollout{"rollout.save", R"sql(
    update rollout set state = $state, reason = $reason, step = $step, baking_since = $baking_since, look_at = $17, version = version + 1,
           updated_at = $updated_at
    where id = $id returning *)sql"};
const Sql<Rollout(Rollout, std::int64_t)> end_rollout{"rollout.end", R"sql(
    update rollout set state = $state, reason = $reason, version = version + 1, updated_at = $updated_at, ended_at = $updated_at, ended_seq = $17
    where id = $id returning *)sql"};
const Sql<Rollout(ConfigSetId, RolloutId)> get_rollout{"rollout.get", "select * from rollout where set_id = $1 and id = $2"};
const Sql<Rollout(ConfigSetId, RolloutId)> lock_rollout{"rollout.lock", "select * from rollout where set_id = $1 and id = $2 for update"};
const Sql<Rollout(ListRollouts, ConfigSetId)> list_rollouts{"rollout.list", "select * from rollout where set_id = $3 and $page(created_at desc, id desc)"};
const Sql<ConfigSetId(RolloutId)> set_of_rollout{"rollout.set", "select set_id from rollout where id = $1"};
const Sql<Rollout(ConfigSetId)> open_rollout{"rollout.open", "select * from rollout where set_id = $1 and state in ('baking', 'paused')"};
const Sql<Rollout(RolloutId, Timestamp)> lock_due_rollout{"rollout.lock_due", R"sql(
    select * from rollout where id = $1 and look_at = $2 and state in ('baking', 'paused') for update)sql"};
const Sql<void(RolloutId, Timestamp)> look_later{"rollout.look_later", "update rollout set look_at = $2 where id = $1"};
const Sql<DueRollout(Timestamp)> forgotten_rollouts{"rollout.forgotten", R"sql(
    select id, look_at from rollout where state in ('baking', 'paused') and look_at < $1 order by look_at limit 100)sql"};
const Sql<void(RolloutStep)> insert_rollout_step{"rollout_step.insert", R"sql(
    insert into rollout_step (rollout_id, step, share, seq, begun_at) values ($rollout_id, $step, $share, $seq, $begun_at))sql"};
const Sql<RolloutHealth(ConfigSetId, ReleaseNumber, Timestamp, std::vector<std::string>)> rollout_health{"rollout.health", R"sql(
    select count(*) filter (where said = 'applied') as applied, count(*) filter (where said = 'failed') as failed,
           count(*) filter (where since >= $3) as told_of_step, count(*) filter (where since >= $3 and said <> 'told') as said_of_step
    from (select r.since, case when i.name = any($4::text[]) then 'failed' else r.status end as said
          from instance_release r join instance i on i.id = r.instance_id where r.set_id = $1 and r.number = $2) has)sql"};
const Sql<std::string(RolloutId)> applications_of_rollout{"rollout.applications", R"sql(
    select distinct a.name from rollout o join instance_release r on r.set_id = o.set_id join instance i on i.id = r.instance_id,
           unnest(i.applications) as a (name)
    where o.id = $1 order by a.name limit 20)sql"};
const Sql<void(RolloutId, ConfigSetId, std::vector<std::string>, std::vector<int>, std::vector<int>)> save_rollout_checks{"rollout_check.save", R"sql(
    insert into rollout_check (rollout_id, instance, state, reached)
    select $1, i.name, m.state, m.reached = 1 from unnest($3::text[], $4::integer[], $5::integer[]) as m (name, state, reached)
    join instance i on i.name = m.name join instance_release r on r.instance_id = i.id and r.set_id = $2
    order by i.name
    on conflict (rollout_id, instance) do update set state = excluded.state where not excluded.reached)sql"};
const Sql<std::string(RolloutId, std::vector<std::string>, std::vector<int>)> worse_checks{"rollout_check.worse", R"sql(
    select c.instance from unnest($2::text[], $3::integer[]) as m (name, state) join rollout_check c on c.rollout_id = $1 and c.instance = m.name
    where m.state > c.state)sql"};
const Sql<void(ConfigSetId, ReleaseNumber, ReleaseNumber)> rebase_draft{"draft.rebase", R"sql(
    update draft set base_number = $3, version = version + 1,
           editors = case when items = coalesce((select jsonb_object_agg(i.key, i.value) from release_item i where i.set_id = $1 and i.number = $3), '{}')
                          then '{}' else editors end
    where set_id = $1 and base_number = $2)sql"};

} // namespace gravity::config
