#pragma once

#include <gravity/resilience/deadline.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gravity::resilience {

struct BreakerSettings {
    std::uint32_t consecutive_failures = 5;
    std::uint32_t failure_percent = 50;            // more than this ...
    std::uint32_t minimum_calls = 20;              // ... of at least so many calls ...
    Span window = std::chrono::seconds(10);        // ... within this time
    Span base = std::chrono::seconds(5);           // open for so long, doubled each time the probe fails ...
    Span cap = std::chrono::seconds(60);           // ... up to this; each time varied by a fifth
    Span probe_timeout = std::chrono::seconds(30); // a probe that says nothing for so long has failed
};

/// Stops calls to a target that fails, and lets one probe find out whether it is back. I/O thread only (no lock).
///
///     auto permit = breaker.allow(now);
///     if (!permit) ... refuse, Retry-After breaker.retry_after(now)
///     breaker.record(*permit, succeeded, later);
///
/// A failure is one of the target (no connection, time-out, 5xx), not a refusal it meant (4xx).
class Breaker {
public:
    enum class State : std::uint8_t {
        closed,
        open,
        half_open
    };

    /// Leave to make one call.
    struct Permit {
        std::uint64_t generation = 0;
        bool probe = false;
    };

    /// `seed` for the variation of pauses. Throws std::invalid_argument for settings of zero.
    Breaker(BreakerSettings settings, std::uint64_t seed);

    std::optional<Permit> allow(Moment now);
    /// How a permitted call went. One that began before the breaker last changed its state tells of the past and is
    /// ignored.
    void record(Permit permit, bool success, Moment now);
    /// The call was not made, or its caller went away: it tells nothing. A probe's place is free again.
    void withdraw(Permit permit, Moment now);

    State state(Moment now);
    /// How long calls will be refused; zero when they are not.
    Span retry_after(Moment now);
    /// How often it has opened, for metrics.
    std::uint64_t times_opened() const { return times_opened_; }

private:
    static constexpr std::size_t bucket_count = 10;
    struct Bucket {
        std::int64_t tick = -1; // number of the part of the window it counts
        std::uint32_t calls = 0;
        std::uint32_t failures = 0;
    };

    void advance(Moment now);
    void open(Moment now);
    void close();
    bool too_many_failures(Moment now) const;
    std::int64_t tick(Moment now) const;
    std::uint64_t random();

    BreakerSettings settings_;
    State state_ = State::closed;
    std::array<Bucket, bucket_count> buckets_{};
    Moment until_{};          // open: when the probe may go
    Moment probe_deadline_{}; // half open, probe under way
    std::uint64_t generation_ = 1;
    std::uint64_t random_;
    std::uint64_t times_opened_ = 0;
    std::uint32_t consecutive_ = 0;
    std::uint32_t reopened_ = 0; // times in a row that it has opened without having closed
    bool probing_ = false;
};

std::string_view to_string(Breaker::State state);

} // namespace gravity::resilience
