#include "mail/session.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/encoding.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <openssl/ssl.h>

namespace gravity::mail {
namespace {

namespace asio = boost::asio;
using asio::as_tuple;
using asio::deferred;
using asio::ip::tcp;

constexpr std::chrono::milliseconds leave_patience{1'000};
constexpr int ok = 2, go_on = 3; // first digits: RFC 5321 section 4.2.1

// RFC 4954 section 6: about who sends, not about the mail.
bool is_about_login(int code) { return code == 530 || code == 534 || code == 535 || code == 538; }

} // namespace

void Session::fail(Trouble trouble, const std::string& what) { throw SendError(trouble, maybe_taken_, what); }

void Session::broken(const std::string& what) {
    broken_ = true;
    fail(Trouble::passing, expired_ ? "the mail server took too long (" + what + ")" : what);
}

void Session::expect(const Reply& reply, int wanted, std::string_view to, Trouble lasting) {
    if (reply.code / 100 == wanted) return;
    Trouble trouble = reply.code / 100 == 5 ? lasting : Trouble::passing;
    if (is_about_login(reply.code)) trouble = Trouble::setup;
    fail(trouble, "the mail server answers " + reply.codes() + " to " + std::string(to));
}

void Session::set_deadline(std::chrono::steady_clock::time_point deadline) {
    deadline_.expires_at(deadline);
    deadline_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
        const auto self = weak.lock();
        if (error || !self) return;
        self->expired_ = true;
        self->stream_.shut();
    });
}

// ---- the connection

Task<bool> Session::connect_to(tcp::endpoint endpoint) {
    boost::system::error_code error;
    if (stream_.socket().is_open()) stream_.socket().close(error);
    stream_.socket().open(endpoint.protocol(), error);
    if (error) co_return false;
    // A timer of its own: one dead address must not eat all of the time.
    auto attempt = std::make_shared<asio::steady_timer>(stream_.get_executor(), options_.connect_timeout);
    const auto over = std::make_shared<bool>(false); // what the timer has to say then comes too late: it may be on its way when it is cancelled
    attempt->async_wait([weak = weak_from_this(), attempt, over](boost::system::error_code ended) {
        const auto self = weak.lock();
        if (!ended && !*over && self) self->stream_.cancel();
    });
    auto connecting = stream_.socket().async_connect(endpoint, as_tuple(deferred));
    const auto [failed] = co_await std::move(connecting);
    *over = true;
    attempt->cancel();
    co_return !failed;
}

Task<void> Session::connect(std::vector<std::string> addresses) {
    bool connected = false;
    for (const std::string& address : addresses) {
        boost::system::error_code error;
        const tcp::endpoint endpoint(asio::ip::make_address(address, error), options_.server.port);
        if (error) continue;
        connected = co_await connect_to(endpoint);
        if (connected || expired_) break;
    }
    if (!connected || expired_) broken("cannot connect to the mail server");
    broken_ = false;
    if (options_.server.tls == Tls::implicit) co_await handshake();
}

Task<void> Session::handshake() {
    const std::string& host = options_.server.host;
    stream_.use_tls(tls_);
    SSL* const native = stream_.tls().native_handle();
    SSL_set_alpn_protos(native, nullptr, 0); // the context speaks of HTTP; SMTP has no name there (RFC 7301 section 6)
    boost::system::error_code error;
    asio::ip::make_address(host, error);
    if (error) SSL_set_tlsext_host_name(native, host.c_str()); // no SNI for addresses (RFC 6066 section 3)
    stream_.tls().set_verify_callback(asio::ssl::host_name_verification(host), error);
    auto shaking = stream_.tls().async_handshake(asio::ssl::stream_base::client, as_tuple(deferred));
    const auto [failed] = co_await std::move(shaking);
    if (!failed) co_return;
    if (expired_ || failed.category() != asio::error::get_ssl_category()) broken("the connection to the mail server ended in the TLS handshake");
    broken_ = true;
    fail(Trouble::setup, "TLS with the mail server failed: " + failed.message());
}

Task<void> Session::write(std::string bytes) {
    std::string_view rest = bytes;
    while (!rest.empty()) {
        const asio::const_buffer from(rest.data(), rest.size());
        auto writing = stream_.async_write_some(from, as_tuple(deferred));
        const auto [error, size] = co_await std::move(writing);
        rest.remove_prefix(size);
        if (error) broken("the connection to the mail server was closed");
    }
}

Task<Reply> Session::reply() {
    while (true) {
        std::optional<Reply> found;
        bool malformed = false;
        try {
            found = take_reply(received_);
        } catch (const std::invalid_argument&) {
            malformed = true;
        }
        if (malformed) broken("the mail server does not speak SMTP");
        if (found) co_return *std::move(found);
        const auto space = asio::buffer(block_);
        auto reading = stream_.async_read_some(space, as_tuple(deferred));
        const auto [error, size] = co_await std::move(reading);
        received_.append(block_.data(), size);
        if (error && size == 0) broken("the connection to the mail server was closed");
    }
}

