#include "hedge.hpp"

#include <boost/asio/write.hpp>

namespace gravity::gateway {

namespace asio = boost::asio;
using std::chrono::steady_clock;

bool may_be_hedged(http::Method method, const http::Framing& framing, bool websocket) {
    return (method == http::Method::get || method == http::Method::head) && !framing.has_body() && !websocket;
}

Hedge::Hedge(Core& core, std::shared_ptr<const Snapshot> snapshot, const Cluster& cluster, std::shared_ptr<Endpoint> first, std::string request_head,
             http::Method method, std::function<void()> changed)
    : core_(core),
      snapshot_(std::move(snapshot)),
      cluster_(cluster),
      first_(std::move(first)),
      request_head_(std::move(request_head)),
      method_(method),
      changed_(std::move(changed)),
      timer_(core.io()) {}

void Hedge::start(steady_clock::duration wait) {
    timer_.expires_after(wait);
    timer_.async_wait([self = shared_from_this()](boost::system::error_code stopped) {
        if (!stopped && self->state_ == State::waiting) self->ask();
    });
}

void Hedge::ask() {
    const auto now = steady_clock::now();
    state_ = State::over;
    use_ = pick(cluster_, first_.get(), core_.choices(), now);
    if (!use_ || use_.endpoint()->identity() == first_->identity() || !cluster_.state->take_hedge(now)) return use_.end(Outcome::neutral);
    state_ = State::asked;
    core_.shared().telemetry.hedges.add();
    upstream_ = core_.pool().take(*use_.endpoint());
    if (upstream_) return write();
    upstream_ = core_.upstream_to(use_.endpoint());
    open(upstream_, [self = shared_from_this()](boost::system::error_code error) {
        if (self->state_ != State::asked) return;
        if (error) return self->fail();
        self->write();
    });
}

void Hedge::write() {
    asio::async_write(upstream_->stream, asio::buffer(request_head_), [self = shared_from_this()](boost::system::error_code error, std::size_t) {
        if (self->state_ != State::asked) return;
        if (error) return self->fail();
        self->read();
    });
}

void Hedge::read() {
    const Buffer::Space space = upstream_->in.space();
    upstream_->stream.async_read_some(asio::buffer(space.data, space.size), [self = shared_from_this()](boost::system::error_code error, std::size_t size) {
        if (self->state_ != State::asked) return;
        if (error) return self->fail();
        self->upstream_->in.commit(size);
        self->take_head();
    });
}

/// Whether it is an answer; the session will read it again.
void Hedge::take_head() {
    Buffer& in = upstream_->in;
    for (;;) {
        switch (upstream_->scanner.scan(in.view(), head_limits)) {
        case http::HeadScanner::Result::refused: return fail();
        case http::HeadScanner::Result::incomplete:
            if (in.space().size == 0) in.grow(head_limits.bytes + 1);
            return read();
        case http::HeadScanner::Result::complete: break;
        }
        const std::string_view bytes = in.view().substr(0, upstream_->scanner.length());
        upstream_->scanner.reset();
        ResponseHead& head = core_.response_head();
        if (parse_response_head(bytes, method_, head) || head.status == 101 || head.status >= 500) return fail();
        if (head.status >= 200) break;
        in.consume(bytes.size()); // an interim answer
    }
    state_ = State::answered;
    std::exchange(changed_, nullptr)();
}

std::pair<Use, std::shared_ptr<Upstream>> Hedge::take() {
    state_ = State::over;
    changed_ = nullptr;
    return {std::move(use_), std::exchange(upstream_, nullptr)};
}

void Hedge::fail() {
    state_ = State::over;
    use_.end(Outcome::failure);
    upstream_->close();
    if (const auto changed = std::exchange(changed_, nullptr)) changed();
}

void Hedge::cancel() {
    state_ = State::over;
    changed_ = nullptr;
    timer_.cancel();
    use_.end(Outcome::neutral);
    if (upstream_) std::exchange(upstream_, nullptr)->close();
}

} // namespace gravity::gateway
