#include <gravity/resilience/rate_limiter.hpp>

#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

namespace gravity::resilience {
namespace {

using namespace std::chrono_literals;

constexpr Moment t0{1000h};

TEST(RateLimiter, BurstThenSteady) {
    RateLimiter limiter(10, 1s, 3); // one each 100 ms, three at once
    auto first = limiter.take(t0);
    EXPECT_TRUE(first.allowed);
    EXPECT_EQ(first.remaining, 2u);
    EXPECT_EQ(first.retry_after, 0s);
    EXPECT_EQ(first.reset_after, 100ms);
    EXPECT_TRUE(limiter.take(t0).allowed);
    EXPECT_TRUE(limiter.take(t0).allowed);
    auto refused = limiter.take(t0);
    EXPECT_FALSE(refused.allowed);
    EXPECT_EQ(refused.remaining, 0u);
    EXPECT_EQ(refused.retry_after, 100ms);
    EXPECT_EQ(refused.reset_after, 300ms);
    EXPECT_FALSE(limiter.take(t0 + 99'999us).allowed);
    EXPECT_TRUE(limiter.take(t0 + 100ms).allowed);
    EXPECT_FALSE(limiter.take(t0 + 100ms).allowed);
    EXPECT_EQ(limiter.take(t0 + 1h).remaining, 2u); // a long pause saves up the burst and no more
}

TEST(RateLimiter, CostsAndPeeks) {
    RateLimiter limiter(10, 1s, 5);
    EXPECT_TRUE(limiter.take(t0, 3).allowed);
    EXPECT_FALSE(limiter.take(t0, 3).allowed); // and takes nothing
    EXPECT_EQ(limiter.take(t0, 3).retry_after, 100ms);
    auto seen = limiter.peek(t0, 2);
    EXPECT_TRUE(seen.allowed);
    EXPECT_EQ(seen.remaining, 2u); // before it, since nothing is taken
    EXPECT_TRUE(limiter.take(t0, 2).allowed);
    EXPECT_TRUE(limiter.take(t0, 0).allowed);
    auto never = limiter.take(t0, 6);
    EXPECT_FALSE(never.allowed);
    EXPECT_EQ(never.retry_after, Span::max());
    EXPECT_EQ(limiter.take(t0, ~0ULL).retry_after, Span::max());
}

TEST(RateLimiter, TimeThatGoesBackStandsStill) {
    RateLimiter limiter(10, 1s, 1);
    EXPECT_TRUE(limiter.take(t0).allowed);
    EXPECT_FALSE(limiter.take(t0 - 1h).allowed);
    EXPECT_TRUE(limiter.take(t0 + 100ms).allowed);
    RateLimiter other(10, 1s, 1);
    EXPECT_TRUE(other.take(Moment(-1h)).allowed);
    EXPECT_FALSE(other.take(Moment(0s)).allowed);
}

TEST(RateLimiter, RefusesWhatItCannotKeep) {
    EXPECT_THROW(RateLimiter(0, 1s, 1), std::invalid_argument);
    EXPECT_THROW(RateLimiter(1, 1s, 0), std::invalid_argument);
    EXPECT_THROW(RateLimiter(1, 0s, 1), std::invalid_argument);
    EXPECT_THROW(RateLimiter(1, 999ns, 1), std::invalid_argument);
    EXPECT_THROW(RateLimiter(1, 24h * 367, 1), std::invalid_argument);
    EXPECT_THROW(RateLimiter(1, 24h * 366, 31), std::invalid_argument);
    EXPECT_NO_THROW(RateLimiter(1, 24h * 366, 30));
    EXPECT_THROW(RateLimiter(1001, 1us, 1), std::invalid_argument);
    EXPECT_NO_THROW(RateLimiter(1000, 1us, 1));
    EXPECT_THROW(RateLimiter(1, 1s, ~0ULL), std::invalid_argument);
}

/// Whole periods admit exactly the limit, for rates whose interval is no whole number of microseconds too.
TEST(RateLimiter, RateIsExactOverALongTime) {
    for (std::uint64_t limit : {1ULL, 3ULL, 7ULL, 10ULL, 333ULL, 999ULL, 1000ULL, 3000ULL}) {
        RateLimiter limiter(limit, 1s, 2);
        std::uint64_t admitted = 0;
        const Moment end = t0 + 100s;
        for (Moment now = t0; now < end;) {
            auto decision = limiter.take(now);
            if (decision.allowed)
                ++admitted;
            else
                now += decision.retry_after;
        }
        // One more than the rate, by the burst. A caller that comes when told comes up to a microsecond late each time,
        // and that is not lost: the fraction is kept (with a burst of 1 it would be, since nothing may be saved up).
        EXPECT_EQ(admitted, limit * 100 + 1) << limit;
    }
    RateLimiter prime(999'983, 1s, 1000); // denominator above 4096: less by 0.025 % at most, never more
    std::uint64_t admitted = 0;
    for (Moment now = t0; now < t0 + 1s; now += 100us)
        while (prime.take(now).allowed) ++admitted;
    EXPECT_LE(admitted, 999'983u + 1000);
    EXPECT_GE(admitted, 999'983u * 9997 / 10000);
}

/// In any stretch of time, at most burst + rate * time are admitted; a refusal's retry_after is exactly when it would
/// be admitted.
TEST(RateLimiter, PropertyNoWindowHoldsMoreThanAllowed) {
    for (unsigned seed = 1; seed <= 60; ++seed) {
        std::mt19937_64 rng(seed);
        const std::uint64_t limit = 1 + rng() % 50;
        const auto period = std::chrono::microseconds(1000 + rng() % 1'000'000);
        const std::uint64_t burst = 1 + rng() % 20;
        RateLimiter limiter(limit, period, burst);
        std::vector<std::pair<std::int64_t, std::uint64_t>> admitted; // microsecond, cost
        Moment now = t0;
        for (int i = 0; i < 2000; ++i) {
            now += std::chrono::microseconds(rng() % 40'000);
            const std::uint64_t cost = 1 + rng() % std::min<std::uint64_t>(3, burst);
            auto decision = limiter.take(now, cost);
            if (!decision.allowed) {
                ASSERT_FALSE(limiter.peek(now + decision.retry_after - 1us, cost).allowed) << seed;
                ASSERT_TRUE(limiter.peek(now + decision.retry_after, cost).allowed) << seed;
                continue;
            }
            ASSERT_FALSE(limiter.peek(now, decision.remaining + 1).allowed);
            ASSERT_TRUE(limiter.peek(now, decision.remaining).allowed);
            admitted.emplace_back(std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count(),
                                  cost);
        }
        for (std::size_t from = 0; from < admitted.size(); from += 17) {
            std::uint64_t sum = 0;
            for (std::size_t to = from; to < admitted.size(); ++to) {
                sum += admitted[to].second;
                const auto span = static_cast<std::uint64_t>(admitted[to].first - admitted[from].first);
                // sum <= burst + span * limit / period, without division
                ASSERT_LE(sum * static_cast<std::uint64_t>(period.count()),
                          burst * static_cast<std::uint64_t>(period.count()) + span * limit)
                    << seed;
            }
        }
    }
}

TEST(RateLimiter, ThreadsTogetherGetExactlyTheBurst) {
    RateLimiter limiter(1, 1h, 100'000);
    std::atomic<std::uint64_t> admitted{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            std::uint64_t mine = 0;
            for (int tries = 0; tries < 50'000; ++tries) mine += limiter.take(t0).allowed ? 1 : 0;
            admitted += mine;
        });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(admitted, 100'000u);
}

} // namespace
} // namespace gravity::resilience
