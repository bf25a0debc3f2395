#include "http/support.hpp"

#include <gravity/async/coroutine.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

using namespace gravity;
using namespace gravity::http;
using namespace gravity::http::test;
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;

namespace {

constexpr std::string_view handshake = "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
                                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

/// Echoes until the peer closes; "close" makes it close with 4001.
struct EchoServer {
    WebSocketOptions options;
    std::atomic<int> ended{0};
    Handler handler() {
        return [this](Exchange& exchange) -> Task<void> {
            WebSocketOptions chosen = options;
            auto socket = co_await exchange.accept_websocket(chosen);
            if (!socket) {
                Response answer = text("upgrade", 426);
                answer.headers.add("Upgrade", "websocket");
                co_await exchange.respond(std::move(answer));
                co_return;
            }
            for (;;) {
                auto message = co_await socket->read();
                if (!message) break;
                if (message->data == "close") {
                    co_await socket->close(4001, "because");
                    break;
                }
                WebSocketMessage same = std::move(*message);
                co_await socket->write(std::move(same));
            }
            ++ended;
        };
    }
};

struct Client {
    explicit Client(std::uint16_t port) : stream(io) { stream.next_layer().connect({asio::ip::address_v4::loopback(), port}); }
    std::string read() {
        beast::flat_buffer buffer;
        boost::system::error_code error;
        stream.read(buffer, error);
        return error ? "error: " + error.message() : beast::buffers_to_string(buffer.data());
    }
    asio::io_context io;
    websocket::stream<asio::ip::tcp::socket> stream;
};

// The head of a masked binary message of so many bytes, and its mask of zeros.
std::string message_head(std::uint64_t size) {
    std::string head = "\x82\xff";
    for (int shift = 56; shift >= 0; shift -= 8) head += static_cast<char>(size >> shift & 0xff);
    return head + std::string(4, '\0');
}
const std::string too_big("\x88\x02\x03\xf1", 4); // a close frame: 1009

} // namespace

TEST(WebSocket, EchoesTextAndBinary) {
    Running running;
    EchoServer server;
    Client client(running.serve(server.handler()));
    client.stream.handshake("h", "/ws");
    for (const std::size_t size : {0u, 1u, 125u, 126u, 65535u, 65536u, 1000000u}) {
        const std::string data(size, 'w');
        client.stream.binary(size % 2 == 0);
        client.stream.write(asio::buffer(data));
        EXPECT_EQ(client.read(), data);
        EXPECT_EQ(client.stream.got_binary(), size % 2 == 0);
    }
    client.stream.close(websocket::close_code::normal);
    EXPECT_TRUE(eventually([&] { return server.ended == 1 && running.server().counters().open_connections == 0; }));
    EXPECT_EQ(running.server().counters().handler_errors, 0u);
}

TEST(WebSocket, AnswersTheSampleHandshakeOfTheRfc) {
    Running running;
    EchoServer server;
    server.options.subprotocol = "chat.v1";
    RawClient client(running.serve(server.handler()));
    // The first frame right behind the handshake, in the same segment: masked "Hi".
    ASSERT_TRUE(client.send(std::string(handshake) + "\r\n" + std::string("\x81\x82\x00\x00\x00\x00Hi", 8)));
    const auto head = client.read_until("\r\n\r\n");
    EXPECT_EQ(head.substr(0, 12), "HTTP/1.1 101");
    EXPECT_NE(head.find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), std::string::npos); // RFC 6455 section 1.3
    EXPECT_NE(head.find("Sec-WebSocket-Protocol: chat.v1\r\n"), std::string::npos);
    EXPECT_EQ(head.find("Beast"), std::string::npos);
    EXPECT_EQ(client.read_exactly(4), "\x81\x02Hi");
}

TEST(WebSocket, OtherRequestsAreNotAccepted) {
    Running running;
    EchoServer server;
    const auto port = running.serve(server.handler());
    const std::string fields = std::string(handshake).substr(handshake.find("Host:"));
    const auto without = [&](std::string_view line) {
        std::string request(handshake);
        const std::size_t at = request.find(line);
        request.erase(at, request.find("\r\n", at) + 2 - at);
        return request + "\r\n";
    };
    RawClient client(port);
    EXPECT_EQ(client.ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status, 426);
    EXPECT_EQ(client.ask("POST /ws HTTP/1.1\r\n" + fields + "\r\n").status, 426);
    for (const char* line : {"Connection:", "Upgrade:", "Sec-WebSocket-Key:", "Sec-WebSocket-Version:"}) {
        const auto answer = client.ask(without(line));
        EXPECT_EQ(answer.status, 426) << line;
        EXPECT_TRUE(answer.has("\r\nConnection: upgrade\r\n"));
    }
}

TEST(WebSocket, ServerClosesWithACode) {
    Running running;
    EchoServer server;
    Client client(running.serve(server.handler()));
    client.stream.handshake("h", "/ws");
    client.stream.write(asio::buffer("close", 5));
    client.read();
    EXPECT_EQ(client.stream.reason().code, 4001);
    EXPECT_EQ(client.stream.reason().reason, "because");
}

