// Reads that wait on the I/O thread: what they share it with goes on, and what they cannot do there is done elsewhere.
#include "pg/fiber.hpp"
#include "pg/tx_state.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/log/log.hpp>
#include <gravity/pg/database.hpp>
#include <gravity/testkit/fault_proxy.hpp>
#include <gravity/testkit/loop.hpp>
#include <gravity/testkit/postgres.hpp>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <vector>

namespace gravity {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

const Sql<std::int64_t()> one{"lane.one", "select 1::bigint"};
const Sql<std::int64_t()> backend{"lane.backend", "select pg_backend_pid()::bigint"};
const Sql<std::string(double)> nap{"lane.nap", "select pg_sleep($1)::text"};
const Sql<std::int64_t()> divided{"lane.divided", "select 1 / (pg_backend_pid() - pg_backend_pid())::bigint"};

/// Tells that the function it was in has been left.
struct Noted {
    bool& gone;
    ~Noted() { gone = true; }
};

class LaneTest : public testing::Test {
protected:
    testkit::TestDatabase store;
    testkit::Loop loop;
    std::optional<pg::Database> database;
    std::thread::id loop_thread;

    void start(int connections, std::string url = {}) {
        pg::Options options;
        options.url = url.empty() ? store.url() : std::move(url);
        options.pool_max = connections;
        database.emplace(std::move(options), loop.io());
        loop.start();
        loop.await<void>([this] { return note_thread(); });
    }
    Task<void> note_thread() {
        loop_thread = std::this_thread::get_id();
        co_return;
    }
    ~LaneTest() override { database.reset(); }

    static pg::Run how(bool read_only = true) {
        pg::Run run;
        run.scope = pg::Scope::system("test");
        run.read_only = read_only;
        return run;
    }
    Task<void> nothing_stayed() {
        EXPECT_EQ(log::current_scope(), nullptr);
        EXPECT_EQ(std::current_exception(), nullptr);
        co_return;
    }
    std::string sleeping() const {
        return store.admin("select count(*) from pg_stat_activity where wait_event = 'PgSleep' and datname = '" + store.name() + "'");
    }

    /// Begins, and is answered for by the future.
    std::future<void> begin(pg::Run run, std::function<void(Tx&)> work) {
        const auto promise = std::make_shared<std::promise<void>>();
        spawn(loop.io(), "test", [this, promise, run, work] { return finish(promise, run, work); });
        return promise->get_future();
    }
    Task<void> finish(std::shared_ptr<std::promise<void>> promise, pg::Run how, std::function<void(Tx&)> work) {
        try {
            co_await database->run(std::move(how), std::move(work));
            promise->set_value();
        } catch (...) {
            promise->set_exception(std::current_exception());
        }
    }
    std::future<void> begin(std::function<void(Tx&)> work) { return begin(how(), std::move(work)); }

