#include <gravity/resilience/rate_limiter.hpp>

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace gravity::resilience {

namespace {

__extension__ using Wide = unsigned __int128; // of gcc and clang

constexpr std::uint64_t max_units_per_us = 4096;
// A clock of at most 100 years and a burst of at most 30 together stay below 2^64 in the finest unit.
constexpr std::uint64_t year_us = 366ULL * 86400 * 1'000'000;
constexpr std::uint64_t max_clock_us = 100 * year_us;
constexpr std::uint64_t max_burst_us = 30 * year_us;
static_assert(Wide(max_clock_us + max_burst_us) * max_units_per_us < (Wide(1) << 64));

std::uint64_t micros(Moment now) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(
        0, std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count()));
}

} // namespace

RateLimiter::RateLimiter(std::uint64_t limit, Span period, std::uint64_t burst)
    : units_per_us_(1), interval_(0), burst_(burst) {
    const auto period_us = std::chrono::duration_cast<std::chrono::microseconds>(period).count();
    if (limit == 0 || burst == 0) throw std::invalid_argument("rate limiter: limit and burst must be positive");
    if (period_us < 1 || period > std::chrono::hours(24 * 366))
        throw std::invalid_argument("rate limiter: the period must be 1 us to 366 days");
    const auto length = static_cast<std::uint64_t>(period_us);
    if (limit > Wide(length) * 1000) throw std::invalid_argument("rate limiter: more than 10^6 requests a millisecond");

    const std::uint64_t denominator = limit / std::gcd(limit, length);
    units_per_us_ = std::min(denominator, max_units_per_us);
    // Rounded up where it has to be rounded: never more than was allowed.
    interval_ = static_cast<std::uint64_t>((Wide(length) * units_per_us_ + limit - 1) / limit);
    if (Wide(interval_) * burst > Wide(max_burst_us) * units_per_us_)
        throw std::invalid_argument("rate limiter: burst is too large");
}

Span RateLimiter::span(std::uint64_t units) const {
    const std::uint64_t us = units / units_per_us_ + (units % units_per_us_ != 0 ? 1 : 0);
    return std::chrono::microseconds(static_cast<std::int64_t>(us));
}

RateDecision RateLimiter::decide(std::uint64_t tat, Moment now, std::uint64_t cost, std::uint64_t& next) const {
    const std::uint64_t at = std::min(micros(now), max_clock_us) * units_per_us_;
    const std::uint64_t full = interval_ * burst_;
    const std::uint64_t debt = tat > at ? tat - at : 0; // what is still to be worked off
    const std::uint64_t room = full - std::min(debt, full);
    RateDecision out;
    next = tat;
    if (cost > burst_) {
        out.retry_after = Span::max();
    } else if (const std::uint64_t needed = cost * interval_; needed <= room) {
        out.allowed = true;
        next = std::max(tat, at) + needed;
    } else {
        out.retry_after = span(debt + needed - full);
    }
    const std::uint64_t left = next > at ? next - at : 0;
    out.remaining = (full - std::min(left, full)) / interval_;
    out.reset_after = span(left);
    return out;
}

RateDecision RateLimiter::take(Moment now, std::uint64_t cost) {
    std::uint64_t tat = tat_.load(std::memory_order_relaxed);
    std::uint64_t next = 0;
    while (true) {
        RateDecision out = decide(tat, now, cost, next);
        // Nothing else is published by this word, so no ordering is needed: the exchange itself is what must not tear.
        if (!out.allowed || next == tat || tat_.compare_exchange_weak(tat, next, std::memory_order_relaxed)) return out;
    }
}

RateDecision RateLimiter::peek(Moment now, std::uint64_t cost) const {
    std::uint64_t next = 0;
    RateDecision out = decide(tat_.load(std::memory_order_relaxed), now, cost, next);
    RateDecision before = decide(tat_.load(std::memory_order_relaxed), now, 0, next);
    out.remaining = before.remaining;
    out.reset_after = before.reset_after;
    return out;
}

} // namespace gravity::resilience
