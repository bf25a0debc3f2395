#include "upstream.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/basic_resolver.hpp>

#include <algorithm>
#include <cerrno>
#include <string>
#include <sys/socket.h>

namespace gravity::gateway {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

/// Nothing must have come on an idle connection: its end is its end, and bytes answer no question.
bool is_quiet(Upstream& upstream) {
    char byte = 0;
    const auto received = ::recv(upstream.stream.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

using Done = std::function<void(boost::system::error_code)>;
using Addresses = std::vector<tcp::endpoint>;

void shake_hands(const std::shared_ptr<Upstream>& upstream, Done done) {
    const InstanceSpec& target = upstream->endpoint->spec();
    upstream->stream.expect(target.tls->name.empty() ? target.address : target.tls->name, target.tls->names);
    upstream->stream.async_handshake(Stream::Side::client, [upstream, done = std::move(done)](boost::system::error_code error) {
        done(upstream->closed ? asio::error::operation_aborted : error);
    });
}

void connect_to(const std::shared_ptr<Upstream>& upstream, const Addresses& addresses, Done done) {
    auto connected = [upstream, done = std::move(done)](boost::system::error_code error, const tcp::endpoint&) mutable {
        if (upstream->closed) return done(asio::error::operation_aborted);
        if (error) return done(error);
        boost::system::error_code ignored; // only a matter of speed
        upstream->stream.socket().set_option(tcp::no_delay(true), ignored);
        if (!upstream->endpoint->spec().tls) return done({});
        if (!upstream->stream.secure()) return done(asio::error::access_denied); // its certificates cannot be read: never without TLS instead
        shake_hands(upstream, std::move(done));
    };
    Socket& socket = upstream->stream.socket();
    if (addresses.size() != 1) return asio::async_connect(socket, addresses, std::move(connected));
    // Of one address it is told why: a socket that cannot even be opened is none that was cancelled.
    socket.async_connect(addresses.front(), [connected = std::move(connected)](boost::system::error_code error) mutable { connected(error, {}); });
}

void resolve(const std::shared_ptr<Upstream>& upstream, Done done) {
    using Resolver = asio::ip::basic_resolver<tcp, asio::io_context::executor_type>;
    const auto resolver = std::make_shared<Resolver>(upstream->stream.get_executor());
    const InstanceSpec& target = upstream->endpoint->spec();
    resolver->async_resolve(target.address, std::to_string(target.port), Resolver::numeric_service,
                            [upstream, resolver, done = std::move(done)](boost::system::error_code error, const Resolver::results_type& found) mutable {
                                if (upstream->closed) return done(asio::error::operation_aborted);
                                if (error) return done(error);
                                connect_to(upstream, {found.begin(), found.end()}, std::move(done));
                            });
}

} // namespace

void open(const std::shared_ptr<Upstream>& upstream, Done done) {
    const InstanceSpec& target = upstream->endpoint->spec();
    boost::system::error_code is_name;
    const auto address = asio::ip::make_address(target.address, is_name);
    if (is_name) return resolve(upstream, std::move(done));
    connect_to(upstream, {tcp::endpoint(address, target.port)}, std::move(done));
}

std::shared_ptr<Upstream> UpstreamPool::take(const Endpoint& endpoint) {
    const auto found = idle_.find(endpoint.identity());
    if (found == idle_.end()) return nullptr;
    auto& kept = found->second;
    while (!kept.empty()) {
        std::shared_ptr<Upstream> upstream = std::move(kept.back());
        kept.pop_back();
        if (is_quiet(*upstream)) return upstream;
    }
    return nullptr;
}

void UpstreamPool::give(std::shared_ptr<Upstream> upstream, std::chrono::steady_clock::time_point now) {
    auto& kept = idle_[upstream->endpoint->identity()];
    if (kept.size() >= most_) return; // closed by going out of scope
    upstream->in.release();
    upstream->scanner.reset();
    upstream->reused = true;
    upstream->idle_until = now + upstream->keep;
    kept.push_back(std::move(upstream));
}

bool UpstreamPool::shed() {
    bool closed = false;
    for (auto& [identity, kept] : idle_) {
        closed |= !kept.empty();
        kept.erase(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>((kept.size() + 1) / 2));
    }
    return closed;
}

void UpstreamPool::sweep(std::chrono::steady_clock::time_point now, const std::unordered_set<const void*>& known) {
    for (auto at = idle_.begin(); at != idle_.end();) {
        if (!known.contains(at->first)) at->second.clear();
        std::erase_if(at->second, [&](const auto& upstream) { return upstream->idle_until <= now || !is_quiet(*upstream); });
        at = at->second.empty() ? idle_.erase(at) : std::next(at);
    }
}

} // namespace gravity::gateway
