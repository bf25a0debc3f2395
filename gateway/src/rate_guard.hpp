#pragma once

#include <chrono>
#include <cstdint>

namespace gravity::gateway {

/// Tells a slow peer from a slow neighbour of his: counts only the time spent waiting for him, and what he did in it. Pure.
class RateGuard {
public:
    using Time = std::chrono::steady_clock::time_point;
    static constexpr std::chrono::milliseconds grace{5000};
    static constexpr std::uint64_t least_bytes_per_second = 500;

    void reset() { *this = {}; }
    void begin(Time now) {
        if (!waiting_) since_ = now;
        waiting_ = true;
    }
    void end(Time now, std::uint64_t bytes) {
        if (waiting_) waited_ += now - since_;
        waiting_ = false;
        bytes_ += bytes;
    }
    /// True if after the grace time he was slower than the least rate.
    bool too_slow(Time now) const {
        const auto waited = waited_ + (waiting_ ? now - since_ : Time::duration::zero());
        if (waited <= grace) return false;
        const auto beyond = std::chrono::duration_cast<std::chrono::milliseconds>(waited - grace).count();
        return bytes_ * 1000 < static_cast<std::uint64_t>(beyond) * least_bytes_per_second;
    }

private:
    Time since_{};
    Time::duration waited_{};
    std::uint64_t bytes_ = 0;
    bool waiting_ = false;
};

} // namespace gravity::gateway
