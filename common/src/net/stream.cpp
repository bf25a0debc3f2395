#include "net/stream.hpp"

#include <gravity/async/coroutine.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>

namespace gravity::net {
namespace {

// A client that sends all of its body before it reads must find the refusal of it: more than the largest body that services take by default.
constexpr std::size_t most_swallowed = 32 * 1024 * 1024;

struct Patience { // outlives whoever ends first: the waiting or the timer's last word
    bool over = false, ended = false;
};

} // namespace

Task<void> close_gently(Stream& stream, std::chrono::milliseconds at_most) {
    const auto patience = std::make_shared<Patience>();
    asio::steady_timer timer(stream.get_executor(), at_most);
    timer.async_wait([patience, &stream](const boost::system::error_code& error) {
        if (error || patience->ended) return;
        patience->over = true;
        stream.cancel();
    });
    if (stream.secure()) {
        auto ending = stream.tls().async_shutdown(asio::as_tuple(asio::deferred)); // close_notify
        co_await std::move(ending); // without it clients suspect truncation; its result does not matter: the peer need not answer (RFC 8446 section 6.1)
    }
    boost::system::error_code error;
    stream.socket().shutdown(Stream::Socket::shutdown_send, error);
    std::array<char, 16 * 1024> waste;
    std::size_t swallowed = 0;
    while (!error && !patience->over && swallowed < most_swallowed) {
        const auto space = asio::buffer(waste);
        auto reading = stream.socket().async_read_some(space, asio::as_tuple(asio::deferred));
        const auto [read_error, size] = co_await std::move(reading);
        error = read_error;
        swallowed += size;
    }
    patience->ended = true;
    stream.shut();
}

} // namespace gravity::net
