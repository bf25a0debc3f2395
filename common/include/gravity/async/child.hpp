#pragma once

#include <gravity/async/task.hpp>

#include <functional>
#include <memory>

namespace gravity {

/// A coroutine that runs beside the one that made it, on the same executor, and ends before it does: its maker calls `stop` on every way out.
class Child {
public:
    Child();
    ~Child(); // one that still runs keeps running, and what it throws is lost: call stop()
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    /// `on_end` is called when it has ended, however. The function object is kept until then, so it may be a lambda with captures.
    Task<void> start(std::function<Task<void>()> work, std::function<void()> on_end);
    bool ended() const;
    /// Cancels what it waits for, waits for its end, and throws what it failed with; having been cancelled is no failure.
    Task<void> stop();

private:
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace gravity
