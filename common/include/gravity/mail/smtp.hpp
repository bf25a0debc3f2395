#pragma once

#include <gravity/async/task.hpp>
#include <gravity/base/parsed.hpp>
#include <gravity/base/secret.hpp>
#include <gravity/mail/message.hpp>
#include <gravity/net/tls.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace boost::asio {
class io_context;
}

/// Handing mail to a server that sends it on: SMTP (RFC 5321) as submission has it (RFC 6409).
namespace gravity::mail {

enum class Tls : unsigned char {
    none,
    starttls, // RFC 3207; demanded: without it nothing is sent
    implicit  // RFC 8314 section 3.3
};

struct Login {
    std::string user;
    Secret<> password;
};

/// Which server, and how it is spoken to.
struct Server {
    std::string host; // a name, or an address without brackets
    std::uint16_t port = 587;
    Tls tls = Tls::starttls;
    std::optional<Login> login;

    /// smtp://user:password@host:587 demands STARTTLS, smtps://user:password@host:465 speaks TLS from the start; user and password are percent-encoded (RFC
    /// 3986) and may lack. `?tls=none` behind smtp:// is for servers in one's own network, and not with a password. To localhost, 127.0.0.0/8 and ::1 there is
    /// no TLS unless `?tls=starttls` says so, and a password may go without. What is wrong with a text never tells the text.
    static Parsed<Server> parse(std::string_view url);
};

/// Why a mail was not taken.
enum class Trouble : unsigned char {
    passing, // nobody there, no answer in time, 4yz: later it may go
    lasting, // 5yz: this mail is never taken
    setup    // no TLS, a certificate that is not believed, a login or a sender that is refused: no mail is taken until somebody has seen to it
};

/// What went wrong, in codes alone: what servers say besides may name the person.
class SendError : public std::runtime_error {
public:
    SendError(Trouble trouble, bool maybe_taken, const std::string& what) : std::runtime_error(what), trouble_(trouble), maybe_taken_(maybe_taken) {}
    Trouble trouble() const { return trouble_; }
    /// All of the mail had left, and its answer did not come: sent again it may come twice, with one Message-ID (RFC 1047).
    bool maybe_taken() const { return maybe_taken_; }

private:
    Trouble trouble_;
    bool maybe_taken_;
};

struct SenderOptions {
    Server server;
    net::TlsTrust trust;
    std::chrono::milliseconds connect_timeout{5'000}; // for each address
    std::chrono::milliseconds timeout{60'000};        // for all of one mail, however the server spreads its answers over it
};

/// Hands over mails, each on a connection of its own: AUTH PLAIN and LOGIN (RFC 4954, only as Server::parse allows), SIZE (RFC 1870), SMTPUTF8 (RFC 6531) for
/// addresses that need it. I/O thread only.
class Sender {
public:
    /// Throws boost::system::system_error for bad TLS files.
    Sender(boost::asio::io_context& io, SenderOptions options);
    ~Sender();
    Sender(const Sender&) = delete;
    Sender& operator=(const Sender&) = delete;

    /// Once it returns the server answers for the mail. Throws SendError, and std::invalid_argument as `written` does.
    Task<void> send(Message message);

    /// What the last attempt failed with, if that was the server's or its address's fault; empty: nothing. For /health/ready.
    const std::string& trouble() const;

    struct Core;

private:
    std::shared_ptr<Core> core_;
};

} // namespace gravity::mail
