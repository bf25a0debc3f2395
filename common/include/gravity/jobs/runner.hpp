#pragma once

#include <gravity/jobs/schedule.hpp>

#include <chrono>
#include <memory>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace gravity::pg {
class Database;
}

namespace gravity::jobs {

struct RunnerOptions {
    std::chrono::milliseconds poll{5'000};   // how long work of another replica may lie before it is seen here
    std::chrono::milliseconds lease{30'000}; // a worker that has not been heard of for so long has lost its job
    int plain_slots = 4;                     // jobs at a time: each occupies a database worker
    int long_slots = 4;
    std::vector<Schedule> schedules{};
};

/// Does the jobs of this database that its functions know, beside other replicas. Projects take turns: the one with the fewest running jobs is
/// served first. I/O thread, but for what says otherwise.
class Runner {
public:
    Runner(boost::asio::io_context& io, pg::Database& database, const Resources& resources, std::vector<Function> functions, RunnerOptions options = {});
    ~Runner();
    Runner(const Runner&) = delete;
    Runner& operator=(const Runner&) = delete;

    void start();
    /// There may be work (or a cancellation) right now. Any thread; cheap.
    void wake();
    /// Takes no more jobs, lets running ones end until the deadline, and gives up the leases of long ones at their next step, so that another
    /// replica goes on from their checkpoint at once.
    Task<void> drain(std::chrono::steady_clock::time_point deadline);

    /// Jobs running here. Any thread.
    int running() const;

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

} // namespace gravity::jobs
