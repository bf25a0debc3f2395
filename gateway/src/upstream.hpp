#pragma once

#include "buffer.hpp"
#include "endpoint.hpp"

#include <gravity/http/wire.hpp>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <unordered_map>
#include <vector>

namespace gravity::gateway {

/// Bound to its context's own executor type: no virtual call for each operation.
using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

/// A connection to an instance. Lent to one request at a time; kept only if the last response was read to its end.
struct Upstream {
    Upstream(boost::asio::io_context& io, Slab& slab, std::shared_ptr<Endpoint> to) : socket(io), in(slab), endpoint(std::move(to)) {}

    Socket socket;
    Buffer in;
    http::HeadScanner scanner;
    std::shared_ptr<Endpoint> endpoint;
    bool reused = false;                              // has served a request before
    std::chrono::milliseconds keep{60'000};           // how long it may be idle
    std::chrono::steady_clock::time_point idle_until; // while in the pool

    void close() {
        boost::system::error_code ignored; // nothing is lost that could be reported
        socket.close(ignored);
    }
};

/// The idle connections of one core, the last used first, so that few stay warm. One thread.
class UpstreamPool {
public:
    explicit UpstreamPool(std::size_t per_endpoint) : most_(per_endpoint) {}

    /// A connection on which the instance has neither closed nor spoken since; null if there is none.
    std::shared_ptr<Upstream> take(const Endpoint& endpoint);
    void give(std::shared_ptr<Upstream> upstream, std::chrono::steady_clock::time_point now);
    /// Closes what was idle for too long or was closed by the other side.
    void sweep(std::chrono::steady_clock::time_point now);
    void clear() { idle_.clear(); }
    std::size_t size() const;

private:
    std::size_t most_;
    std::unordered_map<const void*, std::vector<std::shared_ptr<Upstream>>> idle_; // by Endpoint::identity()
};

} // namespace gravity::gateway
