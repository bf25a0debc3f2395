#pragma once

#include "model.hpp"

#include <gravity/async/task.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <set>
#include <string>

namespace boost::asio {
class io_context;
}

namespace gravity::registry {

/// Who waits for what to change. A change wakes those who watch it and nobody else. I/O thread only.
class WaitHub {
public:
    using Deadline = std::chrono::steady_clock::time_point;
    enum class Wake : unsigned char {
        changed,
        timeout,
        closed
    };

    WaitHub(boost::asio::io_context& io, std::size_t max_waiters);
    ~WaitHub();

    /// Returns when one of `touched` of a later wake() is `watched`, at the deadline, or after close().
    Task<Wake> wait(std::string watched, Deadline deadline);
    /// `touched`: names as in namespace watch; "kv:<key>" wakes the waiters of each of its prefixes.
    void wake(const std::set<std::string>& touched);
    /// From now on nobody waits.
    void close();

    std::size_t waiting() const;
    bool full() const;

private:
    struct State;
    std::shared_ptr<State> state_; // a coroutine that is destroyed late still leaves its place
};

} // namespace gravity::registry
