#pragma once

#include <gravity/http/conditional.hpp>
#include <gravity/http/server.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <list>
#include <string>

namespace gravity::http {

class Connection;
using SteadyTime = std::chrono::steady_clock::time_point;

/// A figure written by the I/O thread and read by any: no locked instruction.
class Count {
public:
    void add(std::uint64_t n = 1) { value_.store(get() + n, std::memory_order_relaxed); }
    void subtract(std::uint64_t n = 1) { value_.store(get() - n, std::memory_order_relaxed); }
    std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

/// What the connections of one server share. I/O thread only, but for the counts.
struct ServerCore {
    ServerCore(ServerOptions server_options, Handler request_handler)
        : options(std::move(server_options)), handler(std::move(request_handler)) {}

    ServerOptions options;
    Handler handler;
    bool draining = false;
    std::list<Connection*> connections; // each removes itself
    std::size_t refusing = 0;           // of those, answered 503
    std::function<void()> on_closed;    // a connection has gone
    Count open, total, requests, malformed, refused, timeouts, handler_errors, accept_pauses;

    /// The Date field's value (RFC 9110 section 5.6.7), made once a second.
    const std::string& date() {
        const std::time_t now = std::time(nullptr);
        if (now != date_at_) {
            date_ = format_http_date(now);
            date_at_ = now;
        }
        return date_;
    }

private:
    std::time_t date_at_ = -1;
    std::string date_;
};

} // namespace gravity::http
