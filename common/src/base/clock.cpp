#include <gravity/base/clock.hpp>

#include <atomic>
#include <cmath>
#include <ctime>
#include <stdexcept>

namespace gravity {
namespace {

std::int64_t read_us(clockid_t id) {
    timespec ts{};
    clock_gettime(id, &ts);
    return static_cast<std::int64_t>(ts.tv_sec) * 1'000'000 + ts.tv_nsec / 1'000;
}

/// Written before threads start (configure) or by a test (Fake); atomics so that a thread that reads meanwhile reads a
/// whole number.
struct State {
    std::atomic<double> factor{1.0};
    std::atomic<std::int64_t> offset{0};      // added to the time of day
    std::atomic<std::int64_t> wall_origin{0}; // system's readings when the factor began
    std::atomic<std::int64_t> steady_origin{0};
    std::atomic<std::int64_t> steady_offset{0}; // what fakes have moved steady time ahead
    std::atomic<bool> faked{false};
    std::atomic<std::int64_t> fake_wall{0};
    std::atomic<std::int64_t> fake_steady{0};
};
State state;

std::int64_t stretched(std::int64_t reading, std::int64_t origin) {
    const double factor = state.factor.load(std::memory_order_relaxed);
    if (factor == 1.0) return reading; // the usual case follows a system clock that is set
    return origin +
           static_cast<std::int64_t>(static_cast<long double>(reading - origin) * static_cast<long double>(factor));
}

std::int64_t steady_us() {
    return stretched(read_us(CLOCK_MONOTONIC), state.steady_origin.load(std::memory_order_relaxed)) +
           state.steady_offset.load(std::memory_order_relaxed);
}

} // namespace

Timestamp now() {
    if (state.faked.load(std::memory_order_acquire)) return Timestamp::from_unix_us(state.fake_wall.load());
    return Timestamp::from_unix_us(
        stretched(read_us(CLOCK_REALTIME), state.wall_origin.load(std::memory_order_relaxed)) +
        state.offset.load(std::memory_order_relaxed));
}

Duration steady_now() {
    if (state.faked.load(std::memory_order_acquire)) return Duration::microseconds(state.fake_steady.load());
    return Duration::microseconds(steady_us());
}

namespace clock {

void configure(std::int64_t offset_seconds, double factor) {
    if (!(factor > 0.0 && factor <= 1e6))
        throw std::invalid_argument("the clock's factor must be above 0 and at most 1000000");
    const std::int64_t offset = detail::checked_mul(offset_seconds, 1'000'000);
    state.wall_origin = read_us(CLOCK_REALTIME);
    state.steady_origin = read_us(CLOCK_MONOTONIC);
    state.offset = offset;
    state.factor = factor;
    (void)now(); // an offset beyond the calendar fails here and not at the first use
}

Duration real(Duration duration) {
    if (duration <= Duration::zero()) return Duration::zero();
    const double factor = state.factor.load(std::memory_order_relaxed);
    if (factor == 1.0) return duration;
    const double us = std::ceil(static_cast<double>(duration.count_us()) / factor);
    if (us >= 9.2e18) return Duration::microseconds(INT64_MAX);
    return Duration::microseconds(static_cast<std::int64_t>(us));
}

Fake::Fake(Timestamp at) {
    if (state.faked.load()) throw std::logic_error("the clock is already faked");
    state.fake_wall = at.unix_us();
    state.fake_steady = steady_us();
    state.faked.store(true, std::memory_order_release);
}

Fake::~Fake() {
    const std::int64_t behind = state.fake_steady.load() - steady_us();
    if (behind > 0) state.steady_offset += behind; // steady time does not go back when the fake ends
    state.faked.store(false, std::memory_order_release);
}

void Fake::set(Timestamp at) {
    const std::int64_t step = at.unix_us() - state.fake_wall.load();
    if (step > 0) state.fake_steady += step;
    state.fake_wall = at.unix_us();
}

void Fake::advance(Duration by) {
    if (by < Duration::zero()) throw std::invalid_argument("a clock advances by a duration that is not negative");
    set(Timestamp::from_unix_us(state.fake_wall.load()) + by);
}

} // namespace clock
} // namespace gravity
