#include "http/client_pool.hpp"

#include <gravity/async/coroutine.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>

namespace gravity::http {

namespace asio = boost::asio;
using std::chrono::steady_clock;

Task<std::shared_ptr<ClientConnection>> ClientPool::take(std::string key, Deadline deadline, bool fresh) {
    for (;;) {
        Origin& origin = origins_[key]; // looked up anew after each wait: the sweep may have removed it
        while (!fresh && !origin.idle.empty()) {
            auto connection = std::move(origin.idle.back());
            origin.idle.pop_back();
            if (!connection->still_open()) continue;
            ++origin.busy;
            connection->reuse();
            co_return connection;
        }
        if (origin.busy < options_.max_connections_per_host) {
            ++origin.busy;
            co_return std::make_shared<ClientConnection>(io_, options_);
        }
        const auto turn = std::make_shared<Turn>(io_, deadline);
        const auto place = origin.waiting.insert(origin.waiting.end(), turn);
        auto waiting = turn->timer.async_wait(asio::as_tuple(asio::deferred));
        const auto [error] = co_await std::move(waiting);
        if (!error && turn->listed) { // not woken
            origins_[key].waiting.erase(place);
            throw ClientError(ClientFailure::timeout, false, "timed out (waiting for a connection to " + key + ")");
        }
        if (closed_) throw ClientError(ClientFailure::reset, false, "the client was closed");
    }
}

void ClientPool::give_back(const std::string& key, std::shared_ptr<ClientConnection> connection) {
    connection->clear_deadline();
    Origin& origin = origins_[key];
    --origin.busy;
    if (!closed_ && connection->reusable() && origin.idle.size() < options_.max_idle_per_host) {
        connection->idle_since = steady_clock::now();
        origin.idle.push_back(std::move(connection));
        if (!sweeping_) sweep();
    } else {
        connection->cut();
    }
    wake_next(origin);
}

void ClientPool::wake_next(Origin& origin) {
    if (origin.waiting.empty()) return;
    const auto turn = origin.waiting.front();
    origin.waiting.pop_front();
    turn->listed = false; // if its wait has just expired, it takes its turn all the same
    turn->timer.cancel();
}

void ClientPool::sweep() {
    sweeping_ = true;
    sweeper_.expires_after(std::max<std::chrono::milliseconds>(options_.idle_timeout / 4, std::chrono::milliseconds(10)));
    sweeper_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
        const auto self = weak.lock();
        if (error || !self) return;
        self->sweeping_ = false;
        const auto oldest = steady_clock::now() - self->options_.idle_timeout;
        bool left = false;
        for (auto at = self->origins_.begin(); at != self->origins_.end();) {
            Origin& origin = at->second;
            while (!origin.idle.empty() && (origin.idle.front()->idle_since < oldest || !origin.idle.front()->still_open()))
                origin.idle.pop_front();
            left = left || !origin.idle.empty();
            const bool unused = origin.idle.empty() && origin.busy == 0 && origin.waiting.empty();
            at = unused ? self->origins_.erase(at) : std::next(at);
        }
        if (left) self->sweep();
    });
}

void ClientPool::close_all() {
    closed_ = true;
    sweeper_.cancel();
    for (auto& [key, origin] : origins_) {
        origin.idle.clear();
        for (const auto& turn : origin.waiting) {
            turn->listed = false;
            turn->timer.cancel();
        }
        origin.waiting.clear();
    }
}

std::size_t ClientPool::idle() const {
    std::size_t sum = 0;
    for (const auto& [key, origin] : origins_) sum += origin.idle.size();
    return sum;
}
std::size_t ClientPool::busy() const {
    std::size_t sum = 0;
    for (const auto& [key, origin] : origins_) sum += origin.busy;
    return sum;
}

} // namespace gravity::http
