#pragma once

#include "buffer.hpp"
#include "endpoint.hpp"
#include "stream.hpp"

#include <gravity/http/wire.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace gravity::gateway {

/// A connection to an instance. Lent to one request at a time; kept only if the last response was read to its end.
struct Upstream {
    /// `tls`: for an instance that wants it; else null.
    Upstream(boost::asio::io_context& io, Slab& slab, std::shared_ptr<Endpoint> to, std::shared_ptr<boost::asio::ssl::context> tls)
        : stream(Socket(io), std::move(tls)), in(slab), endpoint(std::move(to)) {}

    Stream stream;
    Buffer in;
    http::HeadScanner scanner;
    std::shared_ptr<Endpoint> endpoint;
    bool reused = false;                              // has served a request before
    std::chrono::milliseconds keep{60'000};           // how long it may be idle
    std::chrono::steady_clock::time_point idle_until; // while in the pool

    bool closed = false;

    void close() {
        closed = true;
        boost::system::error_code ignored; // nothing is lost that could be reported
        stream.socket().close(ignored);
    }
};

/// Finds the instance's address, connects, and where it wants TLS makes sure whose certificate it shows. `done` is called once, later; with an error too if
/// the upstream is closed meanwhile.
void open(const std::shared_ptr<Upstream>& upstream, std::function<void(boost::system::error_code)> done);

/// The idle connections of one core, the last used first, so that few stay warm. One thread.
class UpstreamPool {
public:
    explicit UpstreamPool(std::size_t per_endpoint) : most_(per_endpoint) {}

    /// A connection on which the instance has neither closed nor spoken since; null if there is none.
    std::shared_ptr<Upstream> take(const Endpoint& endpoint);
    void give(std::shared_ptr<Upstream> upstream, std::chrono::steady_clock::time_point now);
    /// Closes what was idle for too long, was closed by the other side, or leads to none of the instances that there are (`known`: Endpoint::identity()).
    void sweep(std::chrono::steady_clock::time_point now, const std::unordered_set<const void*>& known);
    /// Closes half of those of each instance, the longest idle, and of one the one. False: there are none.
    bool shed();
    bool empty() const { return idle_.empty(); }
    void clear() { idle_.clear(); }

private:
    std::size_t most_;
    std::unordered_map<const void*, std::vector<std::shared_ptr<Upstream>>> idle_; // by Endpoint::identity()
};

} // namespace gravity::gateway
