#pragma once

#include <gravity/async/task.hpp>
#include <gravity/redis/options.hpp>
#include <gravity/redis/url.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <memory>
#include <optional>
#include <string>

namespace gravity::redis {

/// Certificates and checks, read once; throws std::invalid_argument naming the file that is wrong.
std::shared_ptr<boost::asio::ssl::context> make_tls_context(const TlsOptions& options);

/// One byte stream to a server: TCP or Unix socket, with TLS or without. Kept alive by a shared pointer in every
/// pending operation.
class Transport {
public:
    using Socket = boost::asio::generic::stream_protocol::socket;

    Transport(boost::asio::io_context& io, std::shared_ptr<boost::asio::ssl::context> tls);

    /// Connects and does the TLS handshake. Throws boost::system::system_error. close() from elsewhere ends it.
    Task<void> connect(Endpoint endpoint, std::string tls_server_name, bool verify);

    Task<std::size_t> read_some(boost::asio::mutable_buffer buffer) {
        if (tls_) return tls_->async_read_some(buffer, boost::asio::use_awaitable);
        return socket_.async_read_some(buffer, boost::asio::use_awaitable);
    }
    /// Writes all of `buffer`; the token's signature is (error_code, bytes transferred).
    template <class Token> auto write(boost::asio::const_buffer buffer, Token token) {
        if (tls_) return boost::asio::async_write(*tls_, buffer, std::move(token));
        return boost::asio::async_write(socket_, buffer, std::move(token));
    }

    /// At once, without TLS close_notify: nothing is in flight that a truncation could forge, the protocol frames
    /// itself.
    void close();

private:
    Task<void> connect_tcp(Endpoint endpoint);

    boost::asio::io_context& io_;
    std::shared_ptr<boost::asio::ssl::context> tls_context_;
    Socket socket_;
    std::optional<boost::asio::ssl::stream<Socket&>> tls_;
    bool closed_ = false;
};

} // namespace gravity::redis
