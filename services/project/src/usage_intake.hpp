#pragma once

#include "usage_recording.hpp"

#include <gravity/async/task.hpp>
#include <gravity/http/ctx.hpp>
#include <gravity/resilience/single_flight.hpp>

#include <chrono>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace gravity::pg {
class Database;
}

namespace gravity::project {

/// Counts what is reported, of each project one transaction at a time. Each would wait for the totals that the one before holds until they are on disk, so what
/// comes meanwhile is counted together, in the next. I/O thread only; the database outlives it.
class UsageIntake {
public:
    static constexpr std::size_t most_at_once = 2'000; // events in a transaction, unless a single report has more

    explicit UsageIntake(pg::Database& database) : database_(database) {}

    /// What became of these events of the project. Throws Refusal where the store is away, to all whose events were to be counted together; and when the
    /// request's time is over: then the events may be counted or not.
    Task<Recorded> record(Ctx& ctx, ProjectId project, std::vector<UsageEvent> events, std::vector<PlanQuota> plan);

private:
    /// What is counted together.
    struct Lot {
        std::vector<std::vector<UsageEvent>> reports;
        std::size_t events = 0;
        std::vector<PlanQuota> plan;
        std::chrono::steady_clock::time_point deadline{}; // of whoever waits longest
        std::string traceparent; // of whoever came first
        bool begun = false, done = false;
        std::vector<Recorded> recorded; // of each report
        std::exception_ptr failure;
    };
    using LotPtr = std::shared_ptr<Lot>;
    /// Whoever leaves before it was begun takes their events along.
    class Seat;
    LotPtr lot_with_room(const ProjectId& project, std::size_t events);
    Task<bool> count_next(ProjectId project);

    pg::Database& database_;
    std::map<ProjectId, std::deque<LotPtr>> waiting_; // none of them begun
    resilience::SingleFlight<ProjectId, bool> flights_;
};

} // namespace gravity::project
