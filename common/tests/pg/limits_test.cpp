// An absent store, a full queue, and time that is used up.
#include "things.hpp"

#include <atomic>
#include <thread>

namespace gravity {
namespace {

TEST_F(TxTest, AnAbsentStoreIs503) {
    pg::Options nowhere = options();
    nowhere.url = "postgres://nobody:x@127.0.0.1:1/none";
    pg::Database absent(nowhere, io);
    pg::Run run;
    run.scope = pg::Scope::project(ours);
    EXPECT_EQ(slug_of([&] { absent.run_blocking(run, [](Tx& tx) { tx.one(count_things); }); }), "store-unavailable");
    EXPECT_TRUE(absent.probe());
}

TEST_F(TxTest, AFullQueueRefusesInsteadOfWaiting) {
    pg::Options small = options();
    small.pool_max = 1;
    small.queue_max = 1;
    pg::Database tight(small, io);
    pg::Run run;
    run.scope = pg::Scope::project(ours);
    std::mutex gate;
    std::atomic<int> started{0};
    gate.lock();
    std::vector<std::thread> threads;
    threads.emplace_back([&] { tight.run_blocking(run, [&](Tx&) { ++started; const std::lock_guard wait(gate); }); });
    while (started == 0) std::this_thread::yield();
    threads.emplace_back([&] { tight.run_blocking(run, [](Tx&) {}); });
    while (tight.stats().queued == 0) std::this_thread::yield();
    EXPECT_EQ(slug_of([&] { tight.run_blocking(run, [](Tx&) {}); }), "overloaded");
    gate.unlock();
    for (auto& thread : threads) thread.join();
}

TEST_F(TxTest, WorkWhoseDeadlineHasPassedOrWhoseCallerHasGoneIsNotBegun) {
    pg::Run late;
    late.scope = pg::Scope::project(ours);
    late.deadline = std::chrono::steady_clock::now() - std::chrono::seconds(1);
    EXPECT_EQ(slug_of([&] { database.run_blocking(late, [](Tx&) { ADD_FAILURE(); }); }), "deadline-exceeded");
    pg::Run gone;
    gone.scope = pg::Scope::project(ours);
    gone.abandoned = [] { return true; };
    EXPECT_EQ(slug_of([&] { database.run_blocking(gone, [](Tx&) { ADD_FAILURE(); }); }), "deadline-exceeded");
    EXPECT_EQ(database.stats().dropped, 2u);
}

TEST_F(TxTest, AStatementIsStoppedAtTheDeadline) {
    static const Sql<std::string()> nap{"test.nap", "select pg_sleep(20)::text"};
    pg::Run run;
    run.scope = pg::Scope::project(ours);
    run.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
    EXPECT_EQ(slug_of([&] { database.run_blocking(run, [](Tx& tx) { tx.one(nap); }); }), "deadline-exceeded");
}

TEST_F(TxTest, TheTimeOneReadHasIsNotTheNextOnes) {
    static const Sql<std::int64_t()> allowed{"test.allowed", "select extract(epoch from current_setting('statement_timeout')::interval)::bigint * 1000"};
    pg::Options one = options();
    one.pool_max = 1;
    pg::Database narrow(one, io);
    const auto read = [&](std::chrono::milliseconds left) {
        pg::Run run;
        run.scope = pg::Scope::project(ours);
        run.read_only = true;
        if (left.count() != 0) run.deadline = std::chrono::steady_clock::now() + left;
        std::int64_t milliseconds = 0;
        narrow.run_blocking(run, [&](Tx& tx) { milliseconds = tx.one(allowed); });
        return milliseconds;
    };
    EXPECT_EQ(read({}), 15'000);
    EXPECT_LE(read(std::chrono::milliseconds(4000)), 4000); // on the same connection: the nearer deadline is kept
    EXPECT_EQ(read({}), 15'000);                            // and does not stay
    EXPECT_EQ(read(std::chrono::minutes(1)), 15'000);
}

} // namespace
} // namespace gravity
