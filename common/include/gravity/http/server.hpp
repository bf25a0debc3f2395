#pragma once

#include <gravity/async/task.hpp>
#include <gravity/http/exchange.hpp>
#include <gravity/http/wire.hpp>
#include <gravity/net/tls.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace boost::asio {
class io_context;
}

namespace gravity::http {

/// Answers one request. A handler that throws or returns without having answered is reported to `on_error` and answered with a
/// 500 that reveals nothing. An exception of Exchange::read_body and read_some must be let through: the server then answers
/// what is due (400 or 408) and closes.
using Handler = std::function<Task<void>(Exchange&)>;

struct ServerOptions {
    std::string address = "127.0.0.1"; // textual IP; "::" listens on IPv4 as well; or unix:///path
    std::uint16_t port = 0;            // 0: any free one, see Server::port; of no use with a path
    std::optional<net::TlsFiles> tls;

    HeadLimits head;
    std::size_t max_connections = 10'000; // the next ones are answered 503 and closed ...
    std::size_t max_refusals = 64;        // ... so many at a time; beyond that they wait in the kernel's queue

    using Milliseconds = std::chrono::milliseconds;
    Milliseconds head_timeout{10'000}; // a whole request head (or TLS handshake), however the bytes drip
    Milliseconds idle_timeout{75'000}; // between requests
    Milliseconds body_grace{5'000};    // a body is waited for so long at any rate ...
    std::size_t body_min_rate = 500;   // ... then must have come at so many bytes a second on average, else 408
    Milliseconds write_stall{30'000};  // the peer takes not a byte
    Milliseconds linger{2'000};        // after the last answer, so that it is not lost to a reset (RFC 9112 section 9.6)
    Milliseconds park_after{2'000};    // an idle connection gives its read buffer back

    /// Called on the I/O thread; the exception is null when the handler returned without answering. Must not throw.
    std::function<void(const Request&, std::exception_ptr)> on_error;
};

/// Figures since the start, but for the first.
struct ServerCounters {
    std::uint64_t open_connections = 0;
    std::uint64_t connections = 0;
    std::uint64_t requests = 0;          // heads that were well-formed
    std::uint64_t malformed = 0;         // answered 400, 414, 417, 431 or 505 here
    std::uint64_t refused = 0;           // over max_connections
    std::uint64_t timeouts = 0;          // of heads, bodies, writes; not of idle connections
    std::uint64_t handler_errors = 0;
    std::uint64_t accept_pauses = 0;     // out of descriptors or memory
};

/// HTTP/1.1 server on one I/O context: keep-alive, pipelining (answered in order, nothing read ahead but one buffer), TLS, WebSocket.
/// All functions on the I/O thread, or while it does not run; `port` and `counters` on any.
class Server {
public:
    Server(boost::asio::io_context& io, ServerOptions options, Handler handler);
    ~Server(); // aborts what is open
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Binds and listens. Throws boost::system::system_error (address in use, bad certificate ...).
    void start();
    std::uint16_t port() const;
    /// Reads the TLS files anew for connections to come. Throws and keeps the old ones if they are no good.
    void reload_tls();

    /// Closes the listener; connections live on.
    void stop_accepting();
    /// Stops accepting, closes idle connections, lets each running request end with "Connection: close"; what is still open at
    /// `deadline` is cut. Returns when no connection is left.
    Task<void> drain(std::chrono::steady_clock::time_point deadline);
    bool draining() const;

    ServerCounters counters() const;

private:
    class Listener;
    std::shared_ptr<Listener> listener_;
};

} // namespace gravity::http
