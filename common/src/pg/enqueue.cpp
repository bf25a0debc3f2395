// Tx::enqueue: the insert half of jobs, where it can be part of any transaction. The other half is src/jobs.
#include "pg/tx_state.hpp"

#include <gravity/json/codec.hpp>

namespace gravity {
namespace {

struct NewJob {
    JobId id;
    std::string kind;
    std::optional<std::string> key;
    Json payload;
    std::string caller;
    std::optional<std::string> traceparent;
    Timestamp due;
    int max_attempts;
    bool again;
    Timestamp now;
};
BOOST_DESCRIBE_STRUCT(NewJob, (), (id, kind, key, payload, caller, traceparent, due, max_attempts, again, now))

// The nil project is the platform's own: only Scope::system writes and sees it.
const Sql<Job(NewJob)> insert_job{"gravity.job.insert", R"sql(
    insert into gravity.job (id, project, kind, key, payload, caller, traceparent, due_at, max_attempts, created_at)
    values ($id, coalesce(gravity.current_project(), '00000000-0000-0000-0000-000000000000'), $kind, $key, $payload, $caller, $traceparent, $due,
            $max_attempts, $now)
    on conflict (project, kind, key) where state in ('waiting', 'running') and key is not null do nothing
    returning *)sql"};

const Sql<Job(NewJob)> join_job{"gravity.job.join", R"sql(
    update gravity.job set due_at = case when state = 'waiting' then least(due_at, $due) else due_at end, again = again or ($again and state = 'running')
    where project = coalesce(gravity.current_project(), '00000000-0000-0000-0000-000000000000') and kind = $kind and key = $key
          and state in ('waiting', 'running')
    returning *)sql"};

} // namespace

void Tx::wake_jobs() { state_.written.jobs = true; }

Job Tx::enqueue_job(const JobKind& kind, meta::Ref input, const Enqueue& how) {
    NewJob row{new_id<JobId>(), std::string(kind.name), std::nullopt, json::to_document(input), scope().subject, std::nullopt,
               how.due.is_set() ? how.due : now(), kind.max_attempts, how.again, now()};
    if (!how.key.empty()) row.key = how.key;
    if (!state_.run.traceparent.empty()) row.traceparent = state_.run.traceparent;
    wake_jobs();
    // The one that is there may end between the two statements; then it is no longer in the way of the insert.
    for (int attempt = 0; attempt < 3; ++attempt) {
        if (auto job = maybe(insert_job, row)) return *std::move(job);
        if (auto job = maybe(join_job, row)) return *std::move(job);
    }
    throw Refusal(problems::conflict, "Jobs of one key come and go too fast; try again");
}

} // namespace gravity
