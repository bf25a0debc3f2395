#pragma once

#include <gravity/async/sleep.hpp>
#include <gravity/jobs/runner.hpp>
#include <gravity/pg/database.hpp>
#include <gravity/testkit/postgres.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

/// One process that does jobs: an I/O thread, a pool, a runner. Several of them beside one another are replicas.
namespace gravity::jobs::test {

using namespace std::chrono_literals;

inline void until(const std::function<bool()>& condition, std::chrono::milliseconds limit = 30s) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("the condition did not come true in time");
        std::this_thread::sleep_for(2ms);
    }
}

class Replica {
public:
    boost::asio::io_context io{1};
    Resources resources;
    std::unique_ptr<pg::Database> database;
    std::unique_ptr<Runner> runner;

    Replica(const std::string& url, std::vector<Function> functions, RunnerOptions options = {.poll = 100ms}) {
        pg::Options store;
        store.url = url;
        store.on_written = [this](pg::Written written) {
            if (written.jobs) runner->wake();
        };
        database = std::make_unique<pg::Database>(std::move(store), io.get_executor());
        runner = std::make_unique<Runner>(io, *database, resources, std::move(functions), options);
    }
    ~Replica() { kill(); }

    Replica& start() {
        runner->start();
        thread_ = std::thread([this] { io.run(); });
        return *this;
    }
    /// Ends at once, as kill -9 does: nothing is given back.
    void kill() {
        guard_.reset();
        io.stop();
        if (thread_.joinable()) thread_.join();
        database.reset();
    }
    /// Ends as SIGTERM does.
    void drain(std::chrono::milliseconds grace = 10s) {
        std::promise<void> done;
        Runner* r = runner.get();
        const auto deadline = std::chrono::steady_clock::now() + grace;
        spawn(io, "drain", [r, deadline, &done] { return drain_and_tell(r, deadline, &done); });
        done.get_future().wait();
        kill();
    }

    void in(const pg::Scope& scope, const std::function<void(Tx&)>& work) {
        pg::Run run;
        run.scope = scope;
        database->run_blocking(run, work);
    }
    template <class P>
    Job enqueue(ProjectId project, const P& input, const Enqueue& how = {}) {
        Job job;
        in(pg::Scope::project(project, "tester"), [&](Tx& tx) { job = tx.enqueue(input, how); });
        return job;
    }
    template <class P>
    Job find(ProjectId project, JobId id) {
        Job job;
        in(pg::Scope::project(project), [&](Tx& tx) { job = jobs::find(tx, P::job, id); });
        return job;
    }
    template <class P>
    Job wait_for(ProjectId project, JobId id, JobState state) {
        Job job;
        until([&] {
            job = find<P>(project, id);
            return job.state == state;
        });
        return job;
    }

private:
    static Task<void> drain_and_tell(Runner* runner, std::chrono::steady_clock::time_point deadline, std::promise<void>* done) {
        co_await runner->drain(deadline);
        done->set_value();
    }

    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{io.get_executor()};
    std::thread thread_;
};

} // namespace gravity::jobs::test
