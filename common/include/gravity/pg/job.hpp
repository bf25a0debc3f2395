#pragma once

#include <gravity/base/time.hpp>
#include <gravity/base/uuid.hpp>
#include <gravity/json/json.hpp>
#include <gravity/meta/describe.hpp>

#include <optional>
#include <string>
#include <string_view>

/// Work that a transaction leaves for later, as `Tx::enqueue` takes and answers it. Who does it: jobs/job.hpp.
namespace gravity {

using JobId = Id<"job">;

/// Names a kind of work on the described struct of its input: `static constexpr JobKind job{"product-import"};`.
struct JobKind {
    std::string_view name;
    int max_attempts = 10; // a worker that died counts as one; then the job has failed for good
};

enum class JobState {
    waiting,
    running,
    done,
    failed,
    cancelled
};
BOOST_DESCRIBE_ENUM(JobState, waiting, running, done, failed, cancelled)

/// Why a job failed, in the terms of a problem document.
struct JobError {
    std::string type;
    std::string title;
    std::optional<std::string> detail;
};
BOOST_DESCRIBE_STRUCT(JobError, (), (type, title, detail))

/// A job as its owner sees it: `Accepted<Job>` of the route that starts it, and what the routes of jobs/routes.hpp answer.
struct Job {
    JobId id;
    std::string kind;
    JobState state = JobState::waiting;
    double progress = 0;
    std::optional<Json> result;
    std::optional<JobError> error;
    Timestamp created_at;
    std::optional<Timestamp> finished_at;
};
BOOST_DESCRIBE_STRUCT(Job, (), (id, kind, state, progress, result, error, created_at, finished_at))

/// How a job is to be kept: `tx.enqueue(ImportProducts{...}, {.key = "import"})`.
struct Enqueue {
    /// Not empty: at most one unfinished job of this kind and key in the project. If there is one, that one is answered, and what was asked
    /// now is taken as asked then (its input stays; it becomes due earlier if this is).
    std::string key{};
    Timestamp due{};    // unset: at once
    bool again = false; // with a key: if the one that is there runs already, it runs once more after that, for it may have looked before this change
};

} // namespace gravity

template <>
struct gravity::meta::docs<gravity::Job> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"progress", "Share that is done, 0 to 1"},
        {"result", "What it came to, once done"},
        {"error", "Why it failed"},
    };
};
