#include <gravity/resilience/backoff.hpp>
#include <gravity/resilience/breaker.hpp>
#include <gravity/resilience/deadline.hpp>
#include <gravity/resilience/limiter.hpp>
#include <gravity/resilience/retry_budget.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <optional>
#include <random>
#include <stdexcept>
#include <vector>

namespace gravity::resilience {
namespace {

using namespace std::chrono_literals;

constexpr Moment t0{1000h};

TEST(Deadline, PassesAtItsMomentAndNeverNever) {
    const Deadline deadline = Deadline::after(t0, 10ms);
    EXPECT_FALSE(deadline.passed(t0 + 9ms));
    EXPECT_TRUE(deadline.passed(t0 + 10ms));
    EXPECT_EQ(deadline.remaining(t0 + 4ms), 6ms);
    EXPECT_EQ(deadline.remaining(t0 + 40ms), 0ms);
    EXPECT_EQ(deadline.timeout_ms(t0 + 1us), 9); // rounded down: the callee must not think it has more than we have
    EXPECT_EQ(deadline.timeout_ms(t0 + 1s), 0);
    EXPECT_TRUE(Deadline::never().is_never());
    EXPECT_FALSE(Deadline().passed(Moment::max() - 1ns));
    EXPECT_EQ(Deadline().remaining(t0), Span::max());
    EXPECT_EQ(Deadline().timeout_ms(t0), std::nullopt);
    EXPECT_TRUE(Deadline::after(t0, Span::max()).is_never());
    EXPECT_LT(deadline, Deadline::never());
    EXPECT_EQ(std::min(deadline, Deadline::after(t0, 5ms)), Deadline::at(t0 + 5ms));
}

TEST(Deadline, OfARequestIsBounded) {
    EXPECT_EQ(Deadline::of_request(std::nullopt, t0, 5s, 30s), Deadline::after(t0, 5s));
    EXPECT_EQ(Deadline::of_request(100ms, t0, 5s, 30s), Deadline::after(t0, 100ms));
    EXPECT_EQ(Deadline::of_request(1h, t0, 5s, 30s), Deadline::after(t0, 30s));
    EXPECT_EQ(*Deadline::parse_timeout_ms("1500"), 1500ms);
    EXPECT_EQ(*Deadline::parse_timeout_ms("9999999999"), 9999999999ms);
    EXPECT_EQ(*Deadline::parse_timeout_ms("0000000001"), 1ms);
    for (const char* bad : {"", "0", "0000", "-1", "+1", " 1", "1 ", "1.5", "1e3", "x", "12345678901", "1,2"})
        EXPECT_FALSE(Deadline::parse_timeout_ms(bad)) << bad;
}

TEST(Backoff, DoublesToTheCap) {
    EXPECT_EQ(backoff_span(100ms, 10s, 0), 100ms);
    EXPECT_EQ(backoff_span(100ms, 10s, 3), 800ms);
    EXPECT_EQ(backoff_span(100ms, 10s, 7), 10s);
    EXPECT_EQ(backoff_span(100ms, 10s, 4'000'000'000U), 10s);
    EXPECT_EQ(backoff_span(1ns, Span::max(), 4'000'000'000U), Span::max());
    EXPECT_EQ(backoff_span(20s, 10s, 0), 10s);
    EXPECT_EQ(backoff_span(0s, 10s, 5), 0s);
}

TEST(Backoff, FullJitterIsEvenOverTheWholeSpan) {
    EXPECT_EQ(full_jitter(100ms, 10s, 3, 0), 0ms);
    EXPECT_EQ(full_jitter(100ms, 10s, 3, ~0ULL), 800ms);
    EXPECT_EQ(full_jitter(1ns, Span::max(), 100, ~0ULL), Span::max());
    std::mt19937_64 rng(11);
    std::array<int, 8> eighths{};
    for (int i = 0; i < 80'000; ++i) {
        const Span pause = full_jitter(100ms, 10s, 3, rng);
        ASSERT_GE(pause, 0ms);
        ASSERT_LE(pause, 800ms);
        ++eighths[std::min<std::size_t>(7, static_cast<std::size_t>(pause / 100ms))];
    }
    for (int count : eighths) EXPECT_NEAR(count, 10'000, 500);
}

TEST(RetryAfter, ReadsSecondsAndDates) {
    const auto now = Timestamp::parse("2026-11-23T12:00:00.5Z").or_throw();
    EXPECT_EQ(parse_retry_after("0", now), 0s);
    EXPECT_EQ(parse_retry_after("120", now), 120s);
    EXPECT_EQ(parse_retry_after("86401", now), max_retry_after);
    EXPECT_EQ(parse_retry_after("99999999999999999999999", now), max_retry_after);
    EXPECT_EQ(parse_retry_after("Mon, 23 Nov 2026 12:01:00 GMT", now), 60s); // 59.5, rounded up
    EXPECT_EQ(parse_retry_after("Mon, 23 Nov 2026 12:00:00 GMT", now), 0s);
    EXPECT_EQ(parse_retry_after("Wed, 25 Nov 2026 12:00:00 GMT", now), max_retry_after);
    for (const char* bad :
         {"", "-1", "+1", "1.5", "1 ", " 1", "soon", "Mon, 23 Nov 2026 12:01:00", "Tue, 23 Nov 2026 12:01:00 GMT"})
        EXPECT_EQ(parse_retry_after(bad, now), std::nullopt) << bad;
    EXPECT_EQ(retry_after_seconds(0s), 1);
    EXPECT_EQ(retry_after_seconds(1ms), 1);
    EXPECT_EQ(retry_after_seconds(1001ms), 2);
    EXPECT_EQ(retry_after_seconds(Span::max()), 86400);
}

TEST(RetryBudget, TenPercentAndSomethingForTheQuiet) {
    RetryBudget budget({.percent = 10, .per_second = 1, .burst = 5}, t0);
    EXPECT_TRUE(budget.try_retry(t0)); // the first second's
    EXPECT_FALSE(budget.try_retry(t0));
    for (int i = 0; i < 9; ++i) budget.on_request(t0);
    EXPECT_FALSE(budget.try_retry(t0));
    budget.on_request(t0);
    EXPECT_TRUE(budget.try_retry(t0));
    EXPECT_FALSE(budget.try_retry(t0 + 999'999'999ns));
    EXPECT_TRUE(budget.try_retry(t0 + 1s));
    EXPECT_EQ(budget.available(t0 + 1h), 5u);
    for (int i = 0; i < 1000; ++i) budget.on_request(t0 + 1h);
    EXPECT_EQ(budget.available(t0 + 1h), 5u);
    EXPECT_EQ(budget.available(t0), 5u); // time that goes back adds nothing and takes nothing
    EXPECT_THROW(RetryBudget({.percent = 1001}, t0), std::invalid_argument);
    EXPECT_THROW(RetryBudget({.burst = 0}, t0), std::invalid_argument);
}

TEST(RetryBudget, PropertyRetriesStayWithinTheBudget) {
    for (unsigned seed = 1; seed <= 50; ++seed) {
        std::mt19937_64 rng(seed);
        const RetryBudgetSettings settings{.percent = static_cast<std::uint32_t>(rng() % 60),
                                           .per_second = static_cast<std::uint32_t>(rng() % 5),
                                           .burst = static_cast<std::uint32_t>(1 + rng() % 50)};
        RetryBudget budget(settings, t0);
        Moment now = t0;
        std::uint64_t requests = 0;
        std::uint64_t retries = 0;
        for (int i = 0; i < 20'000; ++i) {
            now += std::chrono::microseconds(rng() % 2000);
            if (rng() % 3 != 0) {
                budget.on_request(now);
                ++requests;
            } else if (budget.try_retry(now)) {
                ++retries;
            }
        }
        // In hundredths of a retry; what was given at the beginning and per second besides.
        const double allowed = static_cast<double>(requests) * settings.percent / 100 + settings.per_second +
                               settings.per_second * std::chrono::duration<double>(now - t0).count();
        EXPECT_LE(static_cast<double>(retries), allowed + 1e-6) << seed;
        EXPECT_TRUE(settings.percent < 50 || retries > requests / 4) << seed; // and it is not stingy
    }
}

/// One call: permitted or not, with the given end.
bool call(Breaker& breaker, Moment now, bool success) {
    auto permit = breaker.allow(now);
    if (permit) breaker.record(*permit, success, now);
    return permit.has_value();
}

TEST(Breaker, OpensAfterConsecutiveFailures) {
    Breaker breaker({}, 1);
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(call(breaker, t0, false));
    EXPECT_TRUE(call(breaker, t0, true)); // one success breaks the row
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(call(breaker, t0 + 20s, false));
    EXPECT_EQ(breaker.state(t0 + 20s), Breaker::State::closed);
    EXPECT_TRUE(call(breaker, t0 + 20s, false));
    EXPECT_EQ(breaker.state(t0 + 20s), Breaker::State::open);
    EXPECT_FALSE(call(breaker, t0 + 20s, true));
    EXPECT_EQ(breaker.times_opened(), 1u);
    EXPECT_GE(breaker.retry_after(t0 + 20s), 4s);
    EXPECT_LE(breaker.retry_after(t0 + 20s), 6s);
}

TEST(Breaker, OpensWhenMoreThanHalfFailInTheWindow) {
    Breaker breaker({.consecutive_failures = 1000}, 1);
    for (int i = 0; i < 10; ++i) call(breaker, t0, true);
    for (int i = 0; i < 10; ++i) call(breaker, t0 + 1s, false);
    EXPECT_EQ(breaker.state(t0 + 1s), Breaker::State::closed); // half is not more than half
    call(breaker, t0 + 2s, false);
    EXPECT_EQ(breaker.state(t0 + 2s), Breaker::State::open);

    Breaker few({.consecutive_failures = 1000}, 1);
    for (int i = 0; i < 19; ++i) call(few, t0, false);
    EXPECT_EQ(few.state(t0), Breaker::State::closed);
    call(few, t0, false);
    EXPECT_EQ(few.state(t0), Breaker::State::open);

    Breaker forgets({.consecutive_failures = 1000}, 1);
    for (int i = 0; i < 19; ++i) call(forgets, t0, false);
    call(forgets, t0 + 10s, false); // the others are out of the window
    EXPECT_EQ(forgets.state(t0 + 10s), Breaker::State::closed);
}

TEST(Breaker, OneProbeDecides) {
    Breaker breaker({.consecutive_failures = 1}, 1);
    call(breaker, t0, false);
    Moment now = t0 + breaker.retry_after(t0);
    EXPECT_EQ(breaker.state(now - 1ns), Breaker::State::open);
    EXPECT_EQ(breaker.state(now), Breaker::State::half_open);
    EXPECT_EQ(breaker.retry_after(now), 0s);
    auto probe = breaker.allow(now);
    ASSERT_TRUE(probe);
    EXPECT_TRUE(probe->probe);
    EXPECT_FALSE(breaker.allow(now));
    EXPECT_GT(breaker.retry_after(now), 0s);
    breaker.record(*probe, true, now);
    EXPECT_EQ(breaker.state(now), Breaker::State::closed);
    breaker.record(*probe, false, now); // said twice: of an earlier state
    EXPECT_EQ(breaker.state(now), Breaker::State::closed);
}

TEST(Breaker, PausesDoubleToTheCapAndBeginAnewAfterSuccess) {
    Breaker breaker({.consecutive_failures = 1}, 7);
    Moment now = t0;
    call(breaker, now, false);
    for (Span span : {5s, 10s, 20s, 40s, 60s, 60s, 60s}) {
        const Span pause = breaker.retry_after(now);
        EXPECT_GE(pause, span * 4 / 5);
        EXPECT_LE(pause, span * 6 / 5);
        now += pause;
        ASSERT_TRUE(call(breaker, now, false));
    }
    now += breaker.retry_after(now);
    ASSERT_TRUE(call(breaker, now, true));
    ASSERT_TRUE(call(breaker, now, false));
    EXPECT_LE(breaker.retry_after(now), 6s);
}

TEST(Breaker, PausesOfManyCallersDiffer) {
    std::vector<Span> pauses;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        Breaker breaker({.consecutive_failures = 1}, seed);
        call(breaker, t0, false);
        pauses.push_back(breaker.retry_after(t0));
    }
    std::sort(pauses.begin(), pauses.end());
    EXPECT_LT(pauses.front(), 4200ms);
    EXPECT_GT(pauses.back(), 5800ms);
    EXPECT_EQ(std::unique(pauses.begin(), pauses.end()), pauses.end());
}

TEST(Breaker, CallsThatBeganBeforeItOpenedDoNotCount) {
    Breaker breaker({.consecutive_failures = 1}, 1);
    auto early = breaker.allow(t0);
    auto slow = breaker.allow(t0);
    breaker.record(*early, false, t0);
    Moment now = t0 + breaker.retry_after(t0);
    auto probe = breaker.allow(now);
    breaker.record(*slow, false, now); // neither closes nor opens it
    EXPECT_EQ(breaker.state(now), Breaker::State::half_open);
    breaker.record(*slow, true, now);
    EXPECT_EQ(breaker.state(now), Breaker::State::half_open);
    breaker.record(*probe, true, now);
    EXPECT_EQ(breaker.state(now), Breaker::State::closed);
}

TEST(Breaker, ProbeThatIsWithdrawnOrSilentBlocksNobodyForEver) {
    Breaker breaker({.consecutive_failures = 1}, 1);
    call(breaker, t0, false);
    Moment now = t0 + breaker.retry_after(t0);
    auto gone = breaker.allow(now);
    breaker.withdraw(*gone, now);
    auto silent = breaker.allow(now);
    ASSERT_TRUE(silent);
    now += 30s;
    EXPECT_EQ(breaker.state(now), Breaker::State::open); // as a failure, with a longer pause
    EXPECT_GE(breaker.retry_after(now), 8s);
    breaker.record(*silent, true, now);
    EXPECT_EQ(breaker.state(now), Breaker::State::open);
    auto closed = Breaker({}, 1);
    auto permit = closed.allow(t0);
    closed.withdraw(*permit, t0);
    EXPECT_EQ(closed.state(t0), Breaker::State::closed);
}

TEST(Breaker, RefusesSettingsOfZero) {
    EXPECT_THROW(Breaker({.consecutive_failures = 0}, 1), std::invalid_argument);
    EXPECT_THROW(Breaker({.minimum_calls = 0}, 1), std::invalid_argument);
    EXPECT_THROW(Breaker({.base = 0s}, 1), std::invalid_argument);
    EXPECT_THROW(Breaker({.base = 5s, .cap = 4s}, 1), std::invalid_argument);
    EXPECT_THROW(Breaker({.window = 0s}, 1), std::invalid_argument);
    EXPECT_EQ(to_string(Breaker::State::half_open), "half_open");
}

/// Against a simple model: never two probes, never a call while open, open only with cause.
TEST(Breaker, PropertyKeepsItsPromisesUnderRandomCalls) {
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        std::mt19937_64 rng(seed);
        Breaker breaker({.consecutive_failures = 1000}, seed);
        Moment now = t0;
        struct Running {
            Breaker::Permit permit;
            Moment began;
        };
        std::vector<Running> running;
        std::deque<std::pair<Moment, bool>> recent; // of this closed period
        std::uint64_t opened = 0;
        const auto failing = rng() % 100;
        for (int step = 0; step < 3000; ++step) {
            now += std::chrono::milliseconds(rng() % 400);
            const auto before = breaker.state(now);
            if (rng() % 2 == 0) {
                auto permit = breaker.allow(now);
                ASSERT_TRUE(before != Breaker::State::closed || permit);
                ASSERT_TRUE(before != Breaker::State::open || !permit);
                if (permit && permit->probe) {
                    for (const auto& other : running)
                        ASSERT_FALSE(other.permit.probe && other.permit.generation == permit->generation) << seed;
                }
                if (permit) running.push_back({*permit, now});
            } else if (!running.empty()) {
                const auto pick = rng() % running.size();
                const auto permit = running[pick].permit;
                running.erase(running.begin() + static_cast<std::ptrdiff_t>(pick));
                const bool success = rng() % 100 >= failing;
                breaker.record(permit, success, now);
                if (before == Breaker::State::closed) recent.emplace_back(now, success);
                const auto after = breaker.state(now);
                if (before == Breaker::State::closed && after == Breaker::State::open) {
                    // At most the window old, and at least nine tenths of it are surely counted.
                    std::size_t calls = 0;
                    std::size_t failures = 0;
                    for (const auto& [at, good] : recent)
                        if (at > now - 10s) {
                            ++calls;
                            failures += good ? 0 : 1;
                        }
                    EXPECT_GE(calls, 20u) << seed;
                    EXPECT_GE(failures, 10u) << seed;
                    EXPECT_FALSE(success);
                }
                if (after != Breaker::State::closed) recent.clear();
            }
            ASSERT_GE(breaker.times_opened(), opened);
            opened = breaker.times_opened();
        }
        EXPECT_TRUE(failing >= 20 || opened == 0) << seed << " " << failing;
        EXPECT_TRUE(failing <= 80 || opened > 0) << seed << " " << failing;
    }
}

TEST(Limiter, BoundsWhatRunsAtATime) {
    std::optional<Limiter> limiter(Limiter({.limit = 2}));
    auto a = limiter->try_acquire();
    auto b = limiter->try_acquire();
    ASSERT_TRUE(a && b);
    EXPECT_FALSE(limiter->try_acquire());
    EXPECT_EQ(limiter->in_flight(), 2u);
    a.reset();
    auto c = limiter->try_acquire();
    ASSERT_TRUE(c);
    *c = std::move(*b); // gives c's own place back
    EXPECT_EQ(limiter->in_flight(), 1u);
    limiter.reset();
    c.reset(); // the limiter has gone first: still sound
    EXPECT_THROW(Limiter({.limit = 0}), std::invalid_argument);
    EXPECT_THROW(Limiter({.limit = 1, .adaptive = true, .minimum = 5}), std::invalid_argument);
    EXPECT_THROW(Limiter({.limit = 10, .adaptive = true, .minimum = 0}), std::invalid_argument);
}

TEST(Limiter, FixedLimitDoesNotLearn) {
    Limiter limiter({.limit = 10});
    for (int i = 0; i < 100; ++i) limiter.try_acquire()->finish(1s, true);
    EXPECT_EQ(limiter.limit(), 10u);
}

/// A target that serves `capacity` calls at a time in 10 ms each and queues the others: what does the limit do?
std::uint32_t settle(Limiter& limiter, std::uint32_t capacity, int rounds) {
    for (int i = 0; i < rounds; ++i) {
        std::vector<Limiter::Permit> permits;
        while (auto permit = limiter.try_acquire()) permits.push_back(std::move(*permit));
        const double load = static_cast<double>(permits.size()) / capacity;
        const auto latency =
            std::chrono::duration_cast<Span>(std::chrono::duration<double>(0.010 * std::max(1.0, load)));
        for (auto& permit : permits) permit.finish(latency, false);
    }
    return limiter.limit();
}

TEST(Limiter, AdaptiveGrowsWhileLatencyIsFlatAndShrinksWhenItQueues) {
    Limiter limiter({.limit = 20, .adaptive = true, .minimum = 5, .maximum = 400});
    EXPECT_EQ(settle(limiter, 10'000, 300), 400u);
    const auto shrunk = settle(limiter, 20, 40); // some queue is wanted, not twenty times the capacity
    EXPECT_LT(shrunk, 100u);
    EXPECT_GE(shrunk, 20u);
    EXPECT_GT(settle(limiter, 10'000, 200), 300u); // and back
    Limiter drops({.limit = 100, .adaptive = true, .minimum = 5, .maximum = 400});
    for (int i = 0; i < 100; ++i) drops.try_acquire()->finish(1ms, true);
    EXPECT_EQ(drops.limit(), 5u);
    Limiter idle({.limit = 100, .adaptive = true, .minimum = 5, .maximum = 400});
    for (int i = 0; i < 1000; ++i) idle.try_acquire()->finish(1ms, false); // one at a time: nothing to learn
    EXPECT_EQ(idle.limit(), 100u);
}

} // namespace
} // namespace gravity::resilience
