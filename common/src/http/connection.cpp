#include "http/connection.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/problem.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/system/system_error.hpp>

#include <poll.h>

namespace gravity::http {

namespace asio = boost::asio;
using asio::as_tuple;
using asio::deferred;
using std::chrono::steady_clock;

Connection::Connection(std::shared_ptr<ServerCore> core, net::Stream::Socket socket,
                       std::shared_ptr<asio::ssl::context> tls, bool refuse)
    : core_(std::move(core)), stream_(std::move(socket)), refuse_(refuse) {
    place_ = core_->connections.insert(core_->connections.end(), this);
    core_->open.add();
    core_->total.add();
    if (refuse_) ++core_->refusing, core_->refused.add();
    boost::system::error_code error;
    const auto peer = stream_.socket().remote_endpoint(error);
    if (error) gone_ = true;
    if (peer.data()->sa_family == AF_UNIX) {
        peer_address_ = "unix";
    } else {
        peer_address_ = peer.address().is_v6() && peer.address().to_v6().is_v4_mapped()
                            ? asio::ip::make_address_v4(asio::ip::v4_mapped, peer.address().to_v6()).to_string()
                            : peer.address().to_string();
        peer_port_ = peer.port();
        stream_.socket().set_option(asio::ip::tcp::no_delay(true), error);
    }
    stream_.socket().non_blocking(true, error);
    if (error) gone_ = true;
    if (tls) stream_.use_tls(std::move(tls));
}

Connection::~Connection() {
    core_->connections.erase(place_);
    core_->open.subtract();
    if (refuse_) --core_->refusing;
    if (core_->on_closed) core_->on_closed();
}

Task<void> Connection::run(std::shared_ptr<Connection> self) {
    try {
        co_await self->serve();
    } catch (...) {
        // Only memory can run out here; the connection is lost, the server is not.
        self->report(std::current_exception());
    }
    self->gone_ = true;
}

Task<void> Connection::serve() {
    if (gone_) co_return;
    if (stream_.secure()) {
        const bool shaken = co_await handshake();
        if (!shaken) co_return;
    }
    if (refuse_) {
        const WireRefusal full{503, "too-many-connections", "The server has all the connections it can take; try again shortly."};
        co_await refuse(full);
    } else {
        bool more = true;
        while (more) {
            more = co_await read_head();
            if (more) {
                more = co_await exchange();
                lingers_ = true; // whatever the peer sent after that request will not be read
            }
        }
    }
    co_await close_gently();
}

void Connection::enter(Phase phase, std::chrono::milliseconds limit) {
    phase_ = phase;
    expired_ = false;
    phase_since_ = steady_clock::now();
    deadline_ = phase_since_ + limit;
}

void Connection::expire() {
    expired_ = true;
    stream_.cancel();
}

void Connection::sweep(SteadyTime now) {
    switch (phase_) {
    case Phase::handler: // the layers above have their own deadlines
    case Phase::linger: break;
    case Phase::body: {
        const auto waited = body_waited_ + (now - phase_since_);
        const auto seconds = std::chrono::duration<double>(waited).count();
        const bool slow = static_cast<double>(body_received_) < seconds * static_cast<double>(core_->options.body_min_rate);
        if (waited > core_->options.body_grace && slow) expire();
        break;
    }
    case Phase::idle:
        if (now >= deadline_) {
            expire();
        } else if (!parked_ && !park_ && buffer_.allocated() && now - phase_since_ >= core_->options.park_after) {
            park_ = true;
            stream_.cancel();
        }
        break;
    case Phase::writing:
        if (now >= deadline_) {
            core_->timeouts.add();
            gone_ = true;
            stream_.shut();
        }
        break;
    default:
        if (now >= deadline_) expire();
    }
}

void Connection::begin_drain() {
    if (phase_ == Phase::idle) expire();
}

void Connection::abort() {
    gone_ = true;
    expired_ = true;
    stream_.shut();
}

void Connection::report(std::exception_ptr error) {
    core_->handler_errors.add();
    if (core_->options.on_error) core_->options.on_error(request_, std::move(error));
}

bool Connection::client_gone() const {
    if (gone_) return true;
    // Asked of the kernel only when somebody wants to know: a watch on every request would cost every request. The descriptor
    // stays open while a handler runs (Stream::shut), so any thread may poll it; nothing is read, so pipelined bytes stay.
    pollfd watched{const_cast<Connection*>(this)->stream_.socket().native_handle(), POLLRDHUP, 0};
    return ::poll(&watched, 1, 0) > 0 && (watched.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)) != 0;
}

Task<bool> Connection::handshake() {
    enter(Phase::handshake, core_->options.head_timeout);
    auto shake = stream_.tls().async_handshake(asio::ssl::stream_base::server, as_tuple(deferred));
    const auto [error] = co_await std::move(shake);
    if (expired_) core_->timeouts.add();
    co_return !error && !gone_;
}

/// Reads what is there, at least a byte. False at the end of the connection or of the sweep's patience.
Task<bool> Connection::fill(std::size_t least) {
    for (;;) {
        if (gone_) co_return false;
        park_ = false;
        char* const room = buffer_.room(least);
        const auto space = asio::buffer(room, buffer_.room_size());
        auto reading = stream_.async_read_some(space, as_tuple(deferred));
        const auto [error, size] = co_await std::move(reading);
        if (!error) {
            buffer_.commit(size);
            co_return true;
        }
        if (error != asio::error::operation_aborted || !park_ || expired_ || gone_) co_return false;
        // Idle for a while: wait without a buffer. Only then, since this wait costs one more system call than a read.
        buffer_.release();
        parked_ = true;
        auto waiting = stream_.socket().async_wait(net::Stream::Socket::wait_read, as_tuple(deferred));
        const auto [wait_error] = co_await std::move(waiting);
        parked_ = false;
        if (wait_error || expired_) co_return false;
    }
}

