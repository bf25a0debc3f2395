#pragma once

#include <gravity/async/task.hpp>

#include <chrono>
#include <memory>

namespace gravity {

/// Wakes coroutines that wait for something to have changed: they look again, and wait again if it was not for them. I/O thread.
class Signal {
public:
    Signal();
    ~Signal(); // who waits goes on waiting, until its time
    Signal(const Signal&) = delete;
    Signal& operator=(const Signal&) = delete;

    /// Until `notify` or that time; ends by exception if the awaiting coroutine is cancelled.
    Task<void> wait_until(std::chrono::steady_clock::time_point end);
    /// Wakes all who wait now. Nothing is remembered for who comes later: look first, then wait.
    void notify();

private:
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace gravity
