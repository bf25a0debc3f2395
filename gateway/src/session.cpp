#include "session.hpp"

#include "caching.hpp"
#include "compression.hpp"
#include "http2.hpp"
#include "path.hpp"

#include <boost/asio/ip/tcp.hpp>

namespace gravity::gateway {

namespace asio = boost::asio;
using std::chrono::steady_clock;

Session::Session(Core& core, Socket socket, asio::ip::address peer, std::shared_ptr<asio::ssl::context> certificates)
    : core_(core),
      client_(std::move(socket), std::move(certificates)),
      peer_(std::move(peer)),
      peer_text_(peer_.to_string()),
      trusted_peer_(core.shared().trusted.contains(peer_)),
      place_(core.add(*this)),
      in_(core.slab()) {}

Session::Session(Core& core, IdleClient::Connection connection)
    : core_(core),
      client_(std::move(connection.stream)),
      peer_(connection.peer),
      peer_text_(peer_.to_string()),
      trusted_peer_(core.shared().trusted.contains(peer_)),
      certificate_(std::move(connection.certificate)),
      place_(connection.place),
      in_(core.slab()),
      fresh_(connection.fresh),
      deadline_(connection.deadline) {
    *place_ = this;
}

/// One of the requests that share a connection.
Session::Session(Core& core, std::shared_ptr<Pipe> pipe, const asio::ip::address& peer, bool secure, ClientCertificatePtr certificate)
    : core_(core),
      client_(std::move(pipe), core.io(), secure),
      peer_(peer),
      peer_text_(peer_.to_string()),
      trusted_peer_(core.shared().trusted.contains(peer_)),
      certificate_(std::move(certificate)),
      place_(core.add(*this, Core::Counted::no)),
      in_(core.slab()) {}

Session::~Session() = default;

void Session::start() {
    last_activity_ = steady_clock::now();
    deadline_ = last_activity_ + core_.options().head_timeout; // a connection that says nothing is no more welcome than a slow head
    if (!client_.speaks_tls()) return read_client();
    client_.async_handshake(Stream::Side::server, [self = shared_from_this()](Error error) {
        if (self->phase_ == Phase::closed) return;
        if (!error) {
            self->certificate_ = self->client_.peer_certificate();
            return self->client_.protocol() == http2_protocol ? self->become_http2({}) : self->read_client();
        }
        self->core_.shared().telemetry.tls_failures.add();
        self->close();
    });
}

/// The connection goes on as one of HTTP/2 (RFC 9113 section 3.3 and 3.4); of it `received` is here already.
void Session::become_http2(std::string_view received) {
    const auto connection = std::make_shared<Http2Connection>(core_, std::move(client_), peer_, certificate_);
    phase_ = Phase::closed;
    core_.remove(place_);
    connection->start(received);
}

void Session::close() {
    if (phase_ == Phase::closed) return;
    const auto self = end_wait();
    phase_ = Phase::closed;
    drop_upstream();
    drop_hedge();
    if (!mirrors_.empty()) drop_mirrors();
    caching_.reset();
    use_.end(Outcome::neutral);
    client_.close();
    core_.remove(place_, client_.is_pipe() ? Core::Counted::no : Core::Counted::yes);
}

/// Ends the connection so that what was sent cannot be taken for the whole.
void Session::cut() {
    client_.cut();
    close();
}

void Session::client_gone() {
    if (phase_ == Phase::waiting || phase_ == Phase::connecting || phase_ == Phase::forwarding) core_.shared().telemetry.client_aborts.add();
    close();
}

void Session::begin_drain() {
    keep_alive_ = false;
    if (phase_ == Phase::idle && in_.empty()) close();
}

void Session::read_client() {
    if (client_reading_ || phase_ == Phase::closed) return;
    // While a part of the buffer is being written, or is kept for a retry, it must stay where it is.
    const Buffer::Space space = in_.space(!upstream_writing_ && taken_ == 0);
    if (space.size == 0) return; // whoever makes room reads on
    client_reading_ = true;
    // Who was told to wait for "100 Continue" is not slow.
    if (phase_ == Phase::forwarding && !request_sent_ && !expects_continue_) client_sends_.begin(steady_clock::now());
    client_.async_read_some(asio::buffer(space.data, space.size),
                            [self = shared_from_this()](Error error, std::size_t size) { self->client_was_read(error, size); });
}

void Session::client_was_read(Error error, std::size_t size) {
    client_reading_ = false;
    if (phase_ == Phase::closed) return;
    if (parking_) {
        parking_ = false;
        if (error == asio::error::operation_aborted) return park();
    }
    if (error) {
        if (phase_ == Phase::tunnel) {
            client_ended_ = true;
            return tunnel_half_closed();
        }
        if (phase_ == Phase::replying && error == asio::error::eof) { // it may still read what we have to say
            keep_alive_ = false;
            return;
        }
        return client_gone();
    }
    const auto now = steady_clock::now();
    last_activity_ = now;
    client_sends_.end(now, size, core_.options().least_rate);
    in_.commit(size);
    switch (phase_) {
    case Phase::idle:
        phase_ = Phase::head;
        deadline_ = now + core_.options().head_timeout;
        return try_head();
    case Phase::head: return try_head();
    case Phase::forwarding:
        if (!request_sent_) return pump_request(false);
        return read_client(); // a pipelined request waits; the end of the connection must still be noticed
    case Phase::waiting:
    case Phase::connecting:
    case Phase::replying: return read_client();
    case Phase::lingering: in_.release(); return read_client();
    case Phase::tunnel: return tunnel_up();
    case Phase::closed: return;
    }
}

/// The connection waits without a session, and without the room that the last request took.
void Session::park() {
    phase_ = Phase::closed; // nothing refers to it any more
    IdleClient::Connection connection{std::move(client_), peer_, std::move(certificate_), place_, deadline_, fresh_};
    std::make_shared<IdleClient>(core_, std::move(connection))->start();
}

void Session::go_on_reading() {
    last_activity_ = steady_clock::now();
    read_client();
}

void Session::try_head() {
    switch (scanner_.scan(in_.view(), head_limits)) {
    case http::HeadScanner::Result::refused:
        begin_answer(steady_clock::now());
        return refuse_wire(scanner_.refusal());
    case http::HeadScanner::Result::incomplete:
        if (in_.space().size == 0) in_.grow(head_limits.bytes + 1); // one more than allowed: the scanner sees that it is too much
        return read_client();
    case http::HeadScanner::Result::complete: break;
    }
    const std::string_view bytes = in_.view().substr(0, scanner_.length());
    if (std::exchange(fresh_, false) && bytes == http2_preface_head && core_.options().http2 && !client_.is_pipe()) return become_http2(in_.view());
    in_.consume(bytes.size()); // the bytes stay in their place until the next read
    scanner_.reset();
    begin_request(bytes);
}

/// Forgets the last request. What comes is answered here until it is known that it is to be passed on.
void Session::begin_answer(Time now) {
    phase_ = Phase::replying;
    begun_ = now;
    method_ = http::Method::other;
    minor_version_ = 1;
    keep_alive_ = false;
    websocket_ = expects_continue_ = client_deadline_ = false;
    path_.clear();
    trace_ = {};
    request_body_ = {};
    admission_.route = nullptr;
    admission_.key.reset();
    admission_.permit.reset();
    admission_.without_permit = false;
    waiting_head_.clear();
    key_awaited_ = false;
    cluster_ = nullptr;
    backend_ = nullptr;
    if (!mirrors_.empty()) drop_mirrors();
    drop_hedge();
    only_hedge_ = false;
    caching_.reset();
    compressing_.reset();
    admission_.extra_lines.clear();
    attempts_ = 0;
    taken_ = unconsumed_down_ = 0;
    failed_.reset();
    request_sent_ = request_broken_ = replayable_ = repeatable_ = body_began_ = stale_retried_ = false;
    response_began_ = response_head_sent_ = interim_ = interim_sent_ = response_end_ = upstream_ended_ = false;
    client_sends_.reset();
    client_takes_.reset();
}

void Session::begin_request(std::string_view bytes) {
    begin_answer(steady_clock::now());
    RequestHead& head = core_.request_head();
    const auto refusal = parse_request_head(bytes, head);
    const auto parent = trace::parse_traceparent(refusal ? std::string_view() : head.value(Known::traceparent, bytes));
    continues_trace_ = parent.has_value();
    trace_ = parent ? trace::child_of(*parent) : trace::new_trace(0); // who starts a trace decides whether it is sampled
    if (refusal) return refuse_wire(refusal);
    method_ = head.method;
    minor_version_ = head.framing.minor_version;
    keep_alive_ = head.framing.keep_alive && !core_.draining();
    expects_continue_ = head.framing.expect_continue;
    websocket_ = head.websocket_handshake(bytes);
    request_framing_ = head.framing;
    request_body_ = whole_request();
    takes_trailers_ = false;
    if (head.has(Known::te)) {
        http::each_list_member(head.value(Known::te, bytes), [this](std::string_view coding) { takes_trailers_ |= http::iequals(coding, "trailers"); });
    }

    const std::string_view raw_path = head.path.in(bytes);
    if (raw_path == "*") return reply(http::Response{204, {}, {}}, "ok");
    if (const auto why = normalise_path(raw_path, path_); !why.empty()) return refuse_wire({400, "malformed-request", why});
    if (OwnPages::owns(path_))
        if (auto own = core_.shared().pages.answer(method_, path_, accepted_codings(bytes, head))) return reply(*std::move(own), "ok");

    admit(bytes, head);
}

/// Whether it may go where it wants, and then on its way. Its path is in normal form.
void Session::admit(std::string_view bytes, const RequestHead& head) {
    snapshot_ = core_.snapshot();
    const asio::ip::address caller = trusted_peer_ ? core_.shared().trusted.client_of(peer_, bytes, head) : peer_;
    const Peer peer(caller, certificate_.get());
    if (const auto denied = core_.shared().gate.admit(*snapshot_, bytes, head, path_, peer, begun_, admission_)) return refuse(*denied);
    if (admission_.awaits_key) return await_key(bytes, head, caller);
    if (!admission_.awaits_permit.empty()) return await_permit(bytes);
    body_limit_ = admission_.route->body_limit != 0 ? admission_.route->body_limit : core_.options().body_limit;
    if (body_limit_ != 0 && head.framing.content_length.value_or(0) > body_limit_) return refuse(Refusal(problems::too_large));
    cluster_ = admission_.route->cluster;
    if (admission_.route->rule && answered_by_rule(bytes, head)) return;
    pass_on(bytes, head, admission_.upstream_path);
}

void Session::next_request() {
    snapshot_.reset();
    caching_.reset();
    compressing_.reset();
    if (!keep_alive_ || core_.draining()) return linger();
    const auto now = steady_clock::now();
    last_activity_ = now;
    if (in_.empty()) {
        phase_ = Phase::idle;
        deadline_ = now + core_.options().idle_timeout;
        return read_client();
    }
    phase_ = Phase::head;
    deadline_ = now + core_.options().head_timeout;
    try_head();
}

/// RFC 9112 section 9.6: closing with unread bytes would reset the connection and could destroy the answer on its way.
void Session::linger() {
    phase_ = Phase::lingering;
    deadline_ = steady_clock::now() + core_.options().linger;
    if (client_.speaks_tls()) { // whose end has a form of its own
        client_.async_shutdown([self = shared_from_this()](Error) { self->close(); });
    } else {
        client_.end_output();
        if (!client_reading_) in_.release();
        read_client();
    }
}

void Session::check(Time now) {
    switch (phase_) {
    case Phase::idle:
        if (now >= deadline_) return close();
        if (client_reading_ && !parking_ && !client_.is_pipe() && now - last_activity_ > core_.options().park_after) {
            parking_ = true;
            client_.socket().cancel();
        }
        return;
    case Phase::head:
        if (now < deadline_) return;
        begin_answer(now);
        return refuse_wire({408, "request-timeout", "The request's head did not come in time."});
    case Phase::waiting:
        if (now < deadline_) return;
        {
            const auto self = end_wait();
            refuse(Refusal(problems::deadline_exceeded));
        }
        return;
    case Phase::connecting:
        if (now >= deadline_) connect_failed(true);
        return;
    case Phase::forwarding:
        if (client_takes_.too_slow(now, core_.options().least_rate)) return client_gone();
        if (!request_sent_ && client_sends_.too_slow(now, core_.options().least_rate)) {
            return refuse_wire({408, "request-timeout", "The request's body came too slowly."});
        }
        // A client that takes its time with the body is the guard's matter above, unless it set the deadline itself.
        if (!response_began_ && now >= deadline_ && (request_sent_ || upstream_writing_ || expects_continue_ || client_deadline_)) return no_response(true);
        if (response_began_ && upstream_reading_ && !event_stream_ && now - last_activity_ > core_.options().upstream_silence) return upstream_broke();
        return;
    case Phase::replying:
        if (client_takes_.too_slow(now, core_.options().least_rate)) close();
        return;
    case Phase::lingering:
        if (now >= deadline_) close();
        return;
    case Phase::tunnel:
        if (now - last_activity_ > core_.options().tunnel_idle) close();
        return;
    case Phase::closed: return;
    }
}

} // namespace gravity::gateway
