#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gravity::testkit {

/// A mail as it was handed over: from and to as the commands named them, with what stood behind.
struct ReceivedMail {
    std::string from; // "<no-reply@example.com> SIZE=812"
    std::string to;
    std::string data; // without the periods of the transfer

    /// A field of its head, unfolded and as it was written; "" if there is none.
    std::string field(std::string_view name) const;
    /// The body of a mail of one part, decoded; lines end with \n.
    std::string text() const;
};

struct MailServerOptions {
    std::string certificate_file, key_file; // PEM; with them it offers STARTTLS, and AUTH behind that alone
    bool implicit_tls = false;
    std::string user, password; // whom it lets in; empty: AUTH is not offered, nor asked for
};

/// An SMTP server in this process, on 127.0.0.1: takes mail and keeps it, one connection after the other. Any thread.
class MailServer {
public:
    /// Says something else than it would, or nothing (an empty text: it closes the connection): asked with each line that comes, with "connect" before the
    /// greeting, and with "." when a whole mail has come. On the server's thread.
    using Script = std::function<std::optional<std::string>(const std::string& line)>;

    explicit MailServer(MailServerOptions options = {}, Script script = {});
    ~MailServer();
    MailServer(const MailServer&) = delete;
    MailServer& operator=(const MailServer&) = delete;

    std::uint16_t port() const;
    std::string url() const; // smtp://127.0.0.1:2525
    void set_script(Script script);

    /// All that it took, in order: also those whose answer it did not give.
    std::vector<ReceivedMail> mails() const;
    /// The lines that clients said.
    std::vector<std::string> said() const;
    std::size_t connections() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace gravity::testkit
