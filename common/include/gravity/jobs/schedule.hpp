#pragma once

#include <gravity/base/codes.hpp>
#include <gravity/jobs/cron.hpp>
#include <gravity/jobs/job.hpp>

#include <string>

namespace gravity::jobs {

/// What becomes of times that passed while no replica was up.
enum class Missed : unsigned char {
    once, // made good by one run, however many there were
    skip  // left out: the next time counts
};

struct ScheduleOptions {
    std::string name{};         // empty: the job's kind; tells two schedules of one kind apart
    TimeZone zone{"UTC"};       // the cron expression is read on its clocks
    bool each_project = false;  // one job for each project that has ever written here; else one without a project (only the platform's tables)
    Missed missed = Missed::once;
};

/// Leaves a job whenever its cron expression says so, once over all replicas. A job of it that is still unfinished then is not joined by a second.
struct Schedule {
    std::string kind;
    int max_attempts = 10;
    Json input;
    Cron cron;
    ScheduleOptions options;

    const std::string& name() const { return options.name.empty() ? kind : options.name; }
};

template <class P>
Schedule schedule(Cron cron, const P& input, ScheduleOptions options = {}) {
    return {std::string(P::job.name), P::job.max_attempts, json::to_document(input), std::move(cron), std::move(options)};
}

} // namespace gravity::jobs
