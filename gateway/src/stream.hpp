#pragma once

#include "client_certificate.hpp"
#include "pipe.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gravity::gateway {

/// The executor is named, so that no handler is wrapped into one that could be any.
using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

/// A connection of a client or to an instance, with TLS or without, or what a session has instead of one. May move while nothing is under way on it. A
/// gathered write over TLS is made one piece after the other.
class Stream {
public:
    using executor_type = Socket::executor_type;
    using lowest_layer_type = Socket;
    enum class Side {
        server,
        client
    };

    /// `tls` null: without.
    Stream(Socket socket, std::shared_ptr<boost::asio::ssl::context> tls) : socket_(std::move(socket)), context_(std::move(tls)) {
        if (context_) tls_ = std::make_unique<boost::asio::ssl::stream<Socket>>(std::move(socket_), *context_);
        secure_ = tls_ != nullptr;
    }
    /// `secure`: the connection behind it is.
    Stream(std::shared_ptr<Pipe> pipe, boost::asio::io_context& io, bool secure) : socket_(io), pipe_(std::move(pipe)), secure_(secure) {}

    /// Nobody between can read.
    bool secure() const { return secure_; }
    bool speaks_tls() const { return tls_ != nullptr; }
    bool is_pipe() const { return pipe_ != nullptr; }
    /// Not of a pipe.
    Socket& socket() { return tls_ ? tls_->next_layer() : socket_; }
    executor_type get_executor() { return socket().get_executor(); }

    template <class Buffers, class Handler>
    void async_read_some(const Buffers& buffers, Handler&& handler) {
        if (tls_) tls_->async_read_some(buffers, std::forward<Handler>(handler));
        else if (pipe_) pipe_->async_read_some(buffers, std::forward<Handler>(handler));
        else socket_.async_read_some(buffers, std::forward<Handler>(handler));
    }
    template <class Buffers, class Handler>
    void async_write_some(const Buffers& buffers, Handler&& handler) {
        if (tls_) tls_->async_write_some(buffers, std::forward<Handler>(handler));
        else if (pipe_) pipe_->async_write_some(buffers, std::forward<Handler>(handler));
        else socket_.async_write_some(buffers, std::forward<Handler>(handler));
    }
    /// The other side must show a certificate of this host name or address, which it is told as well (RFC 6066 section 3; an address is not); if there are
    /// `names`, of one of those instead (as TlsSpec has them). Before the handshake.
    void expect(const std::string& name, const std::vector<std::string>& names = {});
    /// By which a client has said who he is; null if he has not, or was not asked. After the handshake.
    ClientCertificatePtr peer_certificate() { return client_certificate_of(*tls_->native_handle()); }
    /// Before all else, if it is secure.
    template <class Handler>
    void async_handshake(Side side, Handler&& handler) {
        using boost::asio::ssl::stream_base;
        tls_->async_handshake(side == Side::server ? stream_base::server : stream_base::client, std::forward<Handler>(handler));
    }
    /// Tells a secure peer that nothing follows (RFC 8446 section 6.1), and waits until he says the same.
    template <class Handler>
    void async_shutdown(Handler&& handler) {
        tls_->async_shutdown(std::forward<Handler>(handler));
    }
    /// Of the protocols that were offered in the handshake (RFC 7301) this is the one; empty: none.
    std::string_view protocol() const;
    /// Nothing follows what was written. For TLS: async_shutdown.
    void end_output();
    void close();
    /// Ends it so that what was written cannot be taken for the whole, not even by HTTP/1.0: a reset.
    void cut();

private:
    Socket socket_;
    std::shared_ptr<boost::asio::ssl::context> context_; // outlives a change of the certificates
    std::unique_ptr<boost::asio::ssl::stream<Socket>> tls_; // has the socket then
    std::shared_ptr<Pipe> pipe_;
    bool secure_ = false;
};

} // namespace gravity::gateway
