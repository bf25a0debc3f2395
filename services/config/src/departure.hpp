#pragma once

#include <gravity/http/live.hpp>

#include <cstddef>
#include <cstdint>
#include <set>

/// What watchers are told when this process ends.
namespace gravity::config {

/// In how many milliseconds one of so many is to come back: at random, so that all together they are a thousand a second, and nobody waits for more than a
/// minute. `luck`: from 0, and less than 1. Pure.
std::int64_t retry_after(std::size_t sockets, double luck);

/// Knows the WebSockets that are open, and says to each when it is to come back (`{"retry_ms": ...}` as the reason of its end) before the process ends: at once
/// they would all stand before the other servers. I/O thread only.
class Departure {
public:
    /// From now on everybody is sent away, who comes now as well.
    void leave();

private:
    friend class OpenSocket;
    void send_away(WebSocket& socket) const;

    std::set<WebSocket*> open_;
    bool leaving_ = false;
};

/// A WebSocket while it is there.
class OpenSocket {
public:
    OpenSocket(Departure& departure, WebSocket& socket);
    ~OpenSocket();
    OpenSocket(const OpenSocket&) = delete;
    OpenSocket& operator=(const OpenSocket&) = delete;

private:
    Departure& departure_;
    WebSocket& socket_;
};

} // namespace gravity::config
