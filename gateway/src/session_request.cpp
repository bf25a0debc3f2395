#include "compression.hpp"
#include "forward.hpp"
#include "session.hpp"

#include <gravity/http/client.hpp>

#include <boost/asio/write.hpp>

#include <algorithm>

namespace gravity::gateway {

namespace asio = boost::asio;
using std::chrono::steady_clock;

void Session::pass_on(std::string_view bytes, const RequestHead& head, std::string_view path) {
    const auto wanted = parse_timeout_ms(head.value(Known::x_request_timeout_ms, bytes));
    const std::uint32_t timeout_ms = std::min(admission_.route->timeout_ms, wanted.value_or(admission_.route->timeout_ms));
    client_deadline_ = wanted.has_value() && *wanted <= admission_.route->timeout_ms;
    deadline_total_ = begun_ + std::chrono::milliseconds(timeout_ms);

    const auto traceparent = traceparent_of(trace_);
    RequestFacts facts;
    facts.path = path;
    facts.peer_address = peer_text_;
    facts.default_host = cluster_->name;
    facts.trusted_peer = trusted_peer_;
    facts.secure = client_.secure();
    facts.http2 = client_.is_pipe();
    if (certificate_) facts.client_cert = certificate_->field;
    facts.traceparent = {traceparent.data(), traceparent.size()};
    facts.continues_trace = continues_trace_;
    facts.timeout_ms = timeout_ms;
    if (admission_.key) facts.authorization = admission_.key->authorization;
    facts.websocket = websocket_;
    facts.trailers = takes_trailers_;
    if (const RuleSpec* rule = admission_.route->rule) {
        facts.host = rule->rewrite_host;
        facts.edits = {&rule->request, &backend_->spec->request};
    }
    write_request_head(bytes, head, facts, request_head_);
    if (admission_.route->compress) coding_ = wanted_coding(bytes, head);
    repeatable_ = http::is_idempotent(method_) || has_field(bytes, head, "Idempotency-Key");
    if (has_cache() && answered_by_cache(bytes, head)) return;
    go_on();
}

/// To the service.
void Session::go_on() {
    if (const RuleSpec* rule = admission_.route->rule; rule && !rule->mirrors.empty() && !websocket_) begin_mirrors();
    cluster_->state->count_request(begun_);
    try_instance();
}

void Session::try_instance() {
    phase_ = Phase::connecting;
    const Cluster& cluster = *cluster_;
    const auto now = steady_clock::now();
    use_ = pick(cluster, failed_.get(), core_.choices(), now);
    if (!use_) {
        std::chrono::milliseconds wait{1000}; // nobody knows when there will be an instance; an open breaker knows when it lets one through
        for (const auto& endpoint : cluster.endpoints) wait = std::max(wait, endpoint->retry_after(now));
        static constexpr Problem no_instance{503, "no-instance", "No instance of the service takes requests at the moment"};
        return refuse(Refusal(no_instance).with_header("Retry-After", std::to_string((wait.count() + 999) / 1000)));
    }
    ++attempts_;
    if (auto kept = core_.pool().take(*use_.endpoint())) {
        upstream_ = std::move(kept);
        return send_request();
    }
    connect(core_.upstream_to(use_.endpoint()));
}

void Session::connect(std::shared_ptr<Upstream> upstream) {
    phase_ = Phase::connecting;
    upstream_ = upstream;
    deadline_ = std::min(deadline_total_, steady_clock::now() + core_.options().connect_timeout);
    open(upstream, [self = shared_from_this(), upstream](Error error) {
        if (upstream != self->upstream_) return; // given up meanwhile
        // That is nothing against the instance, and who only waits is not to cost others their answers.
        if (error == asio::error::no_descriptors && self->core_.make_room()) return self->connect(self->core_.upstream_to(self->use_.endpoint()));
        if (error) return self->connect_failed(false);
        self->send_request();
    });
}

void Session::connect_failed(bool timed_out) {
    failed_ = use_.endpoint();
    drop_upstream();
    use_.end(Outcome::failure);
    const auto now = steady_clock::now();
    // Nothing has been sent, so any method may go elsewhere.
    const bool elsewhere = cluster_->endpoints.size() > 1 && attempts_ < core_.options().max_attempts && now < deadline_total_;
    if (elsewhere && cluster_->state->take_retry(now)) {
        core_.shared().telemetry.retries.add();
        return try_instance();
    }
    static constexpr Problem unreachable{502, "upstream-unreachable", "The service could not be reached"};
    if (timed_out) core_.shared().telemetry.timeouts.add();
    refuse(timed_out ? Refusal(problems::deadline_exceeded) : Refusal(unreachable));
}

void Session::send_request() {
    phase_ = Phase::forwarding;
    deadline_ = deadline_total_;
    if (const RuleSpec* rule = admission_.route->rule; rule && rule->attempt_timeout_ms) {
        deadline_ = std::min(deadline_total_, steady_clock::now() + std::chrono::milliseconds(*rule->attempt_timeout_ms));
    }
    pump_request(true);
    if (phase_ != Phase::forwarding) return;
    begin_hedge();
    read_upstream();
}

void Session::pump_request(bool first) {
    if (upstream_writing_ || request_sent_ || request_broken_) return;
    const BodyRelay::Batch batch = request_body_.take(in_.view());
    if (batch.malformed) return refuse_wire({400, "malformed-request", "The body is not well-formed chunked data."});
    if (body_limit_ != 0 && request_body_.total() > body_limit_) {
        keep_alive_ = false;
        return refuse(Refusal(problems::too_large));
    }
    taken_ = batch.consumed;
    if (batch.data != 0) {
        body_began_ = true;
        expects_continue_ = false;
    }
    if (first && batch.done) replayable_ = true;
    if (!mirrors_.empty()) mirror(batch.pieces, first, batch.done);
    if (first || !batch.pieces.empty()) return write_upstream(batch.pieces, first);
    in_.consume(std::exchange(taken_, 0));
    if (batch.done) return request_is_sent();
    read_client();
}

void Session::write_upstream(std::span<const std::string_view> pieces, bool with_head) {
    Pieces buffers;
    if (with_head) buffers.add(request_head_);
    for (const std::string_view piece : pieces) buffers.add(piece);
    upstream_writing_ = true;
    asio::async_write(upstream_->stream, buffers,
                      [self = shared_from_this(), upstream = upstream_](Error error, std::size_t) { self->upstream_was_written(upstream, error); });
}

void Session::upstream_was_written(const std::shared_ptr<Upstream>& upstream, Error error) {
    if (upstream != upstream_) return;
    upstream_writing_ = false;
    last_activity_ = steady_clock::now();
    if (error) {
        // It may have answered before it stopped listening: what can still be read decides.
        request_broken_ = true;
        if (phase_ == Phase::tunnel) close();
        return;
    }
    if (phase_ == Phase::tunnel) {
        in_.consume(std::exchange(taken_, 0));
        return tunnel_up();
    }
    if (!replayable_ || response_began_) in_.consume(std::exchange(taken_, 0));
    rearm_deadline(last_activity_);
    if (request_body_.done()) return request_is_sent();
    pump_request(false);
}

/// A long upload is no reason to give up; the time for the answer counts from its last byte, unless the client said otherwise.
void Session::rearm_deadline(Time now) {
    if (!client_deadline_ && body_began_) deadline_ = now + std::chrono::milliseconds(admission_.route->timeout_ms);
}

void Session::request_is_sent() {
    request_sent_ = true;
    read_client(); // to notice the client going away
}

/// The request as it was before a byte of it had been sent.
void Session::begin_again() {
    drop_upstream();
    drop_hedge();
    if (!mirrors_.empty()) drop_mirrors(); // the head would be there twice
    taken_ = 0; // still in front of the buffer, to be taken again
    request_body_ = whole_request();
    request_sent_ = request_broken_ = replayable_ = body_began_ = false;
}

/// Another instance, or this one once more: nothing of an answer has gone to the client, and the request may be repeated.
bool Session::retry_elsewhere() {
    const auto now = steady_clock::now();
    if (!replayable_ || !repeatable_ || interim_sent_ || attempts_ >= core_.options().max_attempts || now >= deadline_total_) return false;
    if (!cluster_->state->take_retry(now)) return false;
    core_.shared().telemetry.retries.add();
    failed_ = upstream_->endpoint;
    use_.end(Outcome::failure);
    begin_again();
    try_instance();
    return true;
}

/// A kept connection that its instance had just closed. The request cannot have been acted upon if it is idempotent anyway, or if the instance was
/// still owed the body (RFC 9110 section 9.2.2).
bool Session::retry_stale() {
    const bool again = http::is_idempotent(method_) ? replayable_ : expects_continue_;
    if (!upstream_->reused || !upstream_->in.empty() || stale_retried_ || !again) return false;
    stale_retried_ = true;
    core_.shared().telemetry.stale_retries.add();
    const std::shared_ptr<Endpoint> endpoint = upstream_->endpoint;
    begin_again();
    connect(core_.upstream_to(endpoint));
    return true;
}

void Session::drop_upstream() {
    if (!upstream_) return;
    std::exchange(upstream_, nullptr)->close();
    upstream_writing_ = upstream_reading_ = false;
}

} // namespace gravity::gateway
