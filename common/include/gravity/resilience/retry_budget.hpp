#pragma once

#include <gravity/resilience/deadline.hpp>

#include <cstdint>

namespace gravity::resilience {

struct RetryBudgetSettings {
    std::uint32_t percent = 10;   // retries that each hundred requests allow
    std::uint32_t per_second = 1; // allowed besides, so that a quiet client may retry at all
    std::uint32_t burst = 100;    // the most that is saved up
};

/// How many retries a client may add to what it is asked: a token bucket filled by requests and by time. When
/// everything fails, the load on the target grows by `percent`, not to a multiple. I/O thread only (no lock); exact in
/// integers.
class RetryBudget {
public:
    /// Starts with one second's worth. Throws std::invalid_argument if percent > 1000 or burst is 0.
    RetryBudget(RetryBudgetSettings settings, Moment now);

    /// A first try was made.
    void on_request(Moment now);
    /// Takes a token for a retry; false: answer with the failure instead.
    bool try_retry(Moment now);
    /// Whole retries now allowed.
    std::uint32_t available(Moment now);

private:
    void refill(Moment now);

    RetryBudgetSettings settings_;
    std::uint64_t tokens_ = 0; // in 10^-9 of a retry
    Moment filled_at_;
};

} // namespace gravity::resilience
