#pragma once

#include <chrono>

namespace gravity::gateway {

/// Whom a core looks after: a connection of a client, or one of the streams that share such a connection.
class Client {
public:
    /// Looks at the time-outs.
    virtual void check(std::chrono::steady_clock::time_point now) = 0;
    virtual void begin_drain() = 0;
    /// It is a connection on which nothing is under way.
    virtual bool waits() const = 0;
    /// At once, whatever is under way. No other client leaves its core's list for it before the core's next handler.
    virtual void close() = 0;

protected:
    ~Client() = default;
};

} // namespace gravity::gateway
