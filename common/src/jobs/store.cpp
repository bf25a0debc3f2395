#include "jobs/store.hpp"

#include <gravity/jobs/job.hpp>

namespace gravity::jobs {

// A worker that died, or stood still for too long. The first loss is made good at once, a job that kills its workers comes back ever later.
const Sql<std::int64_t(Timestamp)> reap_jobs{"gravity.job.reap", R"sql(
    with lost as (
        select id from gravity.job where state = 'running' and lease_until < clock_timestamp() limit 100 for update skip locked),
    reaped as (
        update gravity.job j set
            state = case when cancel_requested then 'cancelled' when attempts >= max_attempts then 'failed' else 'waiting' end,
            finished_at = case when cancel_requested or attempts >= max_attempts then $1::timestamptz end,
            due_at = $1::timestamptz + make_interval(secs => random() * (power(2, least(attempts, 10) - 1) - 1)),
            error = case when not cancel_requested and attempts >= max_attempts
                         then '{"type": "urn:gravity:problem:internal", "title": "The job could not be completed"}'::jsonb end,
            last_error = 'the worker was lost', lease_until = null
        from lost where j.id = lost.id returning 1)
    select count(*) from reaped)sql"};

// The projects with due work, each found by one step in the index; those with the fewest running jobs first, by lot
// among equals; of each the oldest.
const Sql<Claimed(ClaimQuery)> claim_jobs{"gravity.job.claim", R"sql(
    with recursive heads(project) as (
        (select project from gravity.job where state = 'waiting' and due_at <= $now and kind = any($kinds) order by project, due_at limit 1)
        union all
        select n.project from heads h cross join lateral (
            select j.project from gravity.job j
            where j.state = 'waiting' and j.due_at <= $now and j.kind = any($kinds) and j.project > h.project
            order by j.project, j.due_at limit 1) n),
    turns as (
        select h.project from heads h
        order by (select count(*) from gravity.job r where r.state = 'running' and r.project = h.project), random()
        limit $free::bigint),
    taken as (
        select t.id from turns cross join lateral (
            select j.id from gravity.job j
            where j.project = turns.project and j.state = 'waiting' and j.due_at <= $now and j.kind = any($kinds)
            order by j.due_at limit (select greatest(1, $free::bigint / greatest(1, count(*))) from turns)
            for update skip locked) t
        limit $free::bigint)
    update gravity.job j set state = 'running', attempts = attempts + 1, token = token + 1,
           lease_until = clock_timestamp() + make_interval(secs => $lease_seconds)
    from taken where j.id = taken.id
    returning j.id, nullif(j.project, '00000000-0000-0000-0000-000000000000') as project, j.kind, j.payload, j.caller, j.traceparent, j.token,
              j.attempts, j.max_attempts, j.checkpoint)sql"};

const Sql<std::optional<Timestamp>(std::vector<std::string>)> next_due{"gravity.job.next_due", R"sql(
    select min(due_at) from gravity.job where state = 'waiting' and kind = any($1))sql"};

const Sql<Heard(Beats)> beat_jobs{"gravity.job.beat", R"sql(
    update gravity.job j set lease_until = clock_timestamp() + make_interval(secs => $lease_seconds), progress = greatest(j.progress, b.share)
    from unnest($ids::uuid[], $tokens::bigint[], $shares::double precision[]) b(id, token, share)
    where j.id = b.id and j.token = b.token and j.state = 'running'
    returning j.id, j.cancel_requested)sql"};

// Last statement of every transaction of a long job: no row means that the job is another worker's, and the transaction is rolled back.
const Sql<bool(Lease, Step)> step_job{"gravity.job.step", R"sql(
    update gravity.job set lease_until = clock_timestamp() + make_interval(secs => $lease_seconds), progress = greatest(progress, $progress),
           checkpoint = coalesce($checkpoint, checkpoint)
    where id = $id and token = $token and state = 'running'
    returning cancel_requested)sql"};

const Sql<void(Lease, std::optional<Json>, Timestamp)> finish_job{"gravity.job.finish", R"sql(
    update gravity.job set
        state = case when again then 'waiting' else 'done' end, again = false,
        attempts = case when again then 0 else attempts end,
        due_at = case when again then $4 else due_at end,
        progress = case when again then 0 else 1 end,
        finished_at = case when again then null else $4 end,
        result = $3, checkpoint = null, error = null, lease_until = null
    where id = $1 and token = $2 and state = 'running')sql"};

// Whoever asked for it to run again meanwhile gets a fresh one. Of one that was postponed the next run is that, and at once: what it waits for may have come.
const Sql<void(Lease, Outcome)> leave_job{"gravity.job.leave", R"sql(
    update gravity.job set
        state = case when cancel_requested and $state = 'waiting' then 'cancelled' when again and $state = 'failed' then 'waiting' else $state end,
        finished_at = case when $state in ('failed', 'cancelled') and not (again and $state = 'failed') or cancel_requested then $now::timestamptz end,
        due_at = case when $state = 'waiting' and ($counted or not again) then $due else $now end,
        attempts = case when again and $state = 'failed' then 0 when $counted then attempts else attempts - 1 end,
        again = again and $state <> 'failed' and ($counted or $due <= $now),
        error = $error, last_error = coalesce($last_error, last_error), lease_until = null
    where id = $id and token = $token and state = 'running')sql"};

namespace {

const Sql<Job(JobId, std::string)> get_job{"gravity.job.get", "select * from gravity.job where id = $1 and kind = $2"};

const Sql<Job(JobId, std::string, Timestamp)> cancel_job{"gravity.job.cancel", R"sql(
    update gravity.job set state = case when state = 'waiting' then 'cancelled' else state end,
           finished_at = case when state = 'waiting' then $3::timestamptz end, cancel_requested = true, again = false
    where id = $1 and kind = $2 and state in ('waiting', 'running') returning *)sql"};

} // namespace

Job find(Tx& tx, const JobKind& kind, JobId id) { return tx.one(get_job, id, std::string(kind.name)); }

Job cancel(Tx& tx, const JobKind& kind, JobId id) {
    auto job = tx.maybe(cancel_job, id, std::string(kind.name), tx.now());
    if (!job) return find(tx, kind, id); // it has ended
    tx.wake_jobs();
    return *std::move(job);
}

} // namespace gravity::jobs
