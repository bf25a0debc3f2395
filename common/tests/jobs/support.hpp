#pragma once

#include <gravity/jobs/runner.hpp>
#include <gravity/pg/database.hpp>
#include <gravity/testkit/loop.hpp>
#include <gravity/testkit/postgres.hpp>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

/// One process that does jobs: an I/O thread, a pool, a runner. Several of them beside one another are replicas.
namespace gravity::jobs::test {

using namespace std::chrono_literals;
using testkit::until;

class Replica {
    testkit::Loop loop_;

public:
    boost::asio::io_context& io = loop_.io();
    Resources resources;
    std::unique_ptr<pg::Database> database;
    std::unique_ptr<Runner> runner;

    Replica(const std::string& url, std::vector<Function> functions, RunnerOptions options = {.poll = 100ms}) {
        pg::Options store;
        store.url = url;
        store.on_written = [this](pg::Written written) {
            if (written.jobs) runner->wake();
        };
        database = std::make_unique<pg::Database>(std::move(store), io);
        runner = std::make_unique<Runner>(io, *database, resources, std::move(functions), options);
    }
    ~Replica() { kill(); }

    Replica& start() {
        runner->start();
        loop_.start();
        return *this;
    }
    /// Ends at once, as kill -9 does: nothing is given back.
    void kill() {
        loop_.stop();
        database.reset();
    }
    /// Ends as SIGTERM does.
    void drain(std::chrono::milliseconds grace = 10s) {
        const auto deadline = std::chrono::steady_clock::now() + grace;
        loop_.await<void>([this, deadline] { return runner->drain(deadline); });
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
};

} // namespace gravity::jobs::test
