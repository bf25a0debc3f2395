// Migrations: once, in order, and wholly or not at all.
#include "things.hpp"

#include <atomic>
#include <thread>

namespace gravity {
namespace {

TEST(Migrate, OnceForSeveralAtATimeAndThenNotAgain) {
    testkit::TestDatabase store;
    std::atomic<int> applied{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { applied += pg::migrate(store.owner_url(), migrations_v1, "gravity_test_app").applied; });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(applied, 4); // three of the platform, one of the service
    EXPECT_EQ(pg::migrate(store.owner_url(), migrations_v1, "gravity_test_app").applied, 0);
}

TEST(Migrate, AChangedFileIsRefused) {
    testkit::TestDatabase store;
    pg::migrate(store.owner_url(), migrations_v1, "");
    constexpr pg::Migration changed[] = {{"0001_things", "select 1"}};
    try {
        pg::migrate(store.owner_url(), changed, "");
        FAIL();
    } catch (const std::runtime_error& error) {
        EXPECT_NE(std::string(error.what()).find("0001_things was changed"), std::string::npos);
    }
}

TEST(Migrate, AnOlderProgramRefusesANewerDatabase) {
    testkit::TestDatabase store;
    pg::migrate(store.owner_url(), migrations_v1, "");
    try {
        pg::migrate(store.owner_url(), {}, "");
        FAIL();
    } catch (const std::runtime_error& error) {
        EXPECT_NE(std::string(error.what()).find("older than the database"), std::string::npos);
    }
}

TEST(Migrate, AFileThatFailsLeavesNothingBehind) {
    testkit::TestDatabase store;
    constexpr pg::Migration bad[] = {{"0001_half", "create table half (id int); select nonsense;"}};
    EXPECT_THROW(pg::migrate(store.owner_url(), bad, ""), std::runtime_error);
    EXPECT_EQ(store.admin("select count(*) from pg_tables where tablename = 'half'"), "0");
}

} // namespace
} // namespace gravity