Task<Reply> Session::command(std::string line) {
    // Each answer belongs to one command: what came before that was asked for would be taken for the next one's.
    if (!received_.empty()) broken("the mail server speaks out of turn");
    line += "\r\n";
    co_await write(std::move(line));
    Reply answer = co_await reply();
    co_return answer;
}

// ---- the dialogue

// RFC 5321 section 4.1.4: who has no name that means something says its address.
std::string Session::own_name() {
    boost::system::error_code error;
    const auto local = stream_.socket().local_endpoint(error);
    if (error) broken("the connection to the mail server was closed");
    if (local.address().is_v4()) return "[" + local.address().to_string() + "]";
    auto address = local.address().to_v6();
    address.scope_id(0);
    return "[IPv6:" + address.to_string() + "]";
}

Task<void> Session::introduce() {
    std::string hello = "EHLO " + own_name();
    const Reply answer = co_await command(std::move(hello));
    expect(answer, ok, "EHLO", Trouble::setup);
    features_ = features_of(answer);
}

Task<void> Session::begin_tls() {
    if (!features_.starttls) fail(Trouble::setup, "the mail server offers no STARTTLS");
    const Reply answer = co_await command("STARTTLS");
    expect(answer, ok, "STARTTLS", Trouble::setup);
    // What came in clear with that answer may be anybody's (CVE-2011-0411), and so may what was offered before (RFC 3207 section 4.2).
    received_.clear();
    co_await handshake();
    co_await introduce();
}

Task<void> Session::log_in() {
    const Login& login = *options_.server.login;
    std::string line;
    if (features_.plain) { // RFC 4616
        std::string secret;
        secret.append(1, '\0').append(login.user).append(1, '\0').append(login.password.reveal());
        line = "AUTH PLAIN " + base64_encode(secret);
    } else if (features_.login) {
        Reply asked = co_await command("AUTH LOGIN");
        expect(asked, go_on, "AUTH", Trouble::setup);
        std::string user = base64_encode(login.user);
        asked = co_await command(std::move(user));
        expect(asked, go_on, "AUTH", Trouble::setup);
        line = base64_encode(login.password.reveal());
    } else {
        fail(Trouble::setup, "the mail server offers neither AUTH PLAIN nor AUTH LOGIN");
    }
    const Reply answer = co_await command(std::move(line));
    expect(answer, ok, "AUTH", Trouble::setup);
}

Task<void> Session::hand_over(Envelope envelope) {
    if (envelope.utf8 && !features_.utf8) fail(Trouble::lasting, "the mail server takes no addresses beyond ASCII (SMTPUTF8)");
    if (features_.size && *features_.size != 0 && envelope.data.size() > *features_.size)
        fail(Trouble::lasting, "the mail is larger than the mail server takes");
    std::string from = "MAIL FROM:<" + envelope.from + ">";
    if (features_.size) from += " SIZE=" + std::to_string(envelope.data.size());
    if (envelope.utf8) from += " BODY=8BITMIME SMTPUTF8";
    Reply answer = co_await command(std::move(from));
    // Whom mail comes from is the same in all of it: what is wrong with that is not this mail's fault, as its size is (RFC 1870 section 6.1).
    expect(answer, ok, "MAIL", answer.code == 552 ? Trouble::lasting : Trouble::setup);
    std::string to = "RCPT TO:<" + envelope.to + ">";
    answer = co_await command(std::move(to));
    expect(answer, ok, "RCPT");
    answer = co_await command("DATA");
    expect(answer, go_on, "DATA");
    if (!received_.empty()) broken("the mail server speaks out of turn");
    std::string data = stuffed(envelope.data);
    maybe_taken_ = true;
    co_await write(std::move(data));
    answer = co_await reply();
    maybe_taken_ = false;
    expect(answer, ok, "the mail");
}

Task<void> Session::deliver(Envelope envelope) {
    const Reply greeting = co_await reply();
    expect(greeting, ok, "the connection", Trouble::setup);
    co_await introduce();
    if (options_.server.tls == Tls::starttls) co_await begin_tls();
    if (options_.server.login) co_await log_in();
    co_await hand_over(std::move(envelope));
}

Task<void> Session::end() {
    if (broken_) co_return;
    try {
        co_await write("QUIT\r\n");
    } catch (const SendError&) {
        broken_ = true; // it has gone first
    }
    if (!broken_) co_await net::close_gently(stream_, leave_patience);
    deadline_.cancel();
}

} // namespace gravity::mail
