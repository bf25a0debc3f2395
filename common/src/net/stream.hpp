#pragma once

#include <gravity/async/task.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/role.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>

namespace gravity::net {

namespace asio = boost::asio;

/// A TCP connection with or without TLS behind one type: an AsyncStream for Asio and Beast. I/O thread only.
/// One type instead of two instantiations: the branch costs nothing beside a system call, and every user is compiled once.
class Stream {
public:
    using Socket = asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type>;
    using executor_type = Socket::executor_type;
    using Tls = asio::ssl::stream<Socket&>;

    explicit Stream(Socket socket) : socket_(std::move(socket)) {}
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    executor_type get_executor() { return socket_.get_executor(); }
    Socket& socket() { return socket_; }
    bool secure() const { return tls_.has_value(); }
    Tls& tls() { return *tls_; }

    /// From now on bytes go through TLS; the handshake is the caller's next step (`tls().async_handshake`).
    void use_tls(std::shared_ptr<asio::ssl::context> context) {
        context_ = std::move(context);
        tls_.emplace(socket_, *context_);
    }

    /// Bytes that were read too far: the next reads give them again.
    void unread(std::string_view bytes) { unread_.assign(bytes); }

    template <class Buffers, class Token>
    auto async_read_some(const Buffers& buffers, Token&& token) {
        return asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
            [](auto handler, Stream* self, Buffers into) { self->start_read(into, std::move(handler)); }, token, this, buffers);
    }

    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token) {
        return asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
            [](auto handler, Stream* self, Buffers from) {
                if (self->tls_) self->tls_->async_write_some(from, std::move(handler));
                else self->socket_.async_write_some(from, std::move(handler));
            },
            token, this, buffers);
    }

    /// Ends pending operations with operation_aborted; the connection stays open.
    void cancel() {
        boost::system::error_code ignored; // nothing is pending then
        socket_.cancel(ignored);
    }
    /// Stops both directions but keeps the descriptor, which other threads may be polling; pending operations end.
    void shut() {
        boost::system::error_code ignored; // already disconnected
        socket_.shutdown(Socket::shutdown_both, ignored);
        cancel();
    }

private:
    template <class Buffers, class Handler>
    void start_read(const Buffers& into, Handler handler) {
        if (!unread_.empty()) {
            const std::size_t taken = asio::buffer_copy(into, asio::buffer(unread_));
            unread_.erase(0, taken);
            asio::post(get_executor(), [handler = std::move(handler), taken]() mutable {
                handler(boost::system::error_code{}, taken);
            });
        } else if (tls_) {
            tls_->async_read_some(into, std::move(handler));
        } else {
            socket_.async_read_some(into, std::move(handler));
        }
    }

    Socket socket_;
    std::shared_ptr<asio::ssl::context> context_;
    std::optional<Tls> tls_;
    std::string unread_;
};

/// Ends a connection so that the last bytes reach a peer that is still sending: what lies unread when a socket is closed turns the end into a reset,
/// and that may overtake them (RFC 9112 section 9.6). Ends our half, swallows what comes until the peer has ended its own, at most so long and 32 MiB, then
/// shuts both.
Task<void> close_gently(Stream& stream, std::chrono::milliseconds at_most);

/// What Beast's WebSocket holds: a handle on a Stream that somebody else owns.
class StreamRef {
public:
    using executor_type = Stream::executor_type;
    StreamRef(Stream& stream, std::chrono::milliseconds linger) : stream_(&stream), linger_(linger) {}
    executor_type get_executor() { return stream_->get_executor(); }
    Stream& stream() { return *stream_; }
    std::chrono::milliseconds linger() const { return linger_; } // see close_gently

    template <class Buffers, class Token>
    auto async_read_some(const Buffers& buffers, Token&& token) {
        return stream_->async_read_some(buffers, std::forward<Token>(token));
    }
    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token) {
        return stream_->async_write_some(buffers, std::forward<Token>(token));
    }

private:
    Stream* stream_;
    std::chrono::milliseconds linger_;
};

/// Beast asks for these by argument-dependent look-up when a WebSocket ends.
inline void beast_close_socket(StreamRef& stream) { stream.stream().shut(); }
inline void teardown(boost::beast::role_type, StreamRef& stream, boost::system::error_code& error) {
    error = {};
    stream.stream().shut();
}
template <class Handler>
void async_teardown(boost::beast::role_type, StreamRef& stream, Handler&& handler) {
    asio::co_spawn(stream.get_executor(), close_gently(stream.stream(), stream.linger()),
                   [handler = std::forward<Handler>(handler)](const std::exception_ptr&) mutable { handler(boost::system::error_code{}); });
}

} // namespace gravity::net
