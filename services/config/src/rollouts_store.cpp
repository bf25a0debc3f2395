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
const Sql<RolloutHealth(ConfigSetId, ReleaseNumber, Timestamp)> rollout_health{"rollout.health", R"sql(
    select count(*) filter (where status = 'applied') as applied, count(*) filter (where status = 'failed') as failed,
           count(*) filter (where since >= $3) as told_of_step, count(*) filter (where since >= $3 and status <> 'told') as said_of_step
    from instance_release where set_id = $1 and number = $2)sql"};
const Sql<void(ConfigSetId, ReleaseNumber, ReleaseNumber)> rebase_draft{"draft.rebase", R"sql(
    update draft set base_number = $3, version = version + 1,
           editors = case when items = coalesce((select jsonb_object_agg(i.key, i.value) from release_item i where i.set_id = $1 and i.number = $3), '{}')
                          then '{}' else editors end
    where set_id = $1 and base_number = $2)sql"};

} // namespace gravity::config
