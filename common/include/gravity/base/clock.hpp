#pragma once

#include <gravity/base/time.hpp>

#include <cstdint>

/// The process's clock. Everything that asks for the time asks here, so that a test can set it, from inside (`Fake`) or
/// from outside (CLOCK_OFFSET_SECONDS and CLOCK_FACTOR, honoured by `app` only in test mode). Any thread.
namespace gravity {

/// The time of day by the process's clock. It may step back when the system's clock is set.
Timestamp now();

/// Time since an arbitrary moment, never going back; for deadlines and back-off. Runs with the same factor as `now()`.
Duration steady_now();

namespace clock {

/// From here on the clock runs `factor` times as fast as the system's, and is `offset_seconds` ahead of it at this
/// moment. Called once, before other threads start. Throws std::invalid_argument unless 0 < factor <= 1,000,000.
void configure(std::int64_t offset_seconds, double factor);

/// How long the system's clock runs while the process's clock runs `duration`: what a timer really waits. Not negative.
Duration real(Duration duration);

/// Stands in for the clock of the whole process while it lives: time stands still until it is moved. One at a time (a
/// second throws std::logic_error).
class Fake {
public:
    explicit Fake(Timestamp at);
    ~Fake();
    Fake(const Fake&) = delete;
    Fake& operator=(const Fake&) = delete;

    /// Sets the time of day, in either direction; steady time goes on by a step forward and stands still for a step
    /// back.
    void set(Timestamp at);
    void advance(Duration by); // not negative
};

} // namespace clock
} // namespace gravity
