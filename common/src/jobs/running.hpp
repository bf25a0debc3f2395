#pragma once

#include "jobs/store.hpp"

#include <gravity/jobs/job.hpp>
#include <gravity/jobs/runner.hpp>
#include <gravity/log/log.hpp>
#include <gravity/pg/database.hpp>
#include <gravity/trace/span.hpp>

#include <optional>

namespace gravity::jobs {

/// One job that is being done here. I/O thread; a worker reads what does not change while it works.
struct Running {
    Running(Claimed job, pg::Database& store, const Resources& provided, std::chrono::milliseconds lease_time);

    Claimed claimed;
    Lease lease;
    pg::Database& database;
    const Resources& resources;
    double lease_seconds;
    log::Scope scope;
    std::optional<trace::Span> span; // of a job that was asked for in a trace
    std::string traceparent;         // of that span, else empty

    double share = 0;
    std::optional<Json> result{};
    std::optional<JobStopped::Why> stop{};

    /// How its transactions run: in its project, in the name of who asked for it, as part of their trace.
    pg::Run how() const;
};

} // namespace gravity::jobs
