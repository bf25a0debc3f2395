#pragma once

#include "http/read_buffer.hpp"
#include "net/stream.hpp"

#include <gravity/http/client.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace gravity::http {

using Deadline = std::chrono::steady_clock::time_point;

/// One outgoing connection; carries one request at a time. `cut` may be called at any time and ends what is pending.
class ClientConnection : public std::enable_shared_from_this<ClientConnection> {
public:
    ClientConnection(boost::asio::io_context& io, const ClientOptions& options)
        : options_(options), stream_(net::Stream::Socket(io)), timer_(io) {}

    /// Tries the addresses in turn. Throws ClientError (connect, tls, timeout).
    Task<void> connect(UrlParts url, std::vector<std::string> addresses, std::shared_ptr<boost::asio::ssl::context> tls);

    /// Sends the request and reads the head of its response, skipping 1xx. Throws ClientError.
    Task<Response> exchange(std::string head, std::string_view body, Method method);
    /// Next piece of the body, empty at its end. Throws ClientError.
    Task<std::string> read_body();

    /// Everything from now on must be done by then; watched by one timer.
    void set_deadline(Deadline deadline);
    void clear_deadline() { timer_.cancel(); }
    void cut() { stream_.shut(); }

    bool body_complete() const { return complete_; }
    bool reusable() const { return complete_ && framing_.keep_alive && buffer_.empty(); }
    /// The peer has neither closed it nor said anything while it was idle.
    bool still_open();
    bool sent() const { return sent_; }             // of this exchange
    bool answered() const { return answered_; }     // a byte of the response has come
    void reuse() { used_before_ = true; }
    bool used_before() const { return used_before_; }
    Deadline idle_since{};

private:
    Task<bool> connect_to(boost::asio::ip::tcp::endpoint endpoint);
    Task<void> handshake(const UrlParts& url, std::shared_ptr<boost::asio::ssl::context> tls);
    Task<bool> write(std::string_view head, std::string_view body);
    Task<bool> fill();
    [[noreturn]] void fail(ClientFailure otherwise, const std::string& what);

    const ClientOptions& options_;
    net::Stream stream_;
    boost::asio::steady_timer timer_;
    ReadBuffer buffer_;
    Framing framing_;
    ChunkDecoder chunks_;
    std::uint64_t left_ = 0;
    bool expired_ = false, sent_ = false, answered_ = false, complete_ = false, used_before_ = false;
    bool truncated_ = false; // the peer ended TLS without close_notify
};

} // namespace gravity::http
