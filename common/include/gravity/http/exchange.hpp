#pragma once

#include <gravity/async/task.hpp>
#include <gravity/http/message.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace gravity::http {

/// A message of a WebSocket (RFC 6455).
struct WebSocketMessage {
    bool binary = false;
    std::string data;
};

/// An accepted WebSocket; I/O thread only. One reader and one writer at a time.
class WebSocketConnection {
public:
    virtual ~WebSocketConnection() = default;
    /// The next message; nothing when the peer has closed or the connection broke.
    virtual Task<std::optional<WebSocketMessage>> read() = 0;
    /// Throws boost::system::system_error when the connection is gone.
    virtual Task<void> write(WebSocketMessage message) = 0;
    /// Close handshake with a status code of RFC 6455 section 7.4; returns when done or after 5 s. Idempotent.
    virtual Task<void> close(std::uint16_t code, std::string reason) = 0;
    /// Cuts the connection; what is pending ends. For a peer that takes nothing any more.
    virtual void abort() = 0;
    virtual std::string_view subprotocol() const = 0;
};

struct WebSocketOptions {
    std::string subprotocol;                          // the one chosen from the client's offer; empty: none
    std::size_t max_message_bytes = 1 << 20;          // larger: closed with 1009
    std::chrono::seconds ping_interval{20};           // no answer within it: connection dropped
    bool compression = false;                         // permessage-deflate (RFC 7692)
};

/// A response body of unknown or large size, written piece by piece. Each `write` returns when the socket took the bytes (back-pressure).
class BodyWriter {
public:
    virtual ~BodyWriter() = default;
    virtual Task<void> write(std::string_view data) = 0;
    virtual Task<void> finish() = 0; // without it the connection is cut: an unfinished body never looks complete
};

/// One request and its answer on a connection; I/O thread only; lives until the handler returns.
class Exchange {
public:
    virtual ~Exchange() = default;

    virtual Request& request() = 0;

    /// Reads the whole body into request().body. False if it is longer than `limit` bytes (nothing may be assumed read then; answer 413,
    /// the server closes). Throws boost::system::system_error if the client goes away or is too slow. Sends "100 Continue" first if expected.
    virtual Task<bool> read_body(std::size_t limit) = 0;
    /// Next piece of the body, at most 64 KiB, empty at the end: for uploads that are not kept in memory.
    virtual Task<std::string> read_some() = 0;

    /// Sends a complete response. Once per exchange; adds Date, Content-Length and connection fields; strips the body for HEAD, 204 and 304.
    virtual Task<void> respond(Response response) = 0;
    /// Starts a streamed response: with `length` a Content-Length body, else chunked (close-delimited for HTTP/1.0).
    virtual Task<std::unique_ptr<BodyWriter>> stream(int status, Headers headers, std::optional<std::uint64_t> length) = 0;
    /// Accepts the WebSocket handshake (RFC 6455 section 4.2); nothing if the request is not one (then answer 400 or 426).
    virtual Task<std::unique_ptr<WebSocketConnection>> accept_websocket(WebSocketOptions options) = 0;

    virtual bool responded() const = 0;
    /// True once the peer has closed its side or the socket failed: work still queued for it may be dropped. Any thread.
    virtual bool client_gone() const = 0;
    /// True when the server is draining: streams should end.
    virtual bool draining() const = 0;
};

} // namespace gravity::http
