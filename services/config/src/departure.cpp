#include "departure.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/json/json.hpp>

#include <algorithm>

namespace gravity::config {
namespace {

constexpr std::uint16_t going_away = 1001; // RFC 6455 section 7.4.1

double chance() {
    std::uint32_t number = 0;
    fill_random(&number, sizeof number);
    return static_cast<double>(number) / 4'294'967'296.0;
}

} // namespace

std::int64_t retry_after(std::size_t sockets, double luck) {
    constexpr std::size_t shortest = 1'000, longest = 60'000; // milliseconds
    return static_cast<std::int64_t>(static_cast<double>(std::clamp(sockets, shortest, longest)) * luck);
}

void Departure::leave() {
    leaving_ = true;
    for (WebSocket* const socket : open_) send_away(*socket);
}

void Departure::send_away(WebSocket& socket) const {
    socket.close(going_away, Json::object({{"retry_ms", retry_after(open_.size(), chance())}}).dump());
}

OpenSocket::OpenSocket(Departure& departure, WebSocket& socket) : departure_(departure), socket_(socket) {
    departure_.open_.insert(&socket_);
    if (departure_.leaving_) departure_.send_away(socket_);
}

OpenSocket::~OpenSocket() { departure_.open_.erase(&socket_); }

} // namespace gravity::config
