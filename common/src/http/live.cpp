#include "http/socket_session.hpp"

#include <gravity/async/child.hpp>
#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/http/live.hpp>
#include <gravity/http/socket_token.hpp>
#include <gravity/http/wire.hpp>
#include <gravity/log/log.hpp>
#include <gravity/metrics/metrics.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <exception>

namespace gravity {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr Problem upgrade_required{426, "upgrade-required", "This is a WebSocket"};
constexpr Problem unknown_subprotocol{400, "unknown-subprotocol", "None of the subprotocols offered is understood"};

constexpr auto watch = 500ms; // how often a quiet connection looks at draining and expiry

class Open { // counts what is open
public:
    explicit Open(std::string_view kind) : gauge_(metrics::gauge("gravity_http_streams", "Event streams and WebSockets now open", {"kind"}).with({kind})) {
        gauge_.add();
    }
    ~Open() { gauge_.subtract(); }
    Open(const Open&) = delete;
    Open& operator=(const Open&) = delete;

private:
    metrics::Gauge gauge_;
};

std::int64_t expiry_of(const Caller* caller) { return caller == nullptr ? 0 : caller->expires_at; }
bool expired(std::int64_t at) { return at != 0 && now().unix_seconds() >= at; }

// A handler that ends by its stream's end has done its work; anything else is a fault of the program.
Task<void> stop_handler(Child& child, const http::Route& route) {
    std::string failure;
    try {
        co_await child.stop();
    } catch (const std::exception& error) {
        failure = error.what();
    }
    if (!failure.empty()) log::error("a stream's handler failed", {{"route", route.path}, {"error", failure}});
}

// Ends an event stream when the caller's proof of identity does.
Task<void> close_at(std::shared_ptr<http::EventStream> stream, std::int64_t expires_at) {
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor);
    while (!stream->closed() && !expired(expires_at)) {
        timer.expires_after(watch);
        co_await timer.async_wait(asio::use_awaitable);
    }
    stream->close();
}

std::string_view choose_subprotocol(const http::Request& request, const std::vector<std::string_view>& known) {
    std::vector<std::string_view> offered;
    bool bearer = false; // no subprotocol, but a browser wants to hear of it if there is no other
    const std::string field = request.headers.joined("Sec-WebSocket-Protocol");
    http::each_list_member(field, [&](std::string_view one) { one == http::bearer_protocol ? void(bearer = true) : offered.push_back(one); });
    for (const auto wanted : known)
        if (std::find(offered.begin(), offered.end(), wanted) != offered.end()) return wanted;
    if (!known.empty() && !offered.empty()) throw Refusal(unknown_subprotocol);
    return bearer ? http::bearer_protocol : std::string_view{};
}

} // namespace

Task<void> EventStream::until_ended() {
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor);
    const auto stream = stream_;
    while (!stream->closed()) { // the end cancels this wait
        timer.expires_after(watch);
        co_await timer.async_wait(asio::use_awaitable);
    }
}

