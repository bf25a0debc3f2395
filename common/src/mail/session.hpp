#pragma once

#include "mail/reply.hpp"
#include "net/stream.hpp"

#include <gravity/mail/smtp.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gravity::mail {

/// What one mail is on the way: its bytes and whom the server is told of.
struct Envelope {
    std::string from, to;
    std::string data; // as `written` makes it
    bool utf8 = false;
};

/// One connection to a mail server, for one mail. Whatever waits is ended at the deadline.
class Session : public std::enable_shared_from_this<Session> {
public:
    Session(boost::asio::io_context& io, const SenderOptions& options, std::shared_ptr<boost::asio::ssl::context> tls)
        : options_(options), tls_(std::move(tls)), stream_(net::Stream::Socket(io)), deadline_(io) {}

    void set_deadline(std::chrono::steady_clock::time_point deadline);
    /// All throw SendError. The addresses are tried in turn.
    Task<void> connect(std::vector<std::string> addresses);
    Task<void> deliver(Envelope envelope);
    /// Takes leave, as RFC 5321 section 4.1.1.10 wants it; what becomes of that is nobody's concern. Does nothing where the connection is broken.
    Task<void> end();

private:
    Task<bool> connect_to(boost::asio::ip::tcp::endpoint endpoint);
    Task<void> handshake();
    Task<void> introduce();
    Task<void> begin_tls();
    Task<void> log_in();
    Task<void> hand_over(Envelope envelope);
    Task<void> write(std::string bytes);
    Task<Reply> reply();
    Task<Reply> command(std::string line);
    /// Throws unless the reply is of that class. `lasting`: what a 5yz means here.
    void expect(const Reply& reply, int wanted, std::string_view to, Trouble lasting = Trouble::lasting);
    [[noreturn]] void fail(Trouble trouble, const std::string& what);
    [[noreturn]] void broken(const std::string& what);
    std::string own_name();

    const SenderOptions& options_;
    std::shared_ptr<boost::asio::ssl::context> tls_;
    net::Stream stream_;
    boost::asio::steady_timer deadline_;
    std::array<char, 4096> block_{};
    std::string received_;
    Features features_;
    bool expired_ = false, broken_ = true, maybe_taken_ = false; // broken until it is connected
};

} // namespace gravity::mail
