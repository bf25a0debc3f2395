#include "http/socket_session.hpp"

#include <gravity/async/coroutine.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/system/system_error.hpp>

#include <iterator>

namespace gravity::http {

namespace asio = boost::asio;
using std::chrono::steady_clock;

namespace {

constexpr std::chrono::seconds close_grace{5};
constexpr auto never = steady_clock::time_point::max();

// What is awaited until somebody cancels it. A cancellation of the waiting coroutine itself shows at its next wait. Not a coroutine: each socket would hold
// several more of those.
auto until_cancelled(asio::steady_timer& timer) { return timer.async_wait(asio::as_tuple(asio::deferred)); }

} // namespace

SocketSession::SocketSession(const asio::any_io_executor& executor, std::unique_ptr<WebSocketConnection> connection, std::size_t max_queued_bytes)
    : connection_(std::move(connection)),
      max_queued_bytes_(max_queued_bytes),
      can_write_(executor, never),
      can_read_(executor, never),
      has_room_(executor, never) {}

bool SocketSession::send(WebSocketMessage message) {
    if (close_code_ || peer_gone_ || aborted_) return false;
    if (queued_bytes_ + message.data.size() > max_queued_bytes_ && !out_.empty()) {
        out_.erase(std::next(out_.begin()), out_.end()); // the first is being written
        finish(1013, "too slow");
        return false;
    }
    queued_bytes_ += message.data.size();
    out_.push_back(std::move(message));
    can_write_.cancel();
    return true;
}

void SocketSession::finish(std::uint16_t code, std::string reason) {
    if (close_code_) return;
    close_code_ = code;
    close_reason_ = std::move(reason);
    close_by_ = steady_clock::now() + close_grace;
    wake();
}

void SocketSession::abort() {
    if (std::exchange(aborted_, true)) return;
    connection_->abort();
    wake();
}

void SocketSession::wake() {
    can_write_.cancel();
    can_read_.cancel();
    has_room_.cancel();
    if (supervisor != nullptr) supervisor->cancel();
}

bool SocketSession::too_late_to_close() const { return close_code_ && steady_clock::now() >= close_by_; }

Task<std::optional<WebSocketMessage>> SocketSession::next(std::shared_ptr<SocketSession> self) {
    while (self->in_.empty() && !self->peer_gone_ && !self->aborted_ && !self->close_code_) {
        auto waiting = until_cancelled(self->can_read_);
        co_await std::move(waiting);
    }
    std::optional<WebSocketMessage> message;
    if (!self->in_.empty()) {
        message = std::move(self->in_.front());
        self->in_.pop_front();
        self->has_room_.cancel();
    }
    co_return message;
}

// Reads even while nobody asks: pings and the close are answered by reading.
Task<void> SocketSession::read_loop(std::shared_ptr<SocketSession> self) {
    while (!self->aborted_) {
        auto message = co_await self->connection_->read();
        if (!message) break;
        if (!self->close_code_) self->in_.push_back(std::move(*message)); // else we are only waiting for the peer's close
        self->can_read_.cancel();
        while (self->in_.size() >= most_waiting && !self->aborted_ && !self->close_code_) {
            auto waiting = until_cancelled(self->has_room_);
            co_await std::move(waiting);
        }
    }
    self->peer_gone_ = true;
    self->wake();
}

Task<void> SocketSession::write_loop(std::shared_ptr<SocketSession> self) {
    try {
        while (!self->aborted_ && !self->peer_gone_) {
            if (!self->out_.empty()) {
                WebSocketMessage message = self->out_.front(); // it stays in the queue: it counts until it has been taken
                const std::size_t size = message.data.size();
                co_await self->connection_->write(std::move(message));
                self->out_.pop_front();
                self->queued_bytes_ -= size;
            } else if (self->close_code_) {
                co_await self->connection_->close(*self->close_code_, self->close_reason_);
                break;
            } else {
                auto waiting = until_cancelled(self->can_write_);
                co_await std::move(waiting);
            }
        }
    } catch (const boost::system::system_error&) {
        // The client has gone, how many of these end, or the reader has refused a message of its: the handler's next read says so.
        self->finish(1006, "");
    }
    // The end of the connection is the reader's: it may still be swallowing what the peer sends behind a close that it has not seen.
    while (!self->peer_gone_ && !self->aborted_) {
        auto waiting = until_cancelled(self->can_write_);
        co_await std::move(waiting);
    }
}

} // namespace gravity::http
