#pragma once

#include "http/support.hpp"

#include <gravity/async/coroutine.hpp>

/// Handlers and requests that the server's tests share.
namespace gravity::http::test {

constexpr std::string_view get = "GET /a?b=c HTTP/1.1\r\nHost: h\r\n\r\n";

inline Task<void> hello(Exchange& exchange) {
    Response answer = text("hello " + exchange.request().path);
    co_await exchange.respond(std::move(answer));
}
inline Task<void> echo(Exchange& exchange) {
    const bool whole = co_await exchange.read_body(100'000);
    Response answer = whole ? text(exchange.request().body) : text("too much", 413);
    co_await exchange.respond(std::move(answer));
}
inline Task<void> pause_for(std::chrono::milliseconds time) {
    const auto executor = co_await boost::asio::this_coro::executor;
    boost::asio::steady_timer timer(executor, time);
    co_await timer.async_wait(boost::asio::use_awaitable);
}
inline std::string post(std::string_view body, std::string_view more = "") {
    return "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string(more) + "\r\n" +
           std::string(body);
}

} // namespace gravity::http::test
