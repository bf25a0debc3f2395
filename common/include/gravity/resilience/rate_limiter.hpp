#pragma once

#include <gravity/resilience/deadline.hpp>

#include <atomic>
#include <cstdint>

namespace gravity::resilience {

struct RateDecision {
    bool allowed = false;
    std::uint64_t remaining = 0; // requests of cost 1 that would be allowed now
    Span retry_after{}; // until this one would be allowed; zero if it is, Span::max() if it never will be (cost above
                        // burst)
    Span reset_after{}; // until the whole burst is allowed again
};

/// GCRA, the leaky bucket as one number (ITU-T I.371 annex A): `limit` requests per `period`, of which `burst` may come
/// at once. State is one 64-bit word, changed by compare-and-swap: any thread, no lock. The time step is a microsecond.
/// The rate is kept as a fraction and so exact, unless period / limit in microseconds has a reduced denominator above
/// 4096: then it is lower by less than 0.025 %.
class RateLimiter {
public:
    /// Throws std::invalid_argument unless limit and burst are positive, the period is 1 us to 366 days, limit is at
    /// most 10^6 for each millisecond of the period, and the burst takes at most 30 years to fill.
    RateLimiter(std::uint64_t limit, Span period, std::uint64_t burst);

    /// Takes `cost` if it is allowed; takes nothing otherwise. Time that goes back counts as standing still.
    RateDecision take(Moment now, std::uint64_t cost = 1);
    /// What take() would say, without taking.
    RateDecision peek(Moment now, std::uint64_t cost = 1) const;

private:
    RateDecision decide(std::uint64_t tat, Moment now, std::uint64_t cost, std::uint64_t& next) const;
    Span span(std::uint64_t units) const;

    std::uint64_t units_per_us_; // denominator of the interval
    std::uint64_t interval_;     // between two requests, in units
    std::uint64_t burst_;
    std::atomic<std::uint64_t> tat_{
        0}; // theoretical arrival time of the next request, in units since the clock's epoch
};

} // namespace gravity::resilience
