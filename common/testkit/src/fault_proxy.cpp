#include <gravity/async/coroutine.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/testkit/fault_proxy.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <future>
#include <set>
#include <thread>

namespace gravity::testkit {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

struct Link {
    explicit Link(asio::io_context& io) : client(io), server(io) {}
    tcp::socket client, server;
    bool lose_next_answer = false;
    int ended = 0; // directions that have said all

    void reset() {
        error_code ignored; // it may be closed already
        for (tcp::socket* socket : {&client, &server}) {
            socket->set_option(asio::socket_base::linger(true, 0), ignored); // a RST, not a FIN
            socket->close(ignored);
        }
    }
};

} // namespace

// Owns its coroutines by way of `io`, so these refer to it by a plain pointer.
struct FaultProxy::State {
    asio::io_context io{1};
    tcp::endpoint target;
    std::unique_ptr<tcp::acceptor> acceptor;
    std::uint16_t port = 0;
    std::set<std::shared_ptr<Link>> links;
    std::thread thread;

    // On the proxy's thread.
    bool silent = false;
    std::chrono::milliseconds pause{0};
    std::size_t piece = 0; // 0: whole
    std::string lost_request, lost_answer; // lower case; empty: none

    std::atomic<std::size_t> open{0}, accepted{0}, losses{0};
    std::atomic<std::uint64_t> passed{0};

    void listen() {
        if (acceptor) return;
        acceptor = std::make_unique<tcp::acceptor>(io, tcp::endpoint(asio::ip::address_v4::loopback(), port));
        port = acceptor->local_endpoint().port();
        asio::co_spawn(io, accept_loop(acceptor.get()), asio::detached);
    }

    Task<void> accept_loop(tcp::acceptor* listening) {
        for (;;) {
            auto link = std::make_shared<Link>(io);
            error_code error;
            auto token = asio::redirect_error(asio::use_awaitable, error);
            co_await listening->async_accept(link->client, token);
            if (error) co_return; // closed
            ++accepted;
            asio::co_spawn(io, serve(this, link), asio::detached);
        }
    }

    static Task<void> serve(State* self, std::shared_ptr<Link> link) {
        error_code error;
        auto token = asio::redirect_error(asio::use_awaitable, error);
        co_await link->server.async_connect(self->target, token);
        if (error) co_return link->reset();
        error_code ignored;
        link->client.set_option(tcp::no_delay(true), ignored);
        link->server.set_option(tcp::no_delay(true), ignored);
        self->links.insert(link);
        self->open = self->links.size();
        asio::co_spawn(self->io, pump(self, link, true), asio::detached);
        co_await pump(self, link, false);
    }

    void forget(const std::shared_ptr<Link>& link) {
        links.erase(link); // the sockets close with the last pump
        open = links.size();
    }

    static Task<void> pump(State* self, std::shared_ptr<Link> link, bool upstream) {
        tcp::socket& from = upstream ? link->client : link->server;
        tcp::socket& to = upstream ? link->server : link->client;
        std::array<char, 65536> block;
        error_code error;
        auto token = asio::redirect_error(asio::use_awaitable, error);
        while (!error) {
            auto buffer = asio::buffer(block);
            const std::size_t n = co_await from.async_read_some(buffer, token);
            if (error == asio::error::eof) { // the other side may have more to say
                error_code ignored;
                to.shutdown(tcp::socket::shutdown_send, ignored);
                if (++link->ended == 2) self->forget(link); // no reset: it would overtake what is on its way
                co_return;
            }
            if (error) break;
            if (self->silent) continue;
            const std::string_view bytes(block.data(), n);
            if (upstream ? self->loses_request(bytes, *link) : link->lose_next_answer) {
                ++self->losses;
                break;
            }
            for (std::size_t at = 0; at < n && !error;) {
                const std::size_t size = self->piece == 0 ? n : std::min(self->piece, n - at);
                if (self->pause.count() > 0) {
                    asio::steady_timer timer(self->io, self->pause);
                    co_await timer.async_wait(token);
                }
                auto part = asio::buffer(block.data() + at, size);
                if (!error) co_await asio::async_write(to, part, token);
                at += size;
                self->passed += size;
            }
        }
        link->reset();
        self->forget(link);
    }

    bool loses_request(std::string_view bytes, Link& link) {
        const std::string lower = ascii::lower(bytes);
        if (!lost_request.empty() && lower.find(lost_request) != std::string::npos) {
            lost_request.clear();
            return true;
        }
        if (!lost_answer.empty() && lower.find(lost_answer) != std::string::npos) {
            lost_answer.clear();
            link.lose_next_answer = true;
        }
        return false;
    }

    /// Runs on the proxy's thread and waits: what was asked for holds when the caller goes on.
    void tell(std::function<void()> what) {
        std::promise<void> done;
        asio::post(io, [&] {
            what();
            done.set_value();
        });
        done.get_future().wait();
    }
};

FaultProxy::FaultProxy(std::string host, std::uint16_t port) : state_(std::make_shared<State>()) {
    state_->target = tcp::endpoint(asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host), port);
    state_->listen();
    state_->thread = std::thread([state = state_.get()] {
        const auto work = asio::make_work_guard(state->io); // while nobody listens too
        state->io.run();
    });
}

FaultProxy::~FaultProxy() {
    state_->io.stop();
    state_->thread.join();
    for (const auto& link : state_->links) link->reset();
    state_->links.clear();
    state_->acceptor.reset();
}

std::uint16_t FaultProxy::port() const { return state_->port; }

std::string FaultProxy::in_front_of(const std::string& url) const {
    const auto scheme = url.find("://");
    const auto begin = scheme == std::string::npos ? 0 : scheme + 3;
    const auto slash = std::min(url.find_first_of("/?", begin), url.size());
    const auto at = url.rfind('@', slash);
    const auto host = at == std::string::npos || at < begin ? begin : at + 1;
    return url.substr(0, host) + "127.0.0.1:" + std::to_string(port()) + url.substr(slash);
}

void FaultProxy::pass() {
    state_->tell([s = state_.get()] {
        s->silent = false;
        s->pause = std::chrono::milliseconds(0);
        s->piece = 0;
        s->lost_request.clear();
        s->lost_answer.clear();
        s->listen();
    });
}

void FaultProxy::refuse() {
    state_->tell([s = state_.get()] { s->acceptor.reset(); });
}

void FaultProxy::cut() {
    state_->tell([s = state_.get()] {
        for (const auto& link : s->links) link->reset();
        s->links.clear();
        s->open = 0;
    });
}

void FaultProxy::silence() {
    state_->tell([s = state_.get()] { s->silent = true; });
}

void FaultProxy::delay(std::chrono::milliseconds each) {
    state_->tell([s = state_.get(), each] { s->pause = each; });
}

void FaultProxy::drip(std::size_t bytes, std::chrono::milliseconds pause) {
    state_->tell([s = state_.get(), bytes, pause] {
        s->piece = bytes;
        s->pause = pause;
    });
}

void FaultProxy::lose_answer_to(std::string text) {
    state_->tell([s = state_.get(), &text] { s->lost_answer = ascii::lower(text); });
}

void FaultProxy::lose(std::string text) {
    state_->tell([s = state_.get(), &text] { s->lost_request = ascii::lower(text); });
}

std::size_t FaultProxy::open() const { return state_->open; }
std::size_t FaultProxy::accepted() const { return state_->accepted; }
std::size_t FaultProxy::losses() const { return state_->losses; }
std::uint64_t FaultProxy::bytes_passed() const { return state_->passed; }

} // namespace gravity::testkit
