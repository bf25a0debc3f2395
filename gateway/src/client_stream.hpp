#pragma once

#include "upstream.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <memory>
#include <utility>

namespace gravity::gateway {

/// A client's connection, with TLS or without. Stays where it was made. A gathered write over TLS is made one piece after the other.
class ClientStream {
public:
    using executor_type = Socket::executor_type;
    using lowest_layer_type = Socket;

    /// `certificates` null: without TLS.
    ClientStream(Socket socket, std::shared_ptr<boost::asio::ssl::context> certificates) : socket_(std::move(socket)), certificates_(std::move(certificates)) {
        if (certificates_) tls_ = std::make_unique<boost::asio::ssl::stream<Socket&>>(socket_, *certificates_);
    }
    ClientStream(const ClientStream&) = delete;
    ClientStream& operator=(const ClientStream&) = delete;

    bool secure() const { return tls_ != nullptr; }
    Socket& socket() { return socket_; }
    executor_type get_executor() { return socket_.get_executor(); }

    template <class Buffers, class Handler>
    void async_read_some(const Buffers& buffers, Handler&& handler) {
        if (tls_) tls_->async_read_some(buffers, std::forward<Handler>(handler));
        else socket_.async_read_some(buffers, std::forward<Handler>(handler));
    }
    template <class Buffers, class Handler>
    void async_write_some(const Buffers& buffers, Handler&& handler) {
        if (tls_) tls_->async_write_some(buffers, std::forward<Handler>(handler));
        else socket_.async_write_some(buffers, std::forward<Handler>(handler));
    }
    /// Before all else, if it is secure.
    template <class Handler>
    void async_handshake(Handler&& handler) {
        tls_->async_handshake(boost::asio::ssl::stream_base::server, std::forward<Handler>(handler));
    }
    /// Tells a secure peer that nothing follows (RFC 8446 section 6.1), and waits until he says the same.
    template <class Handler>
    void async_shutdown(Handler&& handler) {
        tls_->async_shutdown(std::forward<Handler>(handler));
    }

private:
    Socket socket_;
    std::shared_ptr<boost::asio::ssl::context> certificates_; // outlives a change of them
    std::unique_ptr<boost::asio::ssl::stream<Socket&>> tls_;
};

} // namespace gravity::gateway
