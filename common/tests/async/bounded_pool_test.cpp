#include <gravity/async/bounded_pool.hpp>
#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/base/problem.hpp>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <latch>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

namespace gravity {
namespace {

using namespace std::chrono_literals;

std::chrono::steady_clock::time_point soon() { return std::chrono::steady_clock::now() + 30s; }

int tripled(int value) { return 3 * value; }
void refuse() { throw std::runtime_error("no"); }
void wait_for(std::latch* gate) { gate->wait(); }
int niceness() { return getpriority(PRIO_PROCESS, static_cast<id_t>(gettid())); }

Task<void> held(BoundedPool& pool, std::latch& gate, int& done) {
    co_await pool.run(soon(), wait_for, &gate);
    ++done;
}
Task<void> slug_of(BoundedPool& pool, std::chrono::steady_clock::time_point deadline, std::string& slug, std::string& retry_after) {
    try {
        const int result = co_await pool.run(deadline, tripled, 1);
        slug = std::to_string(result);
    } catch (const Refusal& refusal) {
        slug = refusal.problem().slug;
        for (const auto& [name, value] : refusal.headers()) retry_after = name + ": " + value;
    }
}

TEST(BoundedPools, ComeBackWithTheResultOnTheLoopsThread) {
    BoundedPool pool({.threads = 1});
    boost::asio::io_context io;
    int result = 0;
    std::string said;
    std::thread::id after;
    spawn(io, "test", [&]() -> Task<void> {
        result = co_await pool.run(soon(), tripled, 14);
        after = std::this_thread::get_id();
        try {
            co_await pool.run(soon(), refuse);
        } catch (const std::runtime_error& error) {
            said = error.what();
        }
    });
    io.run();
    EXPECT_EQ(result, 42);
    EXPECT_EQ(after, std::this_thread::get_id());
    EXPECT_EQ(said, "no");
    EXPECT_EQ(pool.load(), 0u);
}

TEST(BoundedPools, RefuseWhatIsMoreThanMayWait) {
    BoundedPool pool({.threads = 1, .waiting = 2});
    boost::asio::io_context io;
    std::latch gate(1);
    int done = 0;
    std::string slug, retry_after;
    for (int i = 0; i < 3; ++i) spawn(io, "held", [&]() -> Task<void> { return held(pool, gate, done); });
    spawn(io, "one more", [&]() -> Task<void> {
        EXPECT_EQ(pool.load(), 3u);
        co_await slug_of(pool, soon(), slug, retry_after);
        gate.count_down();
    });
    io.run();
    EXPECT_EQ(slug, "overloaded");
    EXPECT_EQ(retry_after, "Retry-After: 1");
    EXPECT_EQ(done, 3) << "what waited is done all the same";
    EXPECT_EQ(pool.load(), 0u);
}

TEST(BoundedPools, LeaveWhatNobodyWaitsForAnyMore) {
    BoundedPool pool({.threads = 1});
    boost::asio::io_context io;
    std::string slug, retry_after;
    spawn(io, "late", [&]() -> Task<void> { return slug_of(pool, std::chrono::steady_clock::now() - 1ms, slug, retry_after); });
    io.run();
    EXPECT_EQ(slug, "deadline-exceeded");
}

TEST(BoundedPools, StandBackBehindOtherThreads) {
    BoundedPool pool({.threads = 1, .niceness = 5});
    boost::asio::io_context io;
    int there = -100;
    spawn(io, "test", [&]() -> Task<void> { there = co_await pool.run(soon(), niceness); });
    io.run();
    EXPECT_EQ(there, std::min(19, niceness() + 5));
}

TEST(BoundedPools, NeedAThread) { EXPECT_THROW(BoundedPool({.threads = 0}), std::invalid_argument); }

// The coroutine goes with the loop, and what the work uses with the coroutine: the loop's end waits.
TEST(BoundedPools, ALoopThatEndsWaitsForItsWork) {
    BoundedPool pool({.threads = 1});
    std::latch gate(1);
    int done = 0;
    std::thread opener;
    {
        boost::asio::io_context io;
        spawn(io, "held", [&]() -> Task<void> { return held(pool, gate, done); });
        io.run_one();
        opener = std::thread([&] { gate.count_down(); });
    }
    EXPECT_EQ(pool.load(), 0u);
    EXPECT_EQ(done, 0) << "there is no loop for it to come back to";
    opener.join();
}

} // namespace
} // namespace gravity
