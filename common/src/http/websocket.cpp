#include "http/connection.hpp"

#include <gravity/async/coroutine.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <boost/system/system_error.hpp>

namespace gravity::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using boost::system::system_error;

namespace {

bool lists(const Headers& headers, std::string_view name, std::string_view wanted) {
    bool found = false;
    each_list_member(headers.joined(name), [&](std::string_view member) { found = found || iequals(member, wanted); });
    return found;
}

bool is_handshake(const Request& request, const Framing& framing) { // RFC 6455 section 4.2.1
    const auto key = request.headers.get("Sec-WebSocket-Key");
    return request.method == Method::get && framing.minor_version >= 1 && !framing.has_body() &&
           lists(request.headers, "Upgrade", "websocket") && lists(request.headers, "Connection", "upgrade") && key &&
           key->size() == 24 && request.headers.count("Sec-WebSocket-Key") == 1 &&
           request.headers.get("Sec-WebSocket-Version") == "13";
}

} // namespace

/// Beast's WebSocket over the connection's own stream. The connection stays alive with it, but is cut when the handler returns.
class ServerWebSocket final : public WebSocketConnection {
public:
    ServerWebSocket(std::shared_ptr<Connection> connection, WebSocketOptions options)
        : connection_(std::move(connection)), options_(std::move(options)), socket_(connection_->stream_, connection_->core_->options.linger) {
        websocket::stream_base::timeout times{};
        times.handshake_timeout = std::chrono::seconds(5);
        times.idle_timeout = options_.ping_interval * 2; // Beast pings at half of it
        times.keep_alive_pings = true;
        socket_.set_option(times);
        websocket::permessage_deflate deflate;
        deflate.server_enable = options_.compression;
        deflate.server_no_context_takeover = true; // 64 KiB less a connection
        deflate.client_no_context_takeover = true;
        deflate.server_max_window_bits = 12;
        deflate.memLevel = 4;
        socket_.set_option(deflate);
        socket_.read_message_max(options_.max_message_bytes);
        socket_.auto_fragment(false);
    }
    ~ServerWebSocket() override { connection_->abort(); }

    Task<bool> accept() {
        beast::http::request<beast::http::empty_body> handshake;
        handshake.method(beast::http::verb::get);
        handshake.target("/");
        handshake.version(11);
        for (const char* name : {"Host", "Connection", "Upgrade", "Sec-WebSocket-Key", "Sec-WebSocket-Version",
                                 "Sec-WebSocket-Extensions"})
            if (connection_->request_.headers.has(name)) handshake.insert(name, connection_->request_.headers.joined(name));
        const std::string chosen = options_.subprotocol;
        socket_.set_option(websocket::stream_base::decorator([chosen](websocket::response_type& response) {
            response.set(beast::http::field::server, "gravity"); // else Beast tells its version
            if (!chosen.empty()) response.set(beast::http::field::sec_websocket_protocol, chosen);
        }));
        // A client may send its first message behind the handshake without waiting.
        connection_->stream_.unread(connection_->buffer_.view());
        connection_->buffer_.release();
        auto accepting = socket_.async_accept(handshake, asio::as_tuple(asio::deferred));
        const auto [error] = co_await std::move(accepting);
        co_return !error;
    }

    Task<std::optional<WebSocketMessage>> read() override {
        beast::flat_buffer buffer;
        std::optional<WebSocketMessage> message;
        std::size_t most = 256; // what a socket that says nothing holds for its next message; most are shorter
        do {
            auto reading = socket_.async_read_some(buffer, most, asio::as_tuple(asio::deferred));
            const auto [error, size] = co_await std::move(reading);
            // Beast has answered the peer's close, or a violation (1002, 1007, 1009), before it reports.
            if (error) co_return message;
            most = 0; // as much as Beast thinks right: it knows how long the rest is
        } while (!socket_.is_message_done());
        const auto data = buffer.data();
        message.emplace(WebSocketMessage{socket_.got_binary(), {static_cast<const char*>(data.data()), data.size()}});
        co_return message;
    }

    Task<void> write(WebSocketMessage message) override {
        socket_.binary(message.binary);
        const auto data = asio::buffer(message.data);
        auto writing = socket_.async_write(data, asio::as_tuple(asio::deferred));
        const auto [error, size] = co_await std::move(writing);
        if (error) throw system_error(error, "WebSocket");
    }

    Task<void> close(std::uint16_t code, std::string reason) override {
        if (!socket_.is_open()) co_return;
        if (reason.size() > 123) reason.resize(123); // RFC 6455 section 5.5: control frames have 125 bytes
        const websocket::close_reason why(static_cast<websocket::close_code>(code), reason);
        auto closing = socket_.async_close(why, asio::as_tuple(asio::deferred)); // ends by the handshake timeout
        co_await std::move(closing); // a peer that does not answer is cut by then: closed either way
    }

    void abort() override { connection_->abort(); }
    std::string_view subprotocol() const override { return options_.subprotocol; }

private:
    std::shared_ptr<Connection> connection_;
    WebSocketOptions options_;
    websocket::stream<net::StreamRef> socket_;
};

Task<std::unique_ptr<WebSocketConnection>> Connection::accept_websocket(WebSocketOptions options) {
    if (answer_ != Answer::none) throw std::logic_error("the request has been answered already");
    std::unique_ptr<WebSocketConnection> none;
    if (!is_handshake(request_, framing_)) co_return none;
    answer_ = Answer::websocket;
    auto socket = std::make_unique<ServerWebSocket>(shared_from_this(), std::move(options));
    const bool accepted = co_await socket->accept();
    if (!accepted) throw system_error(asio::error::connection_reset, "the client went away during the WebSocket handshake");
    co_return socket;
}

} // namespace gravity::http
