#include "side_request.hpp"

#include <boost/asio/write.hpp>

namespace gravity::gateway {

namespace asio = boost::asio;

SideRequest::SideRequest(Core& core, std::shared_ptr<const Snapshot> snapshot, const Cluster& cluster)
    : core_(core), snapshot_(std::move(snapshot)), cluster_(cluster), timer_(core.io()) {}

/// A handler that hears of an end only as long as somebody cares. It keeps the connection: an operation of TLS works on it until it has been told of its end.
template <class Next>
auto SideRequest::unless_over(Next next) {
    return [self = shared_from_this(), upstream = upstream_, next](boost::system::error_code error, auto... results) {
        if (self->over_) return;
        if (error) return self->failed();
        next(*self, results...);
    };
}

void SideRequest::ring_at(std::chrono::steady_clock::time_point when) {
    timer_.expires_at(when);
    timer_.async_wait([self = shared_from_this()](boost::system::error_code stopped) {
        if (!stopped && !self->over_) self->rang();
    });
}

void SideRequest::connect(std::shared_ptr<Upstream> kept) {
    upstream_ = std::move(kept);
    if (upstream_) return connected();
    upstream_ = core_.upstream_to(use_.endpoint());
    open(upstream_, unless_over([](SideRequest& self) { self.connected(); }));
}

void SideRequest::write(std::string_view bytes) {
    asio::async_write(upstream_->stream, asio::buffer(bytes.data(), bytes.size()), unless_over([](SideRequest& self, std::size_t) { self.written(); }));
}

void SideRequest::read() {
    const Buffer::Space space = upstream_->in.space();
    upstream_->stream.async_read_some(asio::buffer(space.data, space.size), [self = shared_from_this(), upstream = upstream_](boost::system::error_code error,
                                                                                                                              std::size_t size) {
        if (self->over_) return;
        if (error && error != asio::error::eof) return self->failed();
        upstream->in.commit(size);
        self->received(error == asio::error::eof);
    });
}

std::optional<std::string_view> SideRequest::answer_head(http::Method method) {
    Buffer& in = upstream_->in;
    for (;;) {
        const auto result = upstream_->scanner.scan(in.view(), head_limits);
        if (result == http::HeadScanner::Result::incomplete) {
            if (in.space().size == 0) in.grow(head_limits.bytes + 1); // one more than allowed: the scanner sees that it is too much
            read();
            return std::nullopt;
        }
        const std::string_view bytes = in.view().substr(0, upstream_->scanner.length());
        ResponseHead& head = core_.response_head();
        if (result == http::HeadScanner::Result::refused || parse_response_head(bytes, method, head) || head.status == 101) {
            failed();
            return std::nullopt;
        }
        upstream_->scanner.reset();
        if (head.status >= 200) return bytes;
        in.consume(bytes.size()); // an interim answer
    }
}

void SideRequest::end(Outcome outcome) {
    stop();
    use_.end(outcome);
    if (upstream_) std::exchange(upstream_, nullptr)->close();
}

void SideRequest::end_and_keep(Outcome outcome) {
    stop();
    use_.end(outcome);
    core_.pool().give(std::exchange(upstream_, nullptr), std::chrono::steady_clock::now());
}

std::pair<Use, std::shared_ptr<Upstream>> SideRequest::let_go() {
    stop();
    return {std::move(use_), std::exchange(upstream_, nullptr)};
}

void SideRequest::stop() {
    over_ = true;
    timer_.cancel();
}

} // namespace gravity::gateway
