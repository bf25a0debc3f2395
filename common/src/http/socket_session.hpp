#pragma once

#include <gravity/http/exchange.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

namespace gravity::http {

/// What handler, reader and writer of one WebSocket share: a queue each way. I/O thread only.
class SocketSession {
public:
    SocketSession(const boost::asio::any_io_executor& executor, std::unique_ptr<WebSocketConnection> connection, std::size_t max_queued_bytes);

    bool send(WebSocketMessage message);
    static Task<std::optional<WebSocketMessage>> next(std::shared_ptr<SocketSession> self);
    /// The close to be said after what is queued; the first one counts.
    void finish(std::uint16_t code, std::string reason);
    void abort();
    void wake();
    /// It should have been closed by now, but the peer takes nothing.
    bool too_late_to_close() const;
    std::string_view subprotocol() const { return connection_->subprotocol(); }

    static Task<void> read_loop(std::shared_ptr<SocketSession> self);
    static Task<void> write_loop(std::shared_ptr<SocketSession> self);

    std::int64_t expires_at = 0; // Unix seconds; 0: never
    std::function<Task<std::optional<std::int64_t>>(std::string token)> authenticate;
    boost::asio::steady_timer* supervisor = nullptr; // cancelled when something has changed

private:
    static constexpr std::size_t most_waiting = 64; // messages that the handler has not taken yet; then the peer is made to wait

    std::unique_ptr<WebSocketConnection> connection_;
    std::size_t max_queued_bytes_;
    std::list<WebSocketMessage> out_, in_; // mostly empty, and then they hold nothing
    std::size_t queued_bytes_ = 0;
    boost::asio::steady_timer can_write_, can_read_, has_room_; // never expire: waiting for one is until somebody cancels it
    bool peer_gone_ = false, aborted_ = false;
    std::optional<std::uint16_t> close_code_;
    std::string close_reason_;
    std::chrono::steady_clock::time_point close_by_{};
};

} // namespace gravity::http
