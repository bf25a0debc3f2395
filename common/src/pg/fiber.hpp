#pragma once

#include <functional>
#include <memory>

namespace gravity::pg {

/// A plain function that can stop in the middle and be continued later: it has a stack of its own (Boost.Context). What the language and the log keep
/// for each thread, the exceptions being handled and the scope of log lines, is the function's while it runs, so it may stop inside a `catch` as well.
/// Continued by one thread at a time, and at best always by the same: what else is local to a thread may have been looked up before a stop.
class Fiber {
public:
    static constexpr std::size_t stack_size = 1 << 20; // bytes reserved; what was never touched costs nothing

    /// `body` must not let an exception out. It starts at the first `resume`.
    explicit Fiber(std::function<void()> body);
    ~Fiber(); // the body has ended, or never begun
    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;

    /// From outside: runs the body until it suspends or ends.
    void resume();
    /// From within the body: back to whoever resumed it.
    void suspend();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace gravity::pg
