#pragma once

#include <gravity/async/task.hpp>
#include <gravity/http/exchange.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

/// Server-Sent Events (WHATWG HTML, section 9.2): the writer of a server, the parser of a client.
namespace gravity::http {

struct SseEvent {
    std::string id;    // empty: leaves the client's last id as it is
    std::string event; // empty: "message"
    std::string data;  // may have several lines
    std::optional<std::chrono::milliseconds> retry{}; // how long the client waits before it reconnects
};

/// The event as it is sent. Throws std::invalid_argument if id or event has a line end or NUL: they would become other fields.
std::string encode(const SseEvent& event);

/// What a reconnecting client has seen last.
std::optional<std::string> last_event_id(const Request& request);

struct EventStreamOptions {
    std::chrono::milliseconds heartbeat{15'000};  // a comment when nothing else was sent, so that proxies keep the connection
    std::chrono::milliseconds watch{1'000};       // how often a quiet stream looks whether the client is still there
    std::size_t max_queued_bytes = 256 * 1024;    // a consumer that falls behind by more is closed
    Headers headers{};                            // in addition to Content-Type and Cache-Control
};

/// The answer to one request as a stream of events. I/O thread only. Producers keep the shared_ptr and `send`; the handler runs it:
///     auto stream = co_await open_event_stream(exchange, options);
///     ... subscribe ...
///     co_await stream->run();
class EventStream {
public:
    virtual ~EventStream() = default;
    /// Queues the event. False if the stream is closed, now or because this event was too much for a slow consumer.
    virtual bool send(const SseEvent& event) = 0;
    /// Sends what is queued and ends the stream in order. From any place, also from within `run`'s producers.
    virtual void close() = 0;
    virtual bool closed() const = 0;
    /// Writes until closed, drained, too slow a consumer, or the client gone. Returns in each case; never throws for these.
    virtual Task<void> run() = 0;
    /// True if the stream ended because the consumer fell behind.
    virtual bool overflowed() const = 0;
};

/// Sends the head at once. Throws as Exchange::stream does.
Task<std::shared_ptr<EventStream>> open_event_stream(Exchange& exchange, EventStreamOptions options);

/// The receiving side as a state machine: bytes in as they come, events out. Follows section 9.2.6, line ends CR, LF and CRLF included.
class SseParser {
public:
    explicit SseParser(std::size_t max_event_bytes = 1024 * 1024) : max_(max_event_bytes) {}
    using Sink = std::function<void(SseEvent)>; // `event` is "message" if none was given; `id` the last one seen

    /// False once an event is larger than allowed; the stream is of no use then.
    bool feed(std::string_view bytes, const Sink& sink);
    const std::string& last_id() const { return last_id_; }
    std::optional<std::chrono::milliseconds> retry() const { return retry_; }

private:
    void end_line(const Sink& sink);

    std::size_t max_;
    std::string line_, data_, event_, last_id_;
    std::optional<std::chrono::milliseconds> retry_;
    bool has_data_ = false;
    bool after_cr_ = false;
    bool started_ = false; // the first line may have a byte order mark
    bool failed_ = false;
};

} // namespace gravity::http
