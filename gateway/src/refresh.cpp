#include "refresh.hpp"

namespace gravity::gateway {

using std::chrono::steady_clock;

Refresh::Refresh(Core& core, std::shared_ptr<const Snapshot> snapshot, const Cluster& cluster, const Exchange& exchange, StoredPtr stored,
                 ResponseCache::Lead lead)
    : SideRequest(core, std::move(snapshot), cluster),
      request_(exchange.request),
      original_head_(exchange.request_head),
      request_head_(with_validators(original_head_, *stored)),
      asked_(exchange.asked),
      use_of_cache_(exchange.use),
      stored_(std::move(stored)),
      lead_(std::move(lead)) {}

void Refresh::start(steady_clock::time_point deadline) {
    const auto now = steady_clock::now();
    cluster_.state->count_request(now);
    use_ = pick(cluster_, nullptr, core_.choices(), now);
    if (!use_) return lead_.fail(stored_);
    ring_at(deadline);
    connect();
}

void Refresh::received(bool ended) {
    if (draft_) take_body(ended);
    else if (ended) failed();
    else take_head();
}

void Refresh::take_head() {
    const auto bytes = answer_head(http::Method::get);
    if (!bytes) return;
    const ResponseHead& head = core_.response_head();
    if (is_failure(head.status)) return failed();
    upstream_->in.consume(bytes->size()); // the bytes stay in their place until the next read
    keep_alive_ = head.framing.keep_alive;
    response_body_ = BodyRelay(head.framing, BodyRelay::Out::plain);
    ResponseCache& cache = core_.shared().cache;
    const Exchange exchange{request_, original_head_, asked_, Moment::now(), use_of_cache_};
    if (head.status == 304) {
        keep(freshened(*stored_, exchange, *bytes, head));
        return finish(keep_alive_);
    }
    draft_ = storable(exchange, *bytes, head);
    const std::size_t size = head.framing.has_body() ? static_cast<std::size_t>(head.framing.content_length.value_or(cache.limits().body)) : 0;
    if (draft_ && size <= cache.limits().body) room_ = cache.room(size);
    if (!room_) return give_up(!draft_);
    take_body(false);
}

void Refresh::take_body(bool ended) {
    Buffer& in = upstream_->in;
    for (;;) {
        const BodyRelay::Batch batch = response_body_.take(in.view(), ended);
        if (batch.malformed) return failed();
        for (const std::string_view piece : batch.pieces) body_.append(piece);
        in.consume(batch.consumed);
        if (body_.size() > core_.shared().cache.limits().body) return give_up(true);
        if (batch.done) break;
        if (batch.consumed == 0 || in.empty()) return read();
    }
    keep(complete(*std::exchange(draft_, std::nullopt), std::move(body_)));
    finish(keep_alive_ && !ended);
}

void Refresh::keep(const StoredPtr& fresh) {
    core_.shared().cache.store(fresh, asked_.steady);
    lead_.land(fresh);
}

/// What is kept is no longer so, and what came is not kept; `remember`: nobody is to wait for it either.
void Refresh::give_up(bool remember) {
    core_.shared().cache.forget(*stored_);
    lead_.decline(remember);
    finish(false);
}

void Refresh::finish(bool reusable) {
    core_.shared().telemetry.show(core_.shared().cache);
    if (reusable && upstream_->in.empty()) end_and_keep(Outcome::success);
    else end(Outcome::success);
}

/// What is kept stays as it is, as long as it may be used.
void Refresh::failed() {
    lead_.fail(stored_);
    end(Outcome::failure);
}

} // namespace gravity::gateway