    /// Opens so many connections: each has been used once, and lies idle.
    void open(std::int64_t connections) {
        std::set<std::int64_t> seen;
        while (static_cast<std::int64_t>(seen.size()) < connections) {
            std::vector<std::future<void>> all;
            std::mutex mutex;
            for (std::int64_t i = 0; i < connections; ++i)
                all.push_back(begin([&](Tx& tx) {
                    tx.one(nap, 0.02);
                    const auto pid = tx.one(backend);
                    const std::lock_guard lock(mutex);
                    seen.insert(pid);
                }));
            for (auto& each : all) each.get();
        }
    }
    std::string slug_of(std::future<void> answer) {
        try {
            answer.get();
        } catch (const Refusal& refusal) {
            return std::string(refusal.problem().slug);
        }
        return "none";
    }
};

TEST_F(LaneTest, AReadRunsOnTheThreadOfTheLoopAndDoesNotHoldIt) {
    start(2);
    open(2);
    std::thread::id first, second, write;
    auto slow = begin([&](Tx& tx) {
        first = std::this_thread::get_id();
        tx.one(nap, 30.0);
    });
    begin([&](Tx& tx) {
        tx.one(one);
        second = std::this_thread::get_id();
    }).get(); // answered while the other waits
    begin(how(false), [&](Tx& tx) {
        tx.one(one);
        write = std::this_thread::get_id();
    }).get();
    EXPECT_EQ(slow.wait_for(0s), std::future_status::timeout);
    EXPECT_EQ(first, loop_thread);
    EXPECT_EQ(second, loop_thread);
    EXPECT_NE(write, loop_thread);
    store.admin("select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'PgSleep' and datname = '" + store.name() + "'");
    EXPECT_EQ(slug_of(std::move(slow)), "deadline-exceeded");
}

TEST_F(LaneTest, ManyMoreThanThereAreConnectionsAreAllAnswered) {
    start(3);
    std::vector<std::future<void>> all;
    std::atomic<int> reads{0}, writes{0};
    for (int i = 0; i < 400; ++i)
        all.push_back(begin(how(i % 5 != 0), [&, i](Tx& tx) {
            EXPECT_EQ(tx.one(one), 1);
            ++(i % 5 == 0 ? writes : reads);
        }));
    for (auto& each : all) each.get();
    EXPECT_EQ(reads, 320);
    EXPECT_EQ(writes, 80);
    EXPECT_LE(database->stats().connections, 3);
    testkit::until([&] { return database->stats().busy == 0; });
    EXPECT_EQ(database->stats().queued, 0);
}

TEST_F(LaneTest, AConnectionThatDiedIdleIsReplacedUnseen) {
    start(2);
    open(2);
    store.cut_connections();
    std::vector<std::future<void>> all;
    for (int i = 0; i < 20; ++i) all.push_back(begin([](Tx& tx) { EXPECT_EQ(tx.one(one), 1); }));
    for (auto& each : all) each.get();
    EXPECT_LE(database->stats().connections, 2);
}

TEST_F(LaneTest, AConnectionThatDiesUnderAReadIsReplacedAndTheReadRunsAgain) {
    start(1);
    open(1);
    std::atomic<int> runs{0};
    auto answer = begin([&](Tx& tx) {
        if (++runs == 1) tx.one(nap, 30.0);
        EXPECT_EQ(tx.one(one), 1);
    });
    testkit::until([&] { return sleeping() == "1"; });
    store.cut_connections();
    answer.get();
    EXPECT_EQ(runs, 2);
}

TEST_F(LaneTest, AServerThatSaysNothingIsGivenUpAfterTheDeadline) {
    const auto place = store.url();
    testkit::FaultProxy proxy("127.0.0.1", static_cast<std::uint16_t>(std::stoi(place.substr(place.rfind(':') + 1))));
    start(1, proxy.in_front_of(place));
    open(1);
    proxy.silence();
    pg::Run run = how();
    run.deadline = Steady::now() + 200ms;
    EXPECT_EQ(slug_of(begin(run, [](Tx& tx) { tx.one(one); })), "deadline-exceeded");
    proxy.pass();
    begin([](Tx& tx) { EXPECT_EQ(tx.one(one), 1); }).get();
    database.reset(); // before its proxy
}

TEST_F(LaneTest, AStatementLargerThanTheSocketsRoomGoesOut) {
    static const Sql<std::int64_t(std::string)> length{"lane.length", "select length($1)::bigint"};
    start(1);
    open(1);
    const std::string large(20'000'000, 'x');
    auto answer = begin([&](Tx& tx) {
        EXPECT_EQ(std::this_thread::get_id(), loop_thread);
        EXPECT_EQ(tx.one(length, large), 20'000'000);
    });
    answer.get();
}

TEST_F(LaneTest, AnErrorLeavesTheConnectionGoodForTheNext) {
    start(1);
    open(1);
    EXPECT_EQ(slug_of(begin([](Tx& tx) { tx.one(divided); })), "invalid-value");
    EXPECT_THROW(begin([](Tx&) { throw std::runtime_error("the handler's own"); }).get(), std::runtime_error);
    begin([](Tx& tx) { EXPECT_EQ(tx.one(one), 1); }).get();
    EXPECT_EQ(database->stats().connections, 1);
}

// Each stops within its own `catch`: whose exception is being handled must not be mixed up, nor whose the lines of the log are.
TEST_F(LaneTest, WhatBelongsToTheFunctionStaysWithIt) {
    start(4);
    open(4);
    std::vector<std::future<void>> all;
    for (int i = 0; i < 40; ++i)
        all.push_back(begin([i](Tx& tx) {
            log::Scope scope;
            scope.trace_id = std::to_string(i);
            const log::ScopeGuard guard(scope);
            try {
                throw std::runtime_error(std::to_string(i));
            } catch (const std::exception&) {
                tx.one(nap, 0.001 * (i % 7));
                try {
                    throw;
                } catch (const std::exception& again) {
                    EXPECT_EQ(again.what(), std::to_string(i));
                }
                tx.one(one);
                EXPECT_EQ(std::uncaught_exceptions(), 0);
                EXPECT_EQ(log::current_scope(), &scope);
            }
        }));
    for (auto& each : all) each.get();
    loop.await<void>([this] { return nothing_stayed(); });
}

TEST_F(LaneTest, AReadThatIsUnderWayEndsWithThePoolWhileTheLoopGoesOn) {
    start(2);
    open(2);
    bool unwound = false;
    auto slow = begin([&](Tx& tx) {
        const Noted noted{unwound};
        tx.one(nap, 30.0);
    });
    testkit::until([&] { return sleeping() == "1"; });
    database.reset();
    EXPECT_TRUE(unwound);
    EXPECT_THROW(slow.get(), std::future_error); // it was dropped: nobody answers it any more
    loop.await<void>([this] { return note_thread(); });
}

TEST_F(LaneTest, AReadThatIsUnderWayEndsWithThePoolAfterTheLoop) {
    start(2);
    open(2);
    bool unwound = false, swallowed = false;
    auto slow = begin([&](Tx& tx) {
        const Noted noted{unwound};
        try {
            tx.one(nap, 30.0);
        } catch (...) { // whoever swallows it meets it again
            swallowed = true;
            tx.one(one);
        }
    });
    testkit::until([&] { return sleeping() == "1"; });
    loop.stop();
    database.reset();
    EXPECT_TRUE(unwound);
    EXPECT_TRUE(swallowed);
}

TEST(Fiber, StopsAndGoesOn) {
    std::vector<int> steps;
    pg::Fiber* self = nullptr;
    pg::Fiber fiber([&] {
        steps.push_back(1);
        self->suspend();
        steps.push_back(3);
    });
    self = &fiber;
    fiber.resume();
    steps.push_back(2);
    fiber.resume();
    EXPECT_EQ(steps, (std::vector<int>{1, 2, 3}));
}

TEST(Fiber, NeedNotBegin) {
    bool ran = false;
    {
        const pg::Fiber fiber([&] { ran = true; });
    }
    EXPECT_FALSE(ran);
}

} // namespace
} // namespace gravity
