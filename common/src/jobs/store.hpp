#pragma once

#include <gravity/pg/tx.hpp>

#include <string>
#include <vector>

/// The statements of the job table. Those of the runner need Scope::system.
namespace gravity::jobs {

struct ClaimQuery {
    std::vector<std::string> kinds;
    std::int64_t free = 0;
    double lease_seconds = 0;
    Timestamp now;
};
BOOST_DESCRIBE_STRUCT(ClaimQuery, (), (kinds, free, lease_seconds, now))

struct Claimed {
    JobId id;
    std::optional<ProjectId> project; // none: the platform's own
    std::string kind;
    Json payload;
    std::string caller;
    std::optional<std::string> traceparent;
    std::int64_t token = 0;
    int attempts = 0;
    int max_attempts = 0;
    std::optional<Json> checkpoint;
};
BOOST_DESCRIBE_STRUCT(Claimed, (), (id, project, kind, payload, caller, traceparent, token, attempts, max_attempts, checkpoint))

/// Names a claim: what every write of a worker is fenced by.
struct Lease {
    JobId id;
    std::int64_t token = 0;
};
BOOST_DESCRIBE_STRUCT(Lease, (), (id, token))

struct Step {
    double lease_seconds = 0;
    double progress = 0;
    std::optional<Json> checkpoint;
};
BOOST_DESCRIBE_STRUCT(Step, (), (lease_seconds, progress, checkpoint))

struct Beats {
    std::vector<JobId> ids;
    std::vector<std::int64_t> tokens;
    std::vector<double> shares;
    double lease_seconds = 0;
};
BOOST_DESCRIBE_STRUCT(Beats, (), (ids, tokens, shares, lease_seconds))

struct Heard {
    JobId id;
    bool cancel_requested = false;
};
BOOST_DESCRIBE_STRUCT(Heard, (), (id, cancel_requested))

struct Outcome {
    JobState state = JobState::waiting; // waiting: to be tried again at `due`
    Timestamp due;
    bool counted = true; // the attempt counts
    std::optional<JobError> error;
    std::optional<std::string> last_error;
    Timestamp now;
};
BOOST_DESCRIBE_STRUCT(Outcome, (), (state, due, counted, error, last_error, now))

extern const Sql<std::int64_t(Timestamp)> reap_jobs;
extern const Sql<Claimed(ClaimQuery)> claim_jobs;
extern const Sql<std::optional<Timestamp>(std::vector<std::string>)> next_due;
extern const Sql<Heard(Beats)> beat_jobs;
extern const Sql<bool(Lease, Step)> step_job;
extern const Sql<void(Lease, std::optional<Json>, Timestamp)> finish_job;
extern const Sql<void(Lease, Outcome)> leave_job;

} // namespace gravity::jobs