TEST(WebSocket, TooLargeMessagesAreClosedWith1009) {
    Running running;
    EchoServer server;
    server.options.max_message_bytes = 1000;
    Client client(running.serve(server.handler()));
    client.stream.handshake("h", "/ws");
    client.stream.write(asio::buffer(std::string(1000, 'm')));
    EXPECT_EQ(client.read().size(), 1000u);
    client.stream.write(asio::buffer(std::string(1001, 'm')));
    client.read();
    EXPECT_EQ(client.stream.reason().code, websocket::close_code::too_big);
    EXPECT_TRUE(eventually([&] { return server.ended == 1; }));
}

TEST(WebSocket, APeerThatIsStillSendingReadsWhyItIsClosed) {
    Running running;
    EchoServer server;
    server.options.max_message_bytes = 1000;
    RawClient client(running.serve(server.handler()));
    ASSERT_TRUE(client.send(std::string(handshake) + "\r\n"));
    ASSERT_FALSE(client.read_until("\r\n\r\n").empty());
    constexpr std::size_t size = 1 << 20; // refused by its head; all of it is sent before anything is read
    ASSERT_TRUE(client.send(message_head(size)));
    ASSERT_TRUE(client.send(std::string(size, 'm')));
    client.half_close();
    EXPECT_EQ(client.read_to_end(), too_big) << "nothing else, and an end that is no reset";
    EXPECT_TRUE(eventually([&] { return server.ended == 1 && running.server().counters().open_connections == 0; }));
}

TEST(WebSocket, APeerThatSendsOnAndOnIsCut) {
    Running running;
    EchoServer server;
    server.options.max_message_bytes = 1000;
    ServerOptions options;
    options.linger = 1h; // not by time
    RawClient client(running.serve(server.handler(), options));
    ASSERT_TRUE(client.send(std::string(handshake) + "\r\n" + message_head(std::uint64_t{1} << 40)));
    const std::string piece(1 << 16, 'm');
    int pieces = 0;
    while (pieces < 1000 && client.send(piece)) ++pieces;
    EXPECT_LT(pieces, 1000);
    EXPECT_TRUE(eventually([&] { return server.ended == 1 && running.server().counters().open_connections == 0; }));
}

TEST(WebSocket, APeerThatDoesNotEndIsCut) {
    Running running;
    EchoServer server;
    server.options.max_message_bytes = 1000;
    ServerOptions options;
    options.linger = 20ms;
    RawClient client(running.serve(server.handler(), options));
    ASSERT_TRUE(client.send(std::string(handshake) + "\r\n" + message_head(1 << 20)));
    ASSERT_FALSE(client.read_until("\r\n\r\n").empty());
    EXPECT_EQ(client.read_exactly(too_big.size()), too_big);
    EXPECT_TRUE(eventually([&] { return server.ended == 1 && running.server().counters().open_connections == 0; }));
}

TEST(WebSocket, InvalidUtf8IsClosed) {
    Running running;
    EchoServer server;
    RawClient client(running.serve(server.handler()));
    ASSERT_TRUE(client.send(std::string(handshake) + "\r\n" + std::string("\x81\x82\x00\x00\x00\x00\xc3\x28", 8)));
    ASSERT_FALSE(client.read_until("\r\n\r\n").empty());
    const auto close = client.read_exactly(4); // close frame: 88, length, 1007 = 0x03ef
    ASSERT_EQ(close.size(), 4u);
    EXPECT_EQ(close.substr(0, 1) + close.substr(2), "\x88\x03\xef");
}

TEST(WebSocket, CompressesWhenAskedTo) {
    Running running;
    EchoServer server;
    server.options.compression = true;
    Client client(running.serve(server.handler()));
    websocket::permessage_deflate deflate;
    deflate.client_enable = true;
    client.stream.set_option(deflate);
    websocket::response_type response;
    client.stream.handshake(response, "h", "/ws");
    EXPECT_NE(std::string(response["Sec-WebSocket-Extensions"]).find("permessage-deflate"), std::string::npos);
    const std::string data(100'000, 'z');
    client.stream.write(asio::buffer(data));
    EXPECT_EQ(client.read(), data);
}

TEST(WebSocket, ASilentPeerIsDropped) {
    Running running;
    EchoServer server;
    server.options.ping_interval = 1s;
    RawClient client(running.serve(server.handler()));
    ASSERT_TRUE(client.send(std::string(handshake) + "\r\n"));
    ASSERT_FALSE(client.read_until("\r\n\r\n").empty());
    EXPECT_EQ(client.read_exactly(1), "\x89"); // a ping, which it never answers
    EXPECT_TRUE(eventually([&] { return server.ended == 1; }));
    EXPECT_TRUE(eventually([&] { return running.server().counters().open_connections == 0; }));
}

TEST(WebSocket, ADrainCutsItAtTheDeadline) {
    Running running;
    EchoServer server;
    Client client(running.serve(server.handler()));
    client.stream.handshake("h", "/ws");
    running.await(running.server().drain(std::chrono::steady_clock::now() + 50ms));
    EXPECT_EQ(running.server().counters().open_connections, 0u);
    EXPECT_EQ(server.ended, 1);
}

TEST(WebSocket, AHandlerThatReturnsCutsIt) {
    Running running;
    Client client(running.serve([](Exchange& exchange) -> Task<void> {
        WebSocketOptions plain;
        auto socket = co_await exchange.accept_websocket(plain);
        (void)socket;
    }));
    client.stream.handshake("h", "/ws");
    EXPECT_EQ(client.read().substr(0, 6), "error:");
    EXPECT_TRUE(eventually([&] { return running.server().counters().open_connections == 0; }));
}
