#include <gravity/auth/jwks_refresh.hpp>

#include <gtest/gtest.h>

namespace gravity::auth {
namespace {

constexpr Duration at(std::int64_t seconds) { return Duration::seconds(5000 + seconds); }
constexpr std::int64_t day = 24 * 3600;

struct Refresh : testing::Test {
    JwksRefresh refresh{at(0)};

    void fetch(std::int64_t seconds, bool ok) {
        ASSERT_TRUE(refresh.start(at(seconds))) << seconds;
        refresh.finished(ok, at(seconds));
    }
};

TEST_F(Refresh, FetchesAtOnceThenEveryTenMinutes) {
    EXPECT_EQ(refresh.wait(at(0)), Duration::zero());
    fetch(0, true);
    EXPECT_EQ(refresh.wait(at(0)), Duration::minutes(10));
    EXPECT_FALSE(refresh.start(at(599)));
    fetch(600, true);
    fetch(1200, true);
}

TEST_F(Refresh, OneFetchAtATime) {
    ASSERT_TRUE(refresh.start(at(0)));
    EXPECT_TRUE(refresh.running());
    EXPECT_EQ(refresh.wait(at(0)), std::nullopt);
    EXPECT_FALSE(refresh.start(at(10'000)));
    refresh.finished(true, at(3));
    EXPECT_FALSE(refresh.running());
    EXPECT_EQ(refresh.wait(at(3)), Duration::minutes(10)) << "counted from its end";
}

TEST_F(Refresh, FailuresAreRetriedWithGrowingPauses) {
    fetch(0, true);
    std::int64_t now = 600;
    for (const std::int64_t pause : {1, 2, 4, 8, 16, 32, 60, 60, 60}) {
        fetch(now, false);
        EXPECT_EQ(refresh.wait(at(now)), Duration::seconds(pause));
        now += pause;
    }
    fetch(now, true);
    EXPECT_EQ(refresh.wait(at(now)), Duration::minutes(10));
    fetch(now + 600, false);
    EXPECT_EQ(refresh.wait(at(now + 600)), Duration::seconds(1)) << "begins small again";
}

TEST_F(Refresh, WhoNeverHadAKeyAsksAgainSoon) {
    std::int64_t now = 0;
    for (const std::int64_t pause : {1, 2, 2, 2, 2}) {
        fetch(now, false);
        EXPECT_EQ(refresh.wait(at(now)), Duration::seconds(pause));
        now += pause;
    }
    fetch(now, true);
    fetch(now + 600, false);
    fetch(now + 601, false);
    fetch(now + 603, false);
    EXPECT_EQ(refresh.wait(at(now + 603)), Duration::seconds(4)) << "there are keys to go on with";
}

TEST_F(Refresh, AnUnknownKeyFetchesAtMostOnceAMinute) {
    fetch(0, true);
    EXPECT_TRUE(refresh.unknown_key(at(5)));
    EXPECT_EQ(refresh.wait(at(5)), Duration::zero());
    EXPECT_TRUE(refresh.unknown_key(at(5))) << "shares the one that is about to run";
    ASSERT_TRUE(refresh.start(at(5)));
    EXPECT_TRUE(refresh.unknown_key(at(5))) << "shares the one that runs";
    refresh.finished(true, at(6));
    for (const std::int64_t second : {6, 30, 64}) EXPECT_FALSE(refresh.unknown_key(at(second))) << second;
    EXPECT_FALSE(refresh.start(at(64)));
    EXPECT_TRUE(refresh.unknown_key(at(65)));
    fetch(65, false);
    EXPECT_FALSE(refresh.unknown_key(at(65))) << "a failure opens the door no sooner than its own next attempt";
    EXPECT_TRUE(refresh.unknown_key(at(66)));
}

TEST_F(Refresh, AnUnknownKeyCanWaitForTheFirstFetch) {
    ASSERT_TRUE(refresh.start(at(0)));
    EXPECT_TRUE(refresh.unknown_key(at(0)));
    refresh.finished(true, at(1));
    EXPECT_TRUE(refresh.unknown_key(at(2))) << "waiting for another's fetch spends nothing";
}

TEST_F(Refresh, KeysAreKeptADay) {
    EXPECT_FALSE(refresh.too_old(at(10 * day))) << "there are none";
    fetch(0, true);
    fetch(600, false);
    EXPECT_FALSE(refresh.too_old(at(day - 1)));
    EXPECT_TRUE(refresh.too_old(at(day)));
    fetch(day, true);
    EXPECT_FALSE(refresh.too_old(at(day)));
}

TEST_F(Refresh, WakesForTheEndOfTheKeys) {
    fetch(0, true);
    fetch(day - 30, false);
    for (std::int64_t now = day - 29, pause = 2; now < day - 1;
         now += pause, pause = std::min<std::int64_t>(2 * pause, 60))
        fetch(now, false);
    EXPECT_LE(*refresh.wait(at(day - 1)), Duration::seconds(1));
}

} // namespace
} // namespace gravity::auth
