#include "pg/connection.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/log/log.hpp>
#include <gravity/pg/listener.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <libpq-fe.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <random>
#include <system_error>

namespace gravity::pg {
namespace {

using namespace std::chrono_literals;
using Descriptor = boost::asio::posix::stream_descriptor;

constexpr auto connect_timeout = 10s;
constexpr auto longest_pause = 5s;

struct Close {
    void operator()(PGconn* connection) const { PQfinish(connection); }
};
using Handle = std::unique_ptr<PGconn, Close>;

[[noreturn]] void broken(PGconn* connection) { throw ConnectionLost(first_line(PQerrorMessage(connection))); }

int copy_of_socket(PGconn* connection) {
    const int socket = PQsocket(connection);
    if (socket < 0) broken(connection);
    const int copy = fcntl(socket, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) throw std::system_error(errno, std::generic_category(), "copying the socket to the store");
    return copy;
}

} // namespace

struct Listener::Impl {
    boost::asio::io_context& io;
    std::string url;
    std::vector<std::string> channels;
    std::function<void(const Notification&)> heard;
    boost::asio::steady_timer timer;
    /// A copy: libpq closes its own in the midst of its calls, and the next one, of this connection or of another thread, gets the same number. What waits
    /// would not hear of it, for the kernel forgets with whom a number was registered.
    std::unique_ptr<Descriptor> socket;
    bool connected = false;
    bool stopped = false;
    std::minstd_rand random{std::random_device{}()};

    Impl(boost::asio::io_context& context, std::string where, std::vector<std::string> names, std::function<void(const Notification&)> callback)
        : io(context), url(std::move(where)), channels(std::move(names)), heard(std::move(callback)), timer(context) {}

    void stop() {
        stopped = true;
        heard = nullptr;
        timer.cancel();
        if (socket) socket->cancel();
    }

    static Task<void> loop(std::shared_ptr<Impl> self) {
        auto pause = std::chrono::milliseconds(100);
        std::string last;
        while (!self->stopped) {
            std::string why;
            try {
                co_await session(self);
            } catch (const std::exception& error) {
                why = error.what();
            }
            if (std::exchange(self->connected, false)) pause = 100ms;
            if (self->stopped) break;
            if (why != last) log::warn("not listening to the store", {{"error", why}});
            last = why;
            const auto most = std::min<std::chrono::milliseconds>(pause, longest_pause);
            pause = most * 2;
            co_await self->rest(std::chrono::milliseconds(std::uniform_int_distribution<std::int64_t>(most.count() / 2, most.count())(self->random)));
        }
    }

    Task<void> rest(std::chrono::milliseconds span) {
        timer.expires_after(span);
        boost::system::error_code cancelled;
        co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
    }

    static Task<void> session(std::shared_ptr<Impl> self) {
        const Handle connection(PQconnectStart(self->url.c_str()));
        if (!connection || PQstatus(connection.get()) == CONNECTION_BAD) broken(connection.get());
        struct Release {
            Impl& impl;
            ~Release() { impl.socket.reset(); }
        } const release{*self};
        self->timer.expires_after(connect_timeout); // nobody else waits on it now
        const auto keep = self;
        self->timer.async_wait([keep](const boost::system::error_code& cancelled) {
            if (!cancelled && !keep->connected && keep->socket) keep->socket->cancel();
        });
        for (auto state = PGRES_POLLING_WRITING; state != PGRES_POLLING_OK; state = PQconnectPoll(connection.get())) {
            if (state == PGRES_POLLING_FAILED) broken(connection.get());
            const auto direction = state == PGRES_POLLING_READING ? Descriptor::wait_read : Descriptor::wait_write;
            co_await self->wait(connection.get(), direction);
            self->socket.reset(); // of several servers, each has one of its own
        }
        std::string listen;
        for (const std::string& channel : self->channels) {
            char* quoted = PQescapeIdentifier(connection.get(), channel.data(), channel.size());
            if (quoted == nullptr) broken(connection.get());
            listen += std::string("listen ") + quoted + ";";
            PQfreemem(quoted);
        }
        if (PQsendQuery(connection.get(), listen.c_str()) == 0) broken(connection.get());
        while (PQflush(connection.get()) > 0) co_await self->wait(connection.get(), Descriptor::wait_write);
        while (true) {
            while (PQisBusy(connection.get()) != 0) co_await self->read(connection.get());
            PGresult* result = PQgetResult(connection.get());
            if (result == nullptr) break;
            const bool fine = PQresultStatus(result) == PGRES_COMMAND_OK;
            PQclear(result);
            if (!fine) broken(connection.get());
        }
        self->connected = true;
        self->timer.cancel();
        self->tell({});
        while (!self->stopped) {
            while (PGnotify* notice = PQnotifies(connection.get())) {
                const Notification heard{notice->relname, notice->extra};
                PQfreemem(notice);
                self->tell(heard);
            }
            co_await self->read(connection.get());
        }
    }

    Task<void> read(PGconn* connection) {
        co_await wait(connection, Descriptor::wait_read);
        if (PQconsumeInput(connection) == 0) broken(connection);
    }

    Task<void> wait(PGconn* connection, Descriptor::wait_type direction) {
        if (!socket) socket = std::make_unique<Descriptor>(io, copy_of_socket(connection));
        co_await socket->async_wait(direction, boost::asio::use_awaitable);
    }

    void tell(const Notification& notification) {
        if (heard) heard(notification);
    }
};

Listener::Listener(boost::asio::io_context& io, std::string url, std::vector<std::string> channels, std::function<void(const Notification&)> heard)
    : impl_(std::make_shared<Impl>(io, std::move(url), std::move(channels), std::move(heard))) {}

Listener::~Listener() { impl_->stop(); }

void Listener::start() {
    spawn(impl_->io, "listener", [impl = impl_] { return Impl::loop(impl); });
}

bool Listener::connected() const { return impl_->connected; }

} // namespace gravity::pg