namespace http {

Task<void> Live::events(std::function<Task<void>(gravity::EventStream&)> handler) {
    const Open open("events");
    EventStreamOptions options;
    options.heartbeat = std::chrono::milliseconds(route_.live_options.heartbeat_ms);
    options.max_queued_bytes = route_.live_options.max_queued_bytes;
    auto stream = co_await open_event_stream(exchange_, std::move(options));
    gravity::EventStream facade(ctx_, stream, http::last_event_id(exchange_.request()));
    gravity::EventStream* const shown = &facade;
    Child child, guard;
    std::function<Task<void>()> work = [&handler, shown] { return handler(*shown); };
    std::function<void()> on_end = [stream] { stream->close(); };
    std::exception_ptr failure;
    try {
        co_await child.start(std::move(work), std::move(on_end));
        if (const auto at = expiry_of(ctx_.caller()); at != 0) {
            std::function<Task<void>()> wait = [stream, at] { return close_at(stream, at); };
            std::function<void()> nothing;
            co_await guard.start(std::move(wait), std::move(nothing));
        }
        co_await stream->run();
    } catch (...) {
        failure = std::current_exception();
    }
    stream->close();
    co_await stop_handler(guard, route_);
    co_await stop_handler(child, route_);
    if (failure) std::rethrow_exception(failure);
}

Task<void> Live::socket(std::function<Task<void>(gravity::WebSocket&)> handler) {
    const LiveOptions& limits = route_.live_options;
    WebSocketOptions options;
    options.subprotocol = choose_subprotocol(exchange_.request(), limits.subprotocols);
    options.max_message_bytes = limits.max_message_bytes;
    options.ping_interval = std::max(1s, std::chrono::duration_cast<std::chrono::seconds>(std::chrono::milliseconds(limits.heartbeat_ms)));
    options.compression = limits.compression;
    auto connection = co_await exchange_.accept_websocket(std::move(options));
    if (!connection) throw Refusal(upgrade_required).with_header("Upgrade", "websocket").with_header("Sec-WebSocket-Version", "13"); // RFC 6455 section 4.4

    exchange_.request().headers.remove("Authorization"); // known by now; nothing that opens doors is kept as long as the socket
    const Open open("websocket");
    const auto executor = co_await asio::this_coro::executor;
    const auto session = std::make_shared<SocketSession>(executor, std::move(connection), limits.max_queued_bytes);
    session->expires_at = expiry_of(ctx_.caller());
    session->authenticate = [this](std::string token) { return renewed(std::move(token)); };
    gravity::WebSocket facade(ctx_, session);
    gravity::WebSocket* const shown = &facade;
    Child reader, writer, child;
    std::function<Task<void>()> reading = [session] { return SocketSession::read_loop(session); };
    std::function<Task<void>()> writing = [session] { return SocketSession::write_loop(session); };
    std::function<Task<void>()> work = [&handler, shown] { return handler(*shown); };
    std::function<void()> wake = [session] { session->wake(); };
    std::function<void()> done = [session] { session->finish(1000, ""); };
    std::exception_ptr failure;
    try {
        co_await reader.start(std::move(reading), wake);
        co_await writer.start(std::move(writing), wake);
        co_await child.start(std::move(work), std::move(done));
        asio::steady_timer timer(executor);
        while (!writer.ended()) { // it ends when the close has been said, or the connection is gone
            if (exchange_.draining()) session->finish(1001, "the service is going away");
            if (expired(session->expires_at)) session->finish(1008, "the token has expired");
            if (session->too_late_to_close()) session->abort();
            timer.expires_after(watch);
            session->supervisor = &timer;
            auto waiting = timer.async_wait(asio::as_tuple(asio::deferred));
            co_await std::move(waiting);
            session->supervisor = nullptr;
        }
    } catch (...) {
        failure = std::current_exception();
    }
    session->supervisor = nullptr;
    session->abort();
    co_await stop_handler(child, route_);
    co_await stop_handler(reader, route_);
    co_await stop_handler(writer, route_);
    session->authenticate = nullptr;
    if (failure) std::rethrow_exception(failure);
}

// The expiry of a token that its caller sends anew; nothing if it is not theirs.
Task<std::optional<std::int64_t>> Live::renewed(std::string token) {
    std::optional<std::int64_t> expiry;
    if (!authenticate_ || ctx_.caller() == nullptr) co_return expiry;
    Request request;
    request.headers.add("Authorization", "Bearer " + token);
    std::optional<Caller> caller;
    try {
        caller = co_await authenticate_(request, route_);
    } catch (const Refusal&) {
        // Not a good token: the same as none.
    }
    const Caller& before = *ctx_.caller();
    if (caller && caller->subject == before.subject && caller->project == before.project && (route_.scope.empty() || caller->may(route_.scope)))
        expiry = caller->expires_at;
    co_return expiry;
}

} // namespace http

Task<std::optional<http::WebSocketMessage>> WebSocket::read() { return http::SocketSession::next(session_); }
bool WebSocket::send(std::string text) { return session_->send({false, std::move(text)}); }
bool WebSocket::send_binary(std::string bytes) { return session_->send({true, std::move(bytes)}); }
void WebSocket::close(std::uint16_t code, std::string reason) { session_->finish(code, std::move(reason)); }
std::string_view WebSocket::subprotocol() const { return session_->subprotocol() == http::bearer_protocol ? std::string_view{} : session_->subprotocol(); }

Task<bool> WebSocket::renew(std::string token) {
    const auto session = session_;
    const auto expiry = co_await session->authenticate(std::move(token));
    if (expiry)
        session->expires_at = *expiry;
    else
        session->finish(1008, "the token is not good");
    co_return expiry.has_value();
}

EventHub::EventHub(std::size_t remembered)
    : remembered_(remembered), epoch_(Uuid::v4().to_string().substr(0, 8)), followers_(std::make_shared<std::vector<std::weak_ptr<http::EventStream>>>()) {}

void EventHub::publish(std::string_view event, std::string data) {
    http::SseEvent next{epoch_ + '-' + std::to_string(++last_), std::string(event), std::move(data)};
    std::erase_if(*followers_, [&next](const std::weak_ptr<http::EventStream>& follower) {
        const auto stream = follower.lock();
        return !stream || !stream->send(next);
    });
    events_.emplace(last_, std::move(next));
    if (events_.size() > remembered_) events_.erase(events_.begin());
}

Task<void> EventHub::follow(EventStream& stream) {
    if (const auto& seen = stream.last_event_id()) {
        const auto at = std::find_if(events_.begin(), events_.end(), [&](const auto& event) { return event.second.id == *seen; });
        const bool latest = *seen == epoch_ + '-' + std::to_string(last_);
        if (at != events_.end())
            for (auto missed = std::next(at); missed != events_.end(); ++missed) stream.send(missed->second);
        else if (!latest)
            stream.send(http::SseEvent{epoch_ + '-' + std::to_string(last_), "reset", "{}"});
    }
    followers_->push_back(stream.producer());
    const auto followers = followers_;
    const auto producer = stream.producer();
    std::exception_ptr failure;
    try {
        co_await stream.until_ended();
    } catch (...) {
        failure = std::current_exception();
    }
    std::erase_if(*followers, [&producer](const std::weak_ptr<http::EventStream>& follower) { return follower.lock() == producer; });
    if (failure) std::rethrow_exception(failure);
}

} // namespace gravity
