#include "caching.hpp"
#include "compression.hpp"
#include "forward.hpp"
#include "session.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/log/log.hpp>

#include <boost/asio/write.hpp>

#include <charconv>

namespace gravity::gateway {

namespace asio = boost::asio;
using std::chrono::steady_clock;

namespace {

/// 0.9 of what "Keep-Alive: timeout=5" grants, so that a connection is not used at the moment it is being closed; a minute if nothing is said.
std::chrono::milliseconds keep_of(std::string_view field) {
    std::chrono::milliseconds keep{60'000};
    http::each_list_member(field, [&](std::string_view parameter) {
        constexpr std::string_view name = "timeout=";
        unsigned seconds = 0;
        if (parameter.size() <= name.size() || !http::iequals(parameter.substr(0, name.size()), name)) return;
        const auto [end, error] = std::from_chars(parameter.data() + name.size(), parameter.data() + parameter.size(), seconds);
        if (error == std::errc() && seconds < 60) keep = std::chrono::milliseconds(seconds * 900);
    });
    return keep;
}

/// Of these another instance may think otherwise.
bool says_try_elsewhere(int status) { return status == 502 || status == 503 || status == 504; }

bool is_event_stream(std::string_view content_type) {
    constexpr std::string_view name = "text/event-stream";
    return http::iequals(content_type.substr(0, name.size()), name);
}

} // namespace

void Session::read_upstream() {
    if (upstream_reading_ || !upstream_) return;
    const Buffer::Space space = upstream_->in.space();
    upstream_reading_ = true;
    upstream_->stream.async_read_some(asio::buffer(space.data, space.size), [self = shared_from_this(), upstream = upstream_](Error error, std::size_t size) {
        self->upstream_was_read(upstream, error, size);
    });
}

void Session::upstream_was_read(const std::shared_ptr<Upstream>& upstream, Error error, std::size_t size) {
    if (upstream != upstream_) return;
    upstream_reading_ = false;
    last_activity_ = steady_clock::now();
    if (phase_ == Phase::tunnel) {
        if (error) {
            server_ended_ = true;
            return tunnel_half_closed();
        }
        upstream_->in.commit(size);
        return tunnel_down();
    }
    if (error) {
        if (!response_began_) return no_response(false);
        if (error != asio::error::eof) return upstream_broke();
        upstream_ended_ = true;
        return pump_response(true);
    }
    upstream_->in.commit(size);
    if (response_began_) pump_response(false);
    else try_response_head();
}

void Session::no_response(bool timed_out) {
    if (!timed_out && (left_to_hedge() || retry_stale() || retry_elsewhere())) return;
    use_.end(Outcome::failure);
    if (!timed_out) return no_answer();
    core_.shared().telemetry.timeouts.add();
    refuse(Refusal(problems::deadline_exceeded));
}

void Session::no_answer() {
    static constexpr Problem closed{502, "upstream-closed", "The service closed the connection without an answer"};
    refuse(Refusal(closed));
}

void Session::bad_response(std::string_view detail) {
    if (left_to_hedge()) return;
    use_.end(Outcome::failure);
    static constexpr Problem bad{502, "upstream-malformed", "The service's answer is not valid HTTP"};
    refuse(Refusal(bad, std::string(detail)));
}

void Session::try_response_head() {
    Buffer& in = upstream_->in;
    switch (upstream_->scanner.scan(in.view(), head_limits)) {
    case http::HeadScanner::Result::refused: return bad_response(upstream_->scanner.refusal().detail);
    case http::HeadScanner::Result::incomplete:
        if (in.space().size == 0) in.grow(head_limits.bytes + 1);
        return read_upstream();
    case http::HeadScanner::Result::complete: break;
    }
    const std::string_view bytes = in.view().substr(0, upstream_->scanner.length());
    in.consume(bytes.size());
    upstream_->scanner.reset();
    ResponseHead& head = core_.response_head();
    if (const auto refusal = parse_response_head(bytes, method_, head)) return bad_response(refusal.detail);
    if (head.status == 101) {
        if (!websocket_ || !head.connection_upgrade || !head.websocket) return bad_response("It switches to a protocol that was not asked for.");
        return begin_tunnel(bytes, head);
    }
    if (head.status < 200) return interim_response(bytes, head);
    if (says_try_elsewhere(head.status) && (left_to_hedge() || (cluster_->endpoints.size() > 1 && retry_elsewhere()))) return;
    drop_hedge();
    begin_response(bytes, head);
}

void Session::interim_response(std::string_view bytes, const ResponseHead& head) {
    // HTTP/1.0 has none (RFC 9110 section 15.2), and nobody is told to continue who did not ask.
    const bool for_client = minor_version_ >= 1 && (head.status != 100 || expects_continue_);
    if (!for_client) return try_response_head();
    drop_hedge();
    if (head.status == 100) expects_continue_ = false;
    write_response_head(bytes, head, ResponseFacts{}, response_head_);
    interim_ = interim_sent_ = true;
    write_client({}, true);
    // The wait for the body that was just asked for counts from now.
    if (!request_sent_ && client_reading_) client_sends_.begin(steady_clock::now());
}

void Session::begin_response(std::string_view bytes, const ResponseHead& head) {
    response_began_ = true;
    status_ = head.status;
    note_pace();
    if (!upstream_writing_) in_.consume(std::exchange(taken_, 0)); // no retry from here on
    if (!request_body_.done()) keep_alive_ = false; // the rest of the body may or may not come: nothing can follow it
    upstream_keep_alive_ = head.framing.keep_alive;
    upstream_->keep = keep_of(head.value(Known::keep_alive, bytes));
    event_stream_ = is_event_stream(head.value(Known::content_type, bytes));

    CompressionPlan plan;
    if (admission_.route->compress) plan = plan_compression(coding_, method_, bytes, head);
    if (caching_ && cache_takes(bytes, head, plan)) return;
    if (plan.coding != http::Coding::identity) compressing_ = std::make_unique<Compressing>(plan.coding);
    const bool unsized = head.framing.chunked || head.framing.until_close || compressing_;
    const bool chunked = unsized && minor_version_ >= 1;
    if (unsized && !chunked) keep_alive_ = false; // its end is the connection's
    if (caching_) caching_->chunked = chunked; // and is framed when it is sent
    if (compressing_) compressing_->chunked = chunked;
    const bool framed_later = caching_ || compressing_;
    const auto trailers = takes_trailers_ && !framed_later ? BodyRelay::Trailers::pass : BodyRelay::Trailers::drop;
    response_body_ = BodyRelay(head.framing, chunked && !framed_later ? BodyRelay::Out::chunked : BodyRelay::Out::plain, trailers);
    ResponseFacts facts = response_facts();
    facts.chunked = chunked;
    facts.trailers = head.framing.chunked && chunked && trailers == BodyRelay::Trailers::pass;
    if (compressing_) facts.coding = http::to_string(plan.coding);
    facts.varies = plan.varies;
    write_response_head(bytes, head, facts, response_head_);
    pump_response(false);
}

ResponseFacts Session::response_facts() const {
    ResponseFacts facts;
    facts.client_minor = minor_version_;
    facts.keep_alive = keep_alive_;
    facts.extra = admission_.extra_lines;
    facts.date = core_.date();
    if (const RuleSpec* rule = admission_.route->rule) {
        facts.edits = {&rule->response, &backend_->spec->response};
        facts.own_cors = rule->cors.has_value();
    }
    return facts;
}

void Session::pump_response(bool end) {
    if (caching_) return fill(end);
    if (compressing_) return pump_compressed(end);
    if (client_writing_) return;
    const BodyRelay::Batch batch = response_body_.take(upstream_->in.view(), end);
    if (batch.malformed) return response_head_sent_ ? upstream_broke() : bad_response("Its body is not framed as it says.");
    unconsumed_down_ = batch.consumed;
    response_end_ = batch.done;
    const bool with_head = !std::exchange(response_head_sent_, true);
    if (with_head || !batch.pieces.empty()) return write_client(batch.pieces, with_head);
    upstream_->in.consume(std::exchange(unconsumed_down_, 0));
    if (batch.done) return finish_response();
    read_upstream();
}

void Session::write_client(std::span<const std::string_view> pieces, bool with_head) {
    Pieces buffers;
    if (with_head) buffers.add(response_head_);
    for (const std::string_view piece : pieces) buffers.add(piece);
    client_writing_ = true;
    client_takes_.begin(steady_clock::now());
    asio::async_write(client_, buffers, [self = shared_from_this()](Error error, std::size_t size) { self->client_was_written(error, size); });
}

void Session::client_was_written(Error error, std::size_t size) {
    client_writing_ = false;
    if (phase_ == Phase::closed) return;
    if (error) return client_gone();
    last_activity_ = steady_clock::now();
    client_takes_.end(last_activity_, size, core_.options().least_rate);
    if (caching_ && caching_->sends) return send_collected();
    if (phase_ == Phase::replying) return next_request();
    upstream_->in.consume(std::exchange(unconsumed_down_, 0));
    if (phase_ == Phase::tunnel) return tunnel_down();
    if (std::exchange(interim_, false)) return try_response_head();
    if (response_end_) return finish_response();
    if (upstream_ended_ || !upstream_->in.empty()) return pump_response(upstream_ended_);
    read_upstream();
}

void Session::finish_response() {
    use_.end(status_ >= 500 ? Outcome::failure : Outcome::success);
    record(status_);
    keep_or_drop_upstream();
    next_request();
}

void Session::keep_or_drop_upstream() {
    // Bytes after the response's end, or a request that was not wholly sent, leave the connection in a state nobody knows.
    const bool clean = upstream_keep_alive_ && request_sent_ && !request_broken_ && !upstream_ended_ && !upstream_reading_ && upstream_->in.empty();
    if (!clean) return drop_upstream();
    core_.pool().give(std::exchange(upstream_, nullptr), steady_clock::now());
}

void Session::upstream_broke() {
    core_.shared().telemetry.upstream_breaks.add();
    use_.end(Outcome::failure);
    record(status_);
    cut();
}

void Session::record(int status) {
    const auto took = std::chrono::duration<double>(steady_clock::now() - begun_).count();
    const ServiceMetrics& metrics = cluster_->state->metrics(core_.shared().telemetry, cluster_->name);
    metrics.by_class[static_cast<std::size_t>(std::clamp(status / 100, 1, 5) - 1)].add();
    metrics.seconds.observe(took);
    const auto wanted = core_.options().access_log;
    if (wanted == Options::Log::off || (wanted == Options::Log::errors && status < 500)) return;
    const log::Scope scope{trace_.trace_id_text(), trace_.span_id_text(), {}};
    if (!certificate_) {
        return log::info(scope, "request",
                         {{"method", http::to_string(method_)}, {"path", path_}, {"status", status}, {"seconds", took}, {"target", cluster_->name}});
    }
    log::info(scope, "request",
              {{"method", http::to_string(method_)},
               {"path", path_},
               {"status", status},
               {"seconds", took},
               {"target", cluster_->name},
               {"client_certificate", certificate_->subject},
               {"client_certificate_thumbprint", certificate_->thumbprint}});
}

} // namespace gravity::gateway
