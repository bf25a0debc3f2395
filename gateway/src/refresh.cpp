#include "refresh.hpp"

#include <boost/asio/write.hpp>

namespace gravity::gateway {

namespace asio = boost::asio;
using std::chrono::steady_clock;

Refresh::Refresh(Core& core, std::shared_ptr<const Snapshot> snapshot, const Cluster& cluster, const Exchange& exchange, StoredPtr stored,
                 ResponseCache::Lead lead)
    : core_(core),
      snapshot_(std::move(snapshot)),
      cluster_(cluster),
      request_(exchange.request),
      original_head_(exchange.request_head),
      request_head_(with_validators(original_head_, *stored)),
      asked_(exchange.asked),
      use_of_cache_(exchange.use),
      stored_(std::move(stored)),
      lead_(std::move(lead)),
      timer_(core.io()) {}

void Refresh::start(steady_clock::time_point deadline) {
    const auto now = steady_clock::now();
    cluster_.state->count_request(now);
    use_ = pick(cluster_, nullptr, core_.choices(), now);
    if (!use_) return lead_.fail(stored_);
    upstream_ = core_.upstream_to(use_.endpoint());
    timer_.expires_at(deadline);
    timer_.async_wait([self = shared_from_this()](boost::system::error_code stopped) {
        if (!stopped) self->fail();
    });
    connect();
}

void Refresh::connect() {
    open(upstream_, [self = shared_from_this()](boost::system::error_code error) {
        if (self->closed_) return;
        if (error) return self->fail();
        self->write();
    });
}

void Refresh::write() {
    asio::async_write(upstream_->stream, asio::buffer(request_head_), [self = shared_from_this()](boost::system::error_code error, std::size_t) {
        if (self->closed_) return;
        if (error) return self->fail();
        self->read();
    });
}

void Refresh::read() {
    const Buffer::Space space = upstream_->in.space();
    upstream_->stream.async_read_some(asio::buffer(space.data, space.size), [self = shared_from_this()](boost::system::error_code error, std::size_t size) {
        if (self->closed_) return;
        const bool end = error == asio::error::eof && self->head_read_;
        if (error && !end) return self->fail();
        self->upstream_->in.commit(size);
        if (self->head_read_) self->take_body(end);
        else self->take_head();
    });
}

void Refresh::take_head() {
    Buffer& in = upstream_->in;
    switch (upstream_->scanner.scan(in.view(), head_limits)) {
    case http::HeadScanner::Result::refused: return fail();
    case http::HeadScanner::Result::incomplete:
        if (in.space().size == 0) in.grow(head_limits.bytes + 1);
        return read();
    case http::HeadScanner::Result::complete: break;
    }
    const std::string_view bytes = in.view().substr(0, upstream_->scanner.length());
    in.consume(bytes.size());
    upstream_->scanner.reset();
    ResponseHead& head = core_.response_head();
    if (parse_response_head(bytes, http::Method::get, head) || head.status == 101 || is_failure(head.status)) return fail();
    if (head.status < 200) return take_head();
    head_read_ = true;
    keep_alive_ = head.framing.keep_alive;
    response_body_ = BodyRelay(head.framing, BodyRelay::Out::plain);
    ResponseCache& cache = core_.shared().cache;
    const Exchange exchange{request_, original_head_, asked_, Moment::now(), use_of_cache_};
    if (head.status == 304) {
        const StoredPtr fresh = freshened(*stored_, exchange, bytes, head);
        cache.store(fresh, asked_.steady);
        lead_.land(fresh);
        return finish();
    }
    draft_ = storable(exchange, bytes, head);
    const std::size_t size = head.framing.has_body() ? static_cast<std::size_t>(head.framing.content_length.value_or(cache.limits().body)) : 0;
    if (draft_ && size <= cache.limits().body) room_ = cache.room(size);
    if (!room_) { // what is kept is no longer so, and this is not to be kept
        cache.forget(*stored_);
        lead_.decline(!draft_);
        keep_alive_ = false;
        return finish();
    }
    take_body(false);
}

void Refresh::take_body(bool end) {
    Buffer& in = upstream_->in;
    for (;;) {
        const BodyRelay::Batch batch = response_body_.take(in.view(), end);
        if (batch.malformed) return fail();
        for (const std::string_view piece : batch.pieces) body_.append(piece);
        in.consume(batch.consumed);
        if (batch.done) break;
        if (body_.size() > core_.shared().cache.limits().body) {
            core_.shared().cache.forget(*stored_);
            lead_.decline(true);
            keep_alive_ = false;
            return finish();
        }
        if (batch.consumed == 0 || in.empty()) return read();
    }
    keep_alive_ = keep_alive_ && !end;
    const StoredPtr fresh = complete(*std::exchange(draft_, std::nullopt), std::move(body_));
    core_.shared().cache.store(fresh, asked_.steady);
    lead_.land(fresh);
    finish();
}

void Refresh::finish() {
    use_.end(Outcome::success);
    core_.shared().telemetry.show(core_.shared().cache);
    if (keep_alive_ && upstream_->in.empty()) {
        closed_ = true;
        timer_.cancel();
        core_.pool().give(std::exchange(upstream_, nullptr), steady_clock::now());
        return;
    }
    close();
}

/// What is kept stays as it is, as long as it may be used.
void Refresh::fail() {
    if (closed_) return;
    use_.end(Outcome::failure);
    lead_.fail(stored_);
    close();
}

void Refresh::close() {
    closed_ = true;
    timer_.cancel();
    upstream_->close();
}

} // namespace gravity::gateway
