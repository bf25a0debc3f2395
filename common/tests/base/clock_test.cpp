#include <gravity/base/clock.hpp>

#include <gtest/gtest.h>

#include <stdexcept>

using gravity::Duration;
using gravity::now;
using gravity::steady_now;
using gravity::Timestamp;
namespace clock_ = gravity::clock;

namespace {

/// The configuration is the process's: each test leaves it as a daemon has it.
struct Clock : testing::Test {
    ~Clock() override { clock_::configure(0, 1.0); }
};

TEST_F(Clock, FakeStandsStillUntilMoved) {
    const Timestamp start = *Timestamp::parse("2040-01-01T00:00:00Z");
    clock_::Fake fake(start);
    const Duration steady = steady_now();
    EXPECT_EQ(now(), start);
    fake.advance(Duration::minutes(5));
    EXPECT_EQ(now() - start, Duration::minutes(5));
    EXPECT_EQ(steady_now() - steady, Duration::minutes(5));
    fake.set(start);
    EXPECT_EQ(now(), start);
    EXPECT_EQ(steady_now() - steady, Duration::minutes(5)); // steady time does not go back
    EXPECT_THROW(fake.advance(Duration::seconds(-1)), std::invalid_argument);
    EXPECT_THROW(clock_::Fake{start}, std::logic_error);
}

TEST_F(Clock, SteadyTimeNeverGoesBackOverAFake) {
    const Duration before = steady_now();
    Duration during;
    {
        clock_::Fake fake(Timestamp::from_unix_us(0));
        EXPECT_GE(steady_now(), before);
        fake.advance(Duration::days(400));
        during = steady_now();
    }
    EXPECT_GE(steady_now(), during);
    EXPECT_GT(now(), *Timestamp::parse("2020-01-01T00:00:00Z"));
}

TEST_F(Clock, RunsAheadByTheOffset) {
    const Timestamp before = now();
    clock_::configure(86'400, 1.0);
    EXPECT_GE(now() - before, Duration::days(1));
    EXPECT_EQ(clock_::real(Duration::seconds(10)), Duration::seconds(10));
}

TEST_F(Clock, RunsFasterByTheFactor) {
    clock_::configure(0, 1'000'000.0);
    const Timestamp wall = now();
    const Duration steady = steady_now();
    const auto passed = [&] {
        return now() - wall >= Duration::seconds(1) && steady_now() - steady >= Duration::seconds(1);
    };
    int readings = 0; // one real microsecond is a second; each reading of the clock takes some of that
    while (!passed() && readings < 100'000'000) ++readings;
    EXPECT_TRUE(passed());
    EXPECT_EQ(clock_::real(Duration::seconds(10)), Duration::microseconds(10));
    EXPECT_EQ(clock_::real(Duration::microseconds(1)), Duration::microseconds(1)); // not zero: it is to wait at all
    EXPECT_EQ(clock_::real(Duration::seconds(-10)), Duration::zero());
    clock_::configure(0, 1e-6);
    EXPECT_EQ(clock_::real(Duration::days(100'000'000)), Duration::microseconds(INT64_MAX));
}

TEST_F(Clock, RefusesAFactorThatIsNone) {
    EXPECT_THROW(clock_::configure(0, 0.0), std::invalid_argument);
    EXPECT_THROW(clock_::configure(0, -1.0), std::invalid_argument);
    EXPECT_THROW(clock_::configure(0, 2e6), std::invalid_argument);
    EXPECT_THROW(clock_::configure(INT64_MAX, 1.0), std::overflow_error);
}

} // namespace
