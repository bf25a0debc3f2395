#include <gravity/base/ascii.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/testkit/mail_server.hpp>

#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <atomic>
#include <csignal>
#include <mutex>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/time.h>
#include <thread>
#include <unistd.h>

namespace gravity::testkit {
namespace {

constexpr std::size_t longest_line = 64 * 1024;
constexpr timeval patience{10, 0}; // of a client that says nothing

std::string decoded_quoted_printable(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '=') {
            out += text[i];
        } else if (text.substr(i + 1, 2) == "\r\n") {
            i += 2;
        } else {
            out += hex_decode(text.substr(i + 1, 2)).value_or("?");
            i += 2;
        }
    }
    return out;
}

std::string without(std::string_view text, char unwanted) {
    std::string out;
    for (const char c : text)
        if (c != unwanted) out += c;
    return out;
}

/// One connection, in clear or not. False: the other side is gone.
class Wire {
public:
    explicit Wire(int fd) : fd_(fd) {}
    ~Wire() { SSL_free(ssl_); }
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    bool begin_tls(SSL_CTX* context) {
        received_.clear();
        ssl_ = SSL_new(context);
        SSL_set_fd(ssl_, fd_);
        return SSL_accept(ssl_) == 1;
    }
    bool secure() const { return ssl_ != nullptr; }
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto size =
                ssl_ != nullptr ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (size <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(size));
        }
        return true;
    }
    /// Without its end.
    bool line(std::string& out) {
        std::size_t end = 0;
        while ((end = received_.find("\r\n")) == std::string::npos) {
            char block[4096];
            const auto size = ssl_ != nullptr ? SSL_read(ssl_, block, sizeof block) : ::recv(fd_, block, sizeof block, 0);
            if (size <= 0 || received_.size() > longest_line) return false;
            received_.append(block, static_cast<std::size_t>(size));
        }
        out = received_.substr(0, end);
        received_.erase(0, end + 2);
        return true;
    }

private:
    int fd_;
    SSL* ssl_ = nullptr;
    std::string received_;
};

} // namespace

std::string ReceivedMail::field(std::string_view name) const {
    const std::string head = "\r\n" + data.substr(0, data.find("\r\n\r\n")) + "\r\n";
    const std::size_t at = ascii::lower(head).find("\r\n" + ascii::lower(name) + ":");
    if (at == std::string::npos) return {};
    std::size_t end = head.find("\r\n", at + 2);
    while (end + 2 < head.size() && (head[end + 2] == ' ' || head[end + 2] == '\t')) end = head.find("\r\n", end + 2);
    const std::size_t begin = at + 2 + name.size() + 1;
    return std::string(ascii::trim(without(without(head.substr(begin, end - begin), '\r'), '\n')));
}

std::string ReceivedMail::text() const {
    const std::size_t at = data.find("\r\n\r\n");
    if (at == std::string::npos) return {};
    const std::string body = data.substr(at + 4);
    const bool base64 = field("Content-Transfer-Encoding") == "base64";
    return without(base64 ? base64_decode(without(without(body, '\r'), '\n')).value_or("?") : decoded_quoted_printable(body), '\r');
}

struct MailServer::State {
    MailServerOptions options;
    SSL_CTX* context = nullptr;
    int listener = -1;
    std::uint16_t port = 0;
    std::thread thread;
    std::atomic<bool> ending{false};

    mutable std::mutex mutex; // of all below
    Script script;
    std::vector<ReceivedMail> mails;
    std::vector<std::string> said;
    std::size_t connections = 0;
    int open = -1;

    std::optional<std::string> scripted(const std::string& line) {
        Script ask;
        {
            const std::lock_guard lock(mutex);
            ask = script;
        }
        return ask ? ask(line) : std::nullopt;
    }

    std::string offers(const Wire& wire) const {
        std::string text = "250-mail.test\r\n250-SIZE 1000000\r\n250-8BITMIME\r\n";
        if (context != nullptr && !wire.secure()) text += "250-STARTTLS\r\n";
        if (!options.user.empty() && (context == nullptr || wire.secure())) text += "250-AUTH PLAIN LOGIN\r\n";
        return text + "250 SMTPUTF8\r\n";
    }

    std::string let_in(Wire& wire, const std::string& line) const {
        std::string shown;
        if (ascii::iequals(line.substr(0, 11), "AUTH PLAIN ")) {
            shown = base64_decode(line.substr(11)).value_or("");
        } else {
            std::string user, password;
            if (!wire.send("334 VXNlcm5hbWU6\r\n") || !wire.line(user) || !wire.send("334 UGFzc3dvcmQ6\r\n") || !wire.line(password)) return {};
            shown = std::string(1, '\0') + base64_decode(user).value_or("") + std::string(1, '\0') + base64_decode(password).value_or("");
        }
        const std::string wanted = std::string(1, '\0') + options.user + std::string(1, '\0') + options.password;
        return shown == wanted ? "235 2.7.0 welcome\r\n" : "535 5.7.8 no\r\n";
    }

