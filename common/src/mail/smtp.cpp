#include "mail/session.hpp"
#include "net/tls.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/client.hpp>
#include <gravity/mail/smtp.hpp>

#include <optional>

namespace gravity::mail {

namespace asio = boost::asio;
using std::chrono::steady_clock;

struct Sender::Core {
    Core(asio::io_context& loop, SenderOptions given) : io(loop), options(std::move(given)), resolver(loop, {}) {
        if (options.server.tls != Tls::none) tls = net::client_context(options.trust);
    }

    asio::io_context& io;
    SenderOptions options;
    http::Client resolver; // for its look-up of names alone, which minds the time
    std::shared_ptr<asio::ssl::context> tls;
    std::string trouble;

    Task<std::vector<std::string>> addresses() {
        std::optional<SendError> failed;
        try {
            auto found = co_await resolver.resolve(options.server.host, options.timeout);
            co_return found;
        } catch (const http::ClientError& error) {
            failed.emplace(Trouble::passing, false, error.what());
        }
        throw *failed;
    }

    Task<void> attempt(Envelope envelope) {
        const auto deadline = steady_clock::now() + options.timeout;
        std::vector<std::string> found = co_await addresses();
        const auto session = std::make_shared<Session>(io, options, tls);
        session->set_deadline(deadline);
        co_await session->connect(std::move(found));
        std::optional<SendError> failed;
        try {
            co_await session->deliver(std::move(envelope));
        } catch (const SendError& error) {
            failed = error;
        }
        co_await session->end();
        if (failed) throw *failed;
    }
};

namespace {

Task<void> send_on(std::shared_ptr<Sender::Core> core, Message message) {
    Envelope envelope;
    envelope.data = written(message);
    envelope.from = message.from.address.text();
    envelope.to = message.to.address.text();
    envelope.utf8 = needs_utf8(message);
    std::optional<SendError> failed;
    try {
        co_await core->attempt(std::move(envelope));
    } catch (const SendError& error) {
        failed = error;
    }
    core->trouble = failed && failed->trouble() != Trouble::lasting ? failed->what() : std::string();
    if (failed) throw *failed;
}

} // namespace

Sender::Sender(asio::io_context& io, SenderOptions options) : core_(std::make_shared<Core>(io, std::move(options))) {}
Sender::~Sender() = default;

Task<void> Sender::send(Message message) { return send_on(core_, std::move(message)); }

const std::string& Sender::trouble() const { return core_->trouble; }

} // namespace gravity::mail
