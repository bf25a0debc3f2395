#pragma once

#include <gravity/resilience/deadline.hpp>

#include <cstdint>
#include <memory>
#include <optional>

namespace gravity::resilience {

struct LimiterSettings {
    std::uint32_t limit = 100; // calls at a time, to begin with
    bool adaptive = false;     // moves the limit between the two below by the latency it sees
    std::uint32_t minimum = 5;
    std::uint32_t maximum = 1000;
};

/// Bounds the calls made at a time to one target. Fixed, or adaptive: the limit shrinks as latency rises above its
/// long-term average (work queues up at the target) and grows while latency stays flat and the limit is used. I/O
/// thread only (no lock).
class Limiter {
public:
    /// Throws std::invalid_argument unless 0 < minimum <= limit <= maximum (fixed: 0 < limit).
    explicit Limiter(LimiterSettings settings);

    /// A place; given back when it is destroyed, also if the limiter is gone by then.
    class Permit {
    public:
        Permit(Permit&&) noexcept = default;
        Permit& operator=(Permit&&) noexcept;
        Permit(const Permit&) = delete;
        Permit& operator=(const Permit&) = delete;
        ~Permit();

        /// How long the call took, for the adaptive limit. `dropped`: it timed out or was refused for load. Once.
        void finish(Span latency, bool dropped);

    private:
        friend class Limiter;
        struct State;
        explicit Permit(std::shared_ptr<State> state);
        std::shared_ptr<State> state_; // null once moved from
    };

    /// Nothing when the limit is reached.
    std::optional<Permit> try_acquire();

    std::uint32_t limit() const;
    std::uint32_t in_flight() const;

private:
    std::shared_ptr<Permit::State> state_;
};

} // namespace gravity::resilience
