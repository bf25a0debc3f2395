#include "http/connection.hpp"
#include "http/unix_socket.hpp"
#include "net/tls.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/server.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>

#include <unistd.h>

namespace gravity::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::steady_clock;

/// Accepts, ticks, drains. Lives as long as its pending operations.
class Server::Listener : public std::enable_shared_from_this<Listener> {
public:
    Listener(asio::io_context& io, ServerOptions options, Handler handler)
        : io_(io), core_(std::make_shared<ServerCore>(std::move(options), std::move(handler))), acceptor_(io), tick_(io), retry_(io), drained_(io) {}

    void start() {
        if (core_->options.tls) tls_ = net::server_context(*core_->options.tls);
        if (const auto path = unix_path(core_->options.address)) {
            acceptor_.assign(tcp::v4(), listen_unix(*path)); // a stream of bytes as TCP is; nobody asks it for addresses
            unix_path_ = path;                               // ours from now on
        } else {
            listen_tcp({asio::ip::make_address(core_->options.address), core_->options.port});
        }
        core_->on_closed = [weak = weak_from_this()] {
            if (const auto self = weak.lock()) self->connection_closed();
        };
        accept();
    }

    void stop_accepting() {
        if (unix_path_ && !stopped_) ::unlink(unix_path_->c_str());
        stopped_ = true;
        boost::system::error_code ignored; // closing a listener loses nothing that could be reported
        acceptor_.close(ignored);
        retry_.cancel();
    }

    void begin_drain() {
        stop_accepting();
        core_->draining = true;
        for (Connection* connection : core_->connections) connection->begin_drain();
    }

    void abort() {
        stop_accepting();
        core_->draining = true;
        for (Connection* connection : core_->connections) connection->abort();
    }

    static Task<void> drain(std::shared_ptr<Listener> self, steady_clock::time_point deadline) {
        self->begin_drain();
        bool cut = false;
        while (!self->core_->connections.empty()) {
            if (!cut && steady_clock::now() >= deadline) {
                cut = true;
                for (Connection* connection : self->core_->connections) connection->abort();
            }
            // After the cut only handlers are left, which end by deadlines of their own.
            self->drained_.expires_at(cut ? steady_clock::now() + std::chrono::seconds(1) : deadline);
            auto waiting = self->drained_.async_wait(asio::as_tuple(asio::deferred)); // cancelled when the last one has gone
            co_await std::move(waiting);
        }
    }

    ServerCore& core() { return *core_; }
    void reload_tls() { tls_ = net::server_context(core_->options.tls.value()); }
    std::uint16_t port() const { return port_; }

private:
    void listen_tcp(const tcp::endpoint& endpoint) {
        acceptor_.open(endpoint.protocol());
        acceptor_.set_option(tcp::acceptor::reuse_address(true));
        if (endpoint.address().is_v6()) acceptor_.set_option(asio::ip::v6_only(false));
        acceptor_.bind(endpoint);
        acceptor_.listen();
        port_ = acceptor_.local_endpoint().port();
    }

    bool full() const {
        return core_->connections.size() - core_->refusing >= core_->options.max_connections;
    }

    void accept() {
        if (stopped_ || accepting_) return;
        if (full() && core_->refusing >= core_->options.max_refusals) return; // connection_closed calls again
        accepting_ = true;
        acceptor_.async_accept(io_, [self = shared_from_this()](boost::system::error_code error, tcp::socket socket) {
            self->accepting_ = false;
            self->accepted(error, std::move(socket));
        });
    }

    void accepted(boost::system::error_code error, tcp::socket socket) {
        if (stopped_) return;
        if (!error) {
            open(std::move(socket));
            accept();
        } else if (error == asio::error::connection_aborted || error == asio::error::interrupted) {
            accept(); // that one went away while it was queued
        } else {
            // Out of descriptors or memory: the kernel would report the same at once, again and again. A closing connection
            // or the timer tries again.
            core_->accept_pauses.add();
            retry_.expires_after(std::chrono::milliseconds(200));
            retry_.async_wait([self = shared_from_this()](boost::system::error_code ended) {
                if (!ended || !self->stopped_) self->accept();
            });
        }
    }

    void open(tcp::socket socket) {
        boost::system::error_code error;
        const auto protocol = unix_path_ ? tcp::v4() : socket.local_endpoint(error).protocol();
        const auto descriptor = error ? -1 : socket.release(error);
        if (error) return; // reset before it was looked at
        net::Stream::Socket typed(io_);
        typed.assign(protocol, descriptor, error);
        if (error) {
            ::close(descriptor);
            return;
        }
        auto connection = std::make_shared<Connection>(core_, std::move(typed), tls_, full());
        asio::co_spawn(io_, Connection::run(std::move(connection)), asio::detached);
        if (!ticking_) tick();
    }

    void connection_closed() {
        if (core_->connections.empty()) {
            tick_.cancel();
            drained_.cancel();
        }
        if (!stopped_) accept();
    }

    /// One timer for all waits of all connections; none while there are no connections.
    void tick() {
        ticking_ = true;
        tick_.expires_after(interval());
        tick_.async_wait([self = shared_from_this()](boost::system::error_code) {
            self->ticking_ = false;
            if (self->core_->connections.empty()) return;
            const auto now = steady_clock::now();
            for (Connection* connection : self->core_->connections) connection->sweep(now);
            self->tick();
        });
    }

    std::chrono::milliseconds interval() const {
        const ServerOptions& o = core_->options;
        auto least = o.head_timeout;
        for (const auto limit : {o.idle_timeout, o.body_grace, o.write_stall, o.park_after}) least = std::min(least, limit);
        return std::clamp<std::chrono::milliseconds>(least / 4, std::chrono::milliseconds(5), std::chrono::seconds(1));
    }

    asio::io_context& io_;
    std::shared_ptr<ServerCore> core_;
    std::shared_ptr<asio::ssl::context> tls_;
    tcp::acceptor acceptor_;
    asio::steady_timer tick_, retry_, drained_;
    std::optional<std::string> unix_path_; // instead of a port
    std::uint16_t port_ = 0;
    bool accepting_ = false, stopped_ = false, ticking_ = false;
};

Server::Server(asio::io_context& io, ServerOptions options, Handler handler)
    : listener_(std::make_shared<Listener>(io, std::move(options), std::move(handler))) {}

Server::~Server() { listener_->abort(); }

void Server::start() { listener_->start(); }
std::uint16_t Server::port() const { return listener_->port(); }
void Server::reload_tls() { listener_->reload_tls(); }
void Server::stop_accepting() { listener_->stop_accepting(); }
Task<void> Server::drain(steady_clock::time_point deadline) { return Listener::drain(listener_, deadline); }
bool Server::draining() const { return listener_->core().draining; }

ServerCounters Server::counters() const {
    const ServerCore& core = listener_->core();
    ServerCounters figures;
    figures.open_connections = core.open.get();
    figures.connections = core.total.get();
    figures.requests = core.requests.get();
    figures.malformed = core.malformed.get();
    figures.refused = core.refused.get();
    figures.timeouts = core.timeouts.get();
    figures.handler_errors = core.handler_errors.get();
    figures.accept_pauses = core.accept_pauses.get();
    return figures;
}

} // namespace gravity::http
