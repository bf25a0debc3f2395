#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace gravity::gateway {

/// What a client must keep up with, sending a body or taking an answer.
struct LeastRate {
    std::chrono::milliseconds grace{5000}; // may be waited for, whatever came before
    std::uint64_t bytes_per_second = 500;
};

/// Tells a slow peer from a slow neighbour of his: counts only the time spent waiting for him, and what he did in it. Pure.
class RateGuard {
public:
    using Time = std::chrono::steady_clock::time_point;
    /// Haste counts for later only so far: as many bytes as one write has at most, of which nothing is heard until it is done.
    static constexpr std::uint64_t most_ahead = 64 * 1024;

    void reset() { *this = {}; }
    void begin(Time now) {
        if (!waiting_) since_ = now;
        waiting_ = true;
    }
    void end(Time now, std::uint64_t bytes, const LeastRate& least) {
        if (waiting_) behind_ += now - since_;
        waiting_ = false;
        behind_ = std::max(behind_ - time_for(bytes, least), -time_for(most_ahead, least));
    }
    /// True if he has been waited for longer than his bytes may take, and the grace time.
    bool too_slow(Time now, const LeastRate& least) const {
        return behind_ + (waiting_ ? now - since_ : Time::duration::zero()) > least.grace;
    }

private:
    static std::chrono::nanoseconds time_for(std::uint64_t bytes, const LeastRate& least) {
        return std::chrono::nanoseconds(static_cast<std::int64_t>(bytes * 1'000'000'000 / least.bytes_per_second));
    }
    Time since_{};
    Time::duration behind_{}; // waited for him, less what his bytes may have taken
    bool waiting_ = false;
};

} // namespace gravity::gateway
