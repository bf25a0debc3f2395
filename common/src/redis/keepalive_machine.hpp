#pragma once

#include <gravity/redis/options.hpp>

#include <cstddef>

namespace gravity::redis {

/// Decides when a connection needs a PING and when it is dead although TCP has not said so (a partitioned network, a
/// stopped process).
class KeepaliveMachine {
public:
    enum class Verdict : std::uint8_t {
        fine,
        ping,
        dead
    };

    KeepaliveMachine(std::chrono::milliseconds ping_interval, std::chrono::milliseconds stall_timeout)
        : ping_interval_(ping_interval), stall_timeout_(stall_timeout) {}

    void connected(TimePoint now) { progress_ = now; }
    /// Bytes came in.
    void received(TimePoint now) { progress_ = now; }
    /// Bytes go out, with so many replies due before them: waiting begins now if nothing was due.
    void sending(TimePoint now, std::size_t due_before) {
        if (due_before == 0) progress_ = now;
    }

    Verdict check(TimePoint now, std::size_t due) const {
        if (now < next_check(due)) return Verdict::fine;
        return due == 0 ? Verdict::ping : Verdict::dead;
    }
    TimePoint next_check(std::size_t due) const { return progress_ + (due == 0 ? ping_interval_ : stall_timeout_); }

private:
    std::chrono::milliseconds ping_interval_;
    std::chrono::milliseconds stall_timeout_;
    TimePoint progress_{};
};

} // namespace gravity::redis