/// True: a request is in request_ and framing_. False: the connection is to be closed (what was due has been answered).
Task<bool> Connection::read_head() {
    scanner_.reset();
    lingers_ = false;
    answer_ = Answer::none;
    if (!buffer_.empty()) enter(Phase::head, core_->options.head_timeout);
    else if (begun_) enter(Phase::idle, core_->options.idle_timeout);
    else enter(Phase::idle, core_->options.head_timeout);
    const HeadLimits& limits = core_->options.head;
    HeadScanner::Result found = HeadScanner::Result::incomplete;
    if (!buffer_.empty()) found = scanner_.scan(buffer_.view(), limits);
    while (found == HeadScanner::Result::incomplete) {
        if (core_->draining && buffer_.empty()) co_return false;
        const bool filled = co_await fill(1024);
        if (!filled) {
            if (!expired_ || buffer_.empty() || gone_) co_return false;
            const WireRefusal late{408, "request-timeout", "The request head did not arrive in time."};
            core_->timeouts.add();
            co_await refuse(late);
            co_return false;
        }
        if (phase_ == Phase::idle) enter(Phase::head, core_->options.head_timeout);
        found = scanner_.scan(buffer_.view(), limits);
    }
    begun_ = true;
    WireRefusal refusal = scanner_.refusal();
    if (!refusal) {
        request_.body.clear();
        refusal = parse_request_head(buffer_.view().substr(0, scanner_.length()), limits, request_, framing_);
    }
    if (refusal) {
        core_->malformed.add();
        co_await refuse(refusal);
        co_return false;
    }
    buffer_.consume(scanner_.length());
    request_.peer_address = peer_address_;
    request_.peer_port = peer_port_;
    request_.secure = stream_.secure();
    core_->requests.add();
    co_return true;
}

/// Runs the handler on the request. True if another request may follow.
Task<bool> Connection::exchange() {
    ++exchange_number_;
    phase_ = Phase::handler;
    keep_alive_ = framing_.keep_alive;
    hold_head_ = false;
    body_ = framing_.has_body() ? BodyState::unread : BodyState::complete;
    body_left_ = framing_.content_length.value_or(0);
    body_received_ = 0;
    body_waited_ = {};
    body_refusal_ = {};
    chunks_.reset();

    std::exception_ptr failure;
    try {
        co_await core_->handler(*this);
    } catch (...) {
        failure = std::current_exception();
    }
    if (answer_ == Answer::websocket) {
        if (failure && !gone_) report(failure);
        abort(); // closed in order by the handler, or not at all
        co_return false;
    }
    if (body_refusal_ && answer_ == Answer::none && !gone_) {
        co_await refuse(body_refusal_);
        co_return false;
    }
    if (gone_) co_return false; // then nobody is left to answer, and its exception says no more than that
    if (failure || answer_ == Answer::none) report(failure);
    if (answer_ == Answer::none) {
        Response answer;
        answer.status = 500;
        answer.headers.add("Content-Type", "application/problem+json");
        answer.body = problem_body(500, problems::internal.slug, "The request could not be processed.");
        if (framing_.has_body() && body_ != BodyState::complete) keep_alive_ = false;
        co_await respond(std::move(answer));
    } else if (answer_ == Answer::started) {
        abort(); // a body without its end must not look complete
        co_return false;
    }
    if (gone_) co_return false;
    if (body_ != BodyState::complete) {
        const bool discarded = co_await discard_body();
        if (!discarded) co_return false;
    }
    if (request_.body.capacity() > 64 * 1024) std::string().swap(request_.body); // an assignment would keep its room
    co_return keep_alive_ && !core_->draining;
}

Task<void> Connection::refuse(WireRefusal refusal) {
    keep_alive_ = false;
    lingers_ = true;
    answer_ = Answer::none;
    body_refusal_ = {};
    request_.method = Method::get; // whatever it was: the refusal has a body
    Response answer;
    answer.status = refusal.status;
    answer.headers.add("Content-Type", "application/problem+json");
    if (refusal.status == 503) answer.headers.add("Retry-After", "1");
    answer.body = problem_body(refusal.status, refusal.slug, refusal.detail);
    co_await respond(std::move(answer));
}

/// The last answer must reach a peer that may still be sending. An orderly end without unread bytes needs no such care.
Task<void> Connection::close_gently() {
    if (gone_) co_return;
    phase_ = Phase::linger; // which bounds itself
    buffer_.release();
    if (lingers_ || stream_.secure()) {
        co_await net::close_gently(stream_, core_->options.linger);
    } else {
        boost::system::error_code ignored; // the peer has gone
        stream_.socket().shutdown(net::Stream::Socket::shutdown_send, ignored);
    }
}

std::string problem_body(int status, std::string_view slug, std::string_view detail) {
    std::string body = R"({"type":")";
    body += problem_type(slug); // slugs, phrases and details here are our own literals: nothing to escape
    body += R"(","title":")";
    body += reason_phrase(status);
    body += R"(","status":)";
    body += std::to_string(status);
    body += R"(,"detail":")";
    for (const char c : detail) {
        if (c == '"' || c == '\\') body += '\\';
        body += c;
    }
    body += R"("})";
    return body;
}

} // namespace gravity::http
