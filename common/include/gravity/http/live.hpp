#pragma once

#include <gravity/async/task.hpp>
#include <gravity/http/ctx.hpp>
#include <gravity/http/exchange.hpp>
#include <gravity/http/route.hpp>
#include <gravity/http/sse.hpp>
#include <gravity/json/codec.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Handlers that live as long as a connection: `stream<watch>("/watch")` and `ws<talk>("/talk")` of a collection. They end when they return, when
/// the client goes or falls too far behind, when the caller's token expires, and when the process drains; in all but the first case what they wait
/// for ends with an exception (operation_aborted), so nothing needs to be asked.
namespace gravity {

/// Server-Sent Events to one client. I/O thread only.
class EventStream {
public:
    EventStream(Ctx& ctx, std::shared_ptr<http::EventStream> stream, std::optional<std::string> last_event_id)
        : ctx_(ctx), stream_(std::move(stream)), last_event_id_(std::move(last_event_id)) {}

    /// Queues an event. False once the stream has ended, now or because this one was too much for a slow client.
    bool send(const http::SseEvent& event) { return stream_->send(event); }
    /// A described value as JSON.
    template <class T>
    bool send(std::string_view event, const T& value, std::string id = {}) {
        return stream_->send({std::move(id), std::string(event), json::encode(value)});
    }
    /// What a client that reconnects has seen last: go on from there.
    const std::optional<std::string>& last_event_id() const { return last_event_id_; }
    bool ended() const { return stream_->closed(); }
    /// Waits until something else ends the stream: for handlers whose events come from elsewhere.
    Task<void> until_ended();
    Ctx& ctx() { return ctx_; }
    /// For producers that outlive the handler: they learn of the end by `send` being false.
    const std::shared_ptr<http::EventStream>& producer() const { return stream_; }

private:
    Ctx& ctx_;
    std::shared_ptr<http::EventStream> stream_;
    std::optional<std::string> last_event_id_;
};

namespace http {
class SocketSession;
}

/// A WebSocket to one client. I/O thread only.
class WebSocket {
public:
    WebSocket(Ctx& ctx, std::shared_ptr<http::SocketSession> session) : ctx_(ctx), session_(std::move(session)) {}

    /// The next message; nothing when the client has closed.
    Task<std::optional<http::WebSocketMessage>> read();
    /// Queues a message. False once the socket is closed or closing, now or because this one was too much for a slow client.
    bool send(std::string text);
    bool send_binary(std::string bytes);
    template <class T>
    bool send_json(const T& value) {
        return send(json::encode(value));
    }
    /// Closes after what is queued (RFC 6455 section 7.4); returning from the handler closes with 1000.
    void close(std::uint16_t code, std::string reason);
    std::string_view subprotocol() const;
    /// A fresh token of the same caller, brought by a message: the socket then lives until that one expires. False, and closing with 1008, if
    /// it is not good or somebody else's.
    Task<bool> renew(std::string token);
    Ctx& ctx() { return ctx_; }

private:
    Ctx& ctx_;
    std::shared_ptr<http::SocketSession> session_;
};

/// Sends the same events to many streams and remembers the last ones, so that a client that reconnects misses nothing. A client that was away for
/// longer, or comes back to another process, first gets an event named `reset`: what it knows may be stale. I/O thread only.
class EventHub {
public:
    explicit EventHub(std::size_t remembered = 1000);

    void publish(std::string_view event, std::string data);
    template <class T>
    void publish(std::string_view event, const T& value) {
        publish(event, json::encode(value));
    }
    /// What was missed, then what comes, until the stream ends.
    Task<void> follow(EventStream& stream);
    std::size_t followers() const { return followers_->size(); }

private:
    std::size_t remembered_;
    std::string epoch_; // of this process: ids of another mean nothing here
    std::uint64_t last_ = 0;
    std::map<std::uint64_t, http::SseEvent> events_; // by their number
    std::shared_ptr<std::vector<std::weak_ptr<http::EventStream>>> followers_;
};

namespace http {

/// What the pipeline gives such a handler to run on.
class Live {
public:
    using Authenticate = std::function<Task<std::optional<Caller>>(const Request&, const Route&)>;
    Live(Exchange& exchange, Ctx& ctx, const Route& route, const Authenticate& authenticate)
        : exchange_(exchange), ctx_(ctx), route_(route), authenticate_(authenticate) {}

    Task<void> events(std::function<Task<void>(gravity::EventStream&)> handler);
    Task<void> socket(std::function<Task<void>(gravity::WebSocket&)> handler);

private:
    Task<std::optional<std::int64_t>> renewed(std::string token);

    Exchange& exchange_;
    Ctx& ctx_;
    const Route& route_;
    const Authenticate& authenticate_;
};

} // namespace http
} // namespace gravity