    bool take_data(Wire& wire, ReceivedMail& mail) {
        std::string line;
        while (wire.line(line)) {
            if (line == ".") return true;
            mail.data += (line.starts_with('.') ? line.substr(1) : line) + "\r\n";
        }
        return false;
    }

    /// What the server says to a line; "": it closes.
    std::string answer(Wire& wire, const std::string& line, ReceivedMail& mail) {
        if (auto other = scripted(line)) return *std::move(other);
        const std::string word = ascii::upper(line.substr(0, line.find_first_of(" :")));
        if (word == "EHLO") return offers(wire);
        if (word == "STARTTLS" && context != nullptr) return "220 2.0.0 go ahead\r\n";
        if (word == "AUTH") return let_in(wire, line);
        if (word == "MAIL") {
            mail = {};
            mail.from = line.substr(10);
            return "250 2.1.0 ok\r\n";
        }
        if (word == "RCPT") {
            mail.to = line.substr(8);
            return "250 2.1.5 ok\r\n";
        }
        if (word == "DATA") return "354 go on\r\n";
        return word == "QUIT" ? "221 2.0.0 bye\r\n" : "500 5.5.1 what?\r\n";
    }

    std::string answer_to_mail(const ReceivedMail& mail) {
        const std::string text = scripted(".").value_or("250 2.0.0 taken\r\n");
        const std::lock_guard lock(mutex);
        if (text.empty() || text.starts_with('2')) mails.push_back(mail);
        return text;
    }

    void serve(int fd) {
        Wire wire(fd);
        if (options.implicit_tls && !wire.begin_tls(context)) return;
        const std::string greeting = scripted("connect").value_or("220 mail.test ESMTP\r\n");
        if (greeting.empty() || !wire.send(greeting)) return;
        ReceivedMail mail;
        std::string line;
        while (wire.line(line)) {
            {
                const std::lock_guard lock(mutex);
                said.push_back(line);
            }
            std::string text = answer(wire, line, mail);
            if (text.empty() || !wire.send(text)) return;
            if (line == "QUIT") return;
            if (line == "STARTTLS" && text.starts_with("220") && !wire.begin_tls(context)) return;
            if (line != "DATA" || !text.starts_with("354")) continue;
            if (!take_data(wire, mail)) return;
            text = answer_to_mail(mail);
            if (text.empty() || !wire.send(text)) return;
        }
    }

    void run() {
        sigset_t broken_pipe; // OpenSSL writes without saying that it wants none
        sigemptyset(&broken_pipe);
        sigaddset(&broken_pipe, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
        while (!ending) {
            const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
            if (fd < 0) return;
            ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
            {
                const std::lock_guard lock(mutex);
                open = fd;
                ++connections;
            }
            if (!ending) serve(fd);
            const std::lock_guard lock(mutex);
            open = -1;
            ::shutdown(fd, SHUT_RDWR);
            ::close(fd);
        }
    }
};

MailServer::MailServer(MailServerOptions options, Script script) : state_(std::make_unique<State>()) {
    state_->options = std::move(options);
    state_->script = std::move(script);
    if (!state_->options.certificate_file.empty()) {
        state_->context = SSL_CTX_new(TLS_server_method());
        if (SSL_CTX_use_certificate_chain_file(state_->context, state_->options.certificate_file.c_str()) != 1 ||
            SSL_CTX_use_PrivateKey_file(state_->context, state_->options.key_file.c_str(), SSL_FILETYPE_PEM) != 1)
            throw std::runtime_error("the mail server cannot read its certificate");
    }
    state_->listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (::bind(state_->listener, reinterpret_cast<sockaddr*>(&at), size) != 0 || ::listen(state_->listener, 64) != 0)
        throw std::runtime_error("the mail server cannot listen");
    ::getsockname(state_->listener, reinterpret_cast<sockaddr*>(&at), &size);
    state_->port = ntohs(at.sin_port);
    state_->thread = std::thread([state = state_.get()] { state->run(); });
}

MailServer::~MailServer() {
    state_->ending = true;
    ::shutdown(state_->listener, SHUT_RDWR);
    {
        const std::lock_guard lock(state_->mutex);
        if (state_->open >= 0) ::shutdown(state_->open, SHUT_RDWR);
    }
    state_->thread.join();
    ::close(state_->listener);
    SSL_CTX_free(state_->context);
}

std::uint16_t MailServer::port() const { return state_->port; }
std::string MailServer::url() const { return "smtp://127.0.0.1:" + std::to_string(state_->port); }

void MailServer::set_script(Script script) {
    const std::lock_guard lock(state_->mutex);
    state_->script = std::move(script);
}

std::vector<ReceivedMail> MailServer::mails() const {
    const std::lock_guard lock(state_->mutex);
    return state_->mails;
}

std::vector<std::string> MailServer::said() const {
    const std::lock_guard lock(state_->mutex);
    return state_->said;
}

std::size_t MailServer::connections() const {
    const std::lock_guard lock(state_->mutex);
    return state_->connections;
}

} // namespace gravity::testkit
