#include "redis/ask_once.hpp"
#include "redis/backend.hpp"
#include "redis/sentinel_source.hpp"

#include <gravity/async/coroutine.hpp>

#include <algorithm>

namespace gravity::redis {

namespace {

/// True when the server turned every command down without executing it, for a reason that another connection may not
/// have: it is loading its data, or was demoted. The first is looked at by HandshakeMachine's PING, the second by ROLE,
/// so a retry does not spin.
bool turned_down(const Outcome& outcome, bool by_sentinel) {
    auto passing = [&](const Value& reply) {
        auto code = reply.error_code();
        return code == "LOADING" || code == "MASTERDOWN" || (by_sentinel && code == "READONLY");
    };
    return !outcome.failure && !outcome.replies.empty() &&
           std::all_of(outcome.replies.begin(), outcome.replies.end(), passing);
}

bool says_readonly(const Outcome& outcome) {
    return std::any_of(outcome.replies.begin(), outcome.replies.end(),
                       [](const Value& reply) { return reply.error_code() == "READONLY"; });
}

/// One server, or the master that Sentinels name.
class SingleBackend final : public Backend {
public:
    SingleBackend(boost::asio::io_context& io, Url url, Options options)
        : Backend(io, std::move(url), std::move(options)) {}

    void start() {
        connection_ = Connection::open(io(), link_settings(), source({}), true);
        if (!is_sentinel()) return;
        watch_ = std::make_shared<SentinelWatch>(io(), sentinel_settings(), machine(), [this](const Endpoint& master) {
            if (connection_->endpoint() != master) connection_->reconnect("the master is now " + master.to_string());
        });
        watch_->start();
    }

    Task<Outcome> call(Call call) override {
        auto self = shared_from_this(); // the client may go while we wait
        while (true) {
            Request request = encode(call);
            Outcome outcome = co_await connection_->execute(std::move(request));
            if (turned_down(outcome, is_sentinel())) {
                connection_->reconnect(outcome.replies.front().text);
                continue; // until it succeeds or the deadline ends the wait for a connection
            }
            if (is_sentinel() && says_readonly(outcome)) connection_->reconnect("the server is no longer a master");
            co_return outcome;
        }
    }

    bool connected() const override { return connection_->is_connected(); }
    std::string last_error() const override { return connected() ? std::string() : connection_->last_error(); }
    Stats stats() const override {
        Stats stats;
        connection_->add_to(stats);
        return stats;
    }
    void close() override {
        if (watch_) watch_->stop();
        connection_->close();
    }

    std::shared_ptr<EndpointSource> source(std::vector<std::string>) override {
        if (!is_sentinel()) return std::make_shared<FixedSource>(url().endpoints.front());
        return std::make_shared<SentinelSource>(io(), sentinel_settings(), machine());
    }
    void look_again() override {} // a new connection asks the Sentinels anyway

private:
    bool is_sentinel() const { return url().topology == Topology::sentinel; }
    SentinelMachine machine() const { return SentinelMachine(url().endpoints, url().master); }
    LinkSettings sentinel_settings() const {
        LinkSettings settings = link_settings();
        settings.options.on_event = nullptr;
        settings.handshake = {url().sentinel_credentials, {}, 0, false, true};
        return settings;
    }

    std::shared_ptr<Connection> connection_;
    std::shared_ptr<SentinelWatch> watch_;
};

} // namespace

std::shared_ptr<Backend> make_single_backend(boost::asio::io_context& io, Url url, Options options) {
    auto backend = std::make_shared<SingleBackend>(io, std::move(url), std::move(options));
    backend->start();
    return backend;
}

} // namespace gravity::redis
