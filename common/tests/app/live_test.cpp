// Event streams and WebSockets as handlers of a service, for the life of a connection.
#include "http/support.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/testkit/service.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <set>

namespace gravity {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using http::test::eventually;
using http::test::RawClient;

struct Tick {
    std::int64_t n;
};
BOOST_DESCRIBE_STRUCT(Tick, (), (n))
struct From {
    Bounded<int, 0, 100> count{3};
};
BOOST_DESCRIBE_STRUCT(From, (), (count))

std::atomic<int> endless_running{0}, floods_ended{0};

struct Running { // counts a handler that has not ended
    std::atomic<int>& count;
    explicit Running(std::atomic<int>& c) : count(c) { ++count; }
    ~Running() { --count; }
};

Task<void> count_up(EventStream& events, Params<From> from) {
    std::int64_t n = events.last_event_id() ? std::stoll(*events.last_event_id()) : 0;
    for (int i = 0; i < from->count; ++i) {
        ++n;
        events.send("tick", Tick{n}, std::to_string(n));
    }
    co_return;
}
Task<void> endless(EventStream& events) {
    const Running running(endless_running);
    events.send("hello", Tick{0});
    co_await sleep_for(std::chrono::hours(1)); // ends with the stream
}
Task<void> flood(EventStream& events) {
    const std::string line(1000, 'f');
    while (events.send({"", "", line})) co_await sleep_for(std::chrono::microseconds(1));
    ++floods_ended;
}
Task<void> broken(EventStream&) {
    throw std::runtime_error("a fault");
    co_return;
}
Task<void> follow(EventStream& events) { co_await events.ctx().get<EventHub>().follow(events); }
Task<NoContent> announce(Ctx& ctx, Params<Tick> tick) {
    ctx.get<EventHub>().publish("tick", *tick);
    co_return NoContent{};
}

Task<void> echo(WebSocket& socket, MaybeCaller caller) {
    for (;;) {
        auto message = co_await socket.read();
        if (!message) co_return;
        if (message->data == "who") {
            socket.send(caller ? caller->subject : "nobody");
        } else if (message->data == "protocol") {
            socket.send(std::string(socket.subprotocol()));
        } else if (message->data == "credentials") {
            socket.send(socket.ctx().request().headers.has("Authorization") ? "kept" : "gone");
        } else if (message->data == "leave") {
            socket.close(4001, "as you wish");
        } else if (message->data == "return") {
            co_return;
        } else if (message->data.starts_with("token ")) {
            const bool renewed = co_await socket.renew(message->data.substr(6));
            socket.send(renewed ? "renewed" : "refused");
        } else if (message->binary) {
            socket.send_binary(message->data);
        } else {
            socket.send(message->data);
        }
    }
}
Task<void> endless_socket(WebSocket& socket) {
    const Running running(endless_running);
    socket.send("hello");
    co_await sleep_for(std::chrono::hours(1));
}
Task<void> flood_socket(WebSocket& socket) {
    const std::string line(10'000, 'f');
    while (socket.send(line)) co_await sleep_for(std::chrono::microseconds(1));
    ++floods_ended;
}

Task<void> chatter(WebSocket& socket) {
    while (socket.send("chat")) co_await sleep_for(std::chrono::microseconds(100));
}

void routes(Router& router) {
    auto all = router.collection("/api/v1/live", "live");
    all.stream<count_up>("/count", {.summary = "Counts"});
    all.stream<endless>("/endless", {}, {.heartbeat_ms = 1});
    all.stream<flood>("/flood", {}, {.max_queued_bytes = 100'000});
    all.stream<broken>("/broken");
    all.stream<follow>("/follow");
    all.post<announce>("/announce");
    all.ws<echo>("/echo", {.open = "tells who asks"}, {.max_message_bytes = 100'000, .subprotocols = {"v2", "v1"}});
    all.ws<echo>("/small-echo", {.operation = "small_echo", .open = "takes little"}, {.max_message_bytes = 100});
    all.ws<endless_socket>("/endless-socket");
    all.ws<chatter>("/chatter", {}, {.max_message_bytes = 100});
    all.ws<flood_socket>("/flood-socket", {}, {.max_queued_bytes = 100'000});
}

Service live() {
    Service service{"live", 0};
    service.routes(routes).provision([](app::Runtime& runtime) { runtime.resources.put(std::make_shared<EventHub>(3)); });
    return service;
}

struct Live : testing::Test {
    testkit::RunningService service{live()};
    testkit::Callers as{service};

    std::string head(const std::string& path, const std::string& more = "") {
        return "GET /api/v1/live" + path + " HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " + as.owner.token() + "\r\n" + more + "\r\n";
    }
    std::string metric(const std::string& line) {
        const auto body = as.anonymous.get("/metrics").expect(200).body();
        const auto at = body.find(line + " ");
        return at == std::string::npos ? "" : body.substr(at + line.size() + 1, body.find('\n', at) - at - line.size() - 1);
    }
};

struct Peer {
    explicit Peer(std::uint16_t port) : stream(io) { stream.next_layer().connect({asio::ip::address_v4::loopback(), port}); }
    boost::system::error_code open(const std::string& path, const std::string& token = "", const std::string& protocols = "") {
        stream.set_option(websocket::stream_base::decorator([=](websocket::request_type& request) {
            if (!token.empty()) request.set(beast::http::field::authorization, "Bearer " + token);
            if (!protocols.empty()) request.set(beast::http::field::sec_websocket_protocol, protocols);
        }));
        boost::system::error_code error;
        stream.handshake("h", "/api/v1/live" + path, error);
        return error;
    }
    std::string ask(const std::string& text) {
        stream.write(asio::buffer(text));
        return read();
    }
    std::string read() {
        beast::flat_buffer buffer;
        boost::system::error_code error;
        stream.read(buffer, error);
        // The close frame was read even where the server's end of the socket went before our own farewell to it (ENOTCONN).
        if (error == websocket::error::closed || (error && stream.reason()))
            return "closed " + std::to_string(stream.reason().code) + " " + std::string(stream.reason().reason.c_str());
        return error ? "error: " + error.message() : beast::buffers_to_string(buffer.data());
    }
    asio::io_context io;
    websocket::stream<asio::ip::tcp::socket> stream;
};

TEST_F(Live, EventsArriveAndTheStreamEndsWithItsHandler) {
    const auto answer = as.owner.get("/api/v1/live/count?count=2").expect(200);
    answer.expect_header("Content-Type", "text/event-stream").expect_header("Cache-Control", "no-store");
    EXPECT_EQ(answer.body(), "id: 1\nevent: tick\ndata: {\"n\":1}\n\nid: 2\nevent: tick\ndata: {\"n\":2}\n\n");
}

TEST_F(Live, AClientThatComesBackGoesOnWhereItWas) {
    EXPECT_EQ(as.owner.get("/api/v1/live/count?count=1").header("Last-Event-ID", "41").expect(200).body(), "id: 42\nevent: tick\ndata: {\"n\":42}\n\n");
}

TEST_F(Live, WhatIsWrongIsAProblemAsEverywhere) {
    as.anonymous.get("/api/v1/live/count").expect_problem(401, "unauthenticated");
    as.owner.get("/api/v1/live/count?count=x").expect_problem(422, "invalid-value");
    as.owner.get("/api/v1/live/count?count=500").expect_problem(422, "invalid-value");
    as.owner.post("/api/v1/live/count").expect_problem(405, "method-not-allowed");
    const auto plain = as.owner.get("/api/v1/live/echo").expect_problem(426, "upgrade-required");
    plain.expect_header("Upgrade", "websocket").expect_header("Sec-WebSocket-Version", "13");
    as.owner.call("HEAD", "/api/v1/live/count").expect(200).expect_header("Content-Type", "text/event-stream");
}

TEST_F(Live, AHeartbeatComesWhenNothingElseDoes) {
    RawClient client(service.port());
    client.send(head("/endless"));
    EXPECT_NE(client.read_until("event: hello\ndata: {\"n\":0}\n\n"), "");
    EXPECT_NE(client.read_until(":\n\n"), "");
}

TEST_F(Live, AClientThatGoesEndsTheHandlerWhereItWaits) {
    {
        RawClient client(service.port());
        client.send(head("/endless"));
        ASSERT_NE(client.read_until("hello"), "");
        EXPECT_EQ(endless_running, 1);
        EXPECT_EQ(metric("gravity_http_streams{kind=\"events\"}"), "1");
    }
    EXPECT_TRUE(eventually([] { return endless_running == 0; }));
    EXPECT_TRUE(eventually([this] { return metric("gravity_http_streams{kind=\"events\"}") == "0"; }));
}

TEST_F(Live, ASlowConsumerIsClosed) {
    const int before = floods_ended;
    RawClient client(service.port());
    client.send(head("/flood"));
    EXPECT_TRUE(eventually([before] { return floods_ended > before; }));
}

TEST_F(Live, AHandlerThatFailsEndsItsStreamOnly) {
    EXPECT_EQ(as.owner.get("/api/v1/live/broken").expect(200).body(), "");
    as.owner.get("/api/v1/live/count").expect(200);
}

TEST_F(Live, AHubTellsAllAndRemembersForThoseWhoComeBack) {
    RawClient one(service.port()), two(service.port());
    one.send(head("/follow"));
    two.send(head("/follow"));
    ASSERT_NE(one.read_until("\r\n\r\n"), "");
    ASSERT_NE(two.read_until("\r\n\r\n"), "");
    const auto say = [this](int n) { as.owner.post("/api/v1/live/announce?n=" + std::to_string(n)).expect(204); };
    say(1);
    const auto first = one.read_until("{\"n\":1}\n\n");
    ASSERT_NE(first, "");
    ASSERT_NE(two.read_until("{\"n\":1}\n\n"), "");
    const auto at = first.find("id: ") + 4;
    const auto id = first.substr(at, first.find('\n', at) - at);
    two.close();
    say(2), say(3);
    RawClient back(service.port());
    back.send(head("/follow", "Last-Event-ID: " + id + "\r\n"));
    const auto missed = back.read_until("{\"n\":3}\n\n");
    EXPECT_NE(missed.find("{\"n\":2}"), std::string::npos);
    EXPECT_EQ(missed.find("reset"), std::string::npos);
    say(4), say(5); // now the first is forgotten
    RawClient late(service.port());
    late.send(head("/follow", "Last-Event-ID: " + id + "\r\n"));
    EXPECT_NE(late.read_until("event: reset\n"), "");
    EXPECT_NE(one.read_until("{\"n\":5}\n\n"), "");
}

TEST_F(Live, DrainEndsStreamsAndSocketsInOrder) {
    RawClient events(service.port());
    events.send(head("/endless"));
    ASSERT_NE(events.read_until("hello"), "");
    Peer socket(service.port());
    ASSERT_FALSE(socket.open("/endless-socket", as.owner.token()));
    EXPECT_EQ(socket.read(), "hello");
    std::string goodbye;
    std::thread reader([&] { goodbye = socket.read(); });
    EXPECT_EQ(service.stop(), 0);
    reader.join();
    EXPECT_EQ(goodbye, "closed 1001 the service is going away");
    const auto rest = events.read_to_end();
    ASSERT_TRUE(rest);
    EXPECT_TRUE(rest->ends_with("0\r\n\r\n")) << *rest;
    EXPECT_EQ(endless_running, 0);
}

TEST_F(Live, ASocketTalksBothWays) {
    Peer peer(service.port());
    ASSERT_FALSE(peer.open("/echo"));
    EXPECT_EQ(peer.ask("hello"), "hello");
    EXPECT_EQ(peer.ask("who"), "nobody");
    peer.stream.binary(true);
    EXPECT_EQ(peer.ask("bytes"), "bytes");
    EXPECT_TRUE(peer.stream.got_binary());
    peer.stream.binary(false);
    for (int i = 0; i < 200; ++i) peer.stream.write(asio::buffer(std::to_string(i)));
    for (int i = 0; i < 200; ++i) EXPECT_EQ(peer.read(), std::to_string(i));
    EXPECT_EQ(peer.ask("leave"), "closed 4001 as you wish");
}

TEST_F(Live, ASocketTakesMessagesOfEachLength) {
    Peer peer(service.port());
    ASSERT_FALSE(peer.open("/echo", as.owner.token()));
    EXPECT_EQ(peer.ask("credentials"), "gone") << "they were looked at, and the socket may live for weeks";
    EXPECT_EQ(peer.ask("who"), "tester");
    for (const std::size_t length : {0U, 1U, 255U, 256U, 257U, 511U, 512U, 1'535U, 1'536U, 1'537U, 4'096U, 65'535U, 65'536U, 100'000U}) {
        std::string text;
        for (std::size_t i = 0; i < length; ++i) text += static_cast<char>('a' + i % 26);
        EXPECT_EQ(peer.ask(text), text) << length;
    }
}

TEST_F(Live, ASocketThatItsHandlerLeavesIsClosedInOrder) {
    Peer peer(service.port());
    ASSERT_FALSE(peer.open("/echo"));
    EXPECT_EQ(peer.ask("return"), "closed 1000 ");
}

TEST_F(Live, ASocketClosedByItsPeerEndsTheHandler) {
    Peer peer(service.port());
    ASSERT_FALSE(peer.open("/endless-socket", as.owner.token()));
    EXPECT_EQ(peer.read(), "hello");
    EXPECT_EQ(endless_running, 1);
    peer.stream.close(websocket::close_code::normal);
    EXPECT_TRUE(eventually([] { return endless_running == 0; }));
}

TEST_F(Live, ASubprotocolIsChosenByTheServersPreference) {
    Peer both(service.port()), none(service.port()), unknown(service.port());
    ASSERT_FALSE(both.open("/echo", "", "v0, v1, v2"));
    EXPECT_EQ(both.ask("protocol"), "v2");
    ASSERT_FALSE(none.open("/echo"));
    EXPECT_EQ(none.ask("protocol"), "");
    EXPECT_TRUE(unknown.open("/echo", "", "v9"));
}

TEST_F(Live, APageNamesItsTokenAmongTheSubprotocols) {
    const auto answered = [](Peer& peer, const std::string& protocols, boost::system::error_code& error) {
        peer.stream.set_option(websocket::stream_base::decorator(
            [=](websocket::request_type& request) { request.set(beast::http::field::sec_websocket_protocol, protocols); }));
        websocket::response_type response;
        peer.stream.handshake(response, "h", "/api/v1/live/endless-socket", error);
        return std::to_string(response.result_int()) + " " + std::string(response[beast::http::field::sec_websocket_protocol]);
    };
    boost::system::error_code error;
    Peer page(service.port()), stranger(service.port()), silent(service.port());
    EXPECT_EQ(answered(page, "bearer, " + as.owner.token(), error), "101 bearer"); // and not the token
    EXPECT_FALSE(error);
    EXPECT_EQ(page.read(), "hello");
    EXPECT_EQ(answered(stranger, "bearer, rubbish", error), "401 ");
    EXPECT_EQ(answered(silent, "bearer", error), "401 ");

    Peer chosen(service.port()), fallen_back(service.port()), unknown(service.port()), both(service.port());
    ASSERT_FALSE(chosen.open("/echo", "", "v0, v1, bearer, " + as.owner.token()));
    EXPECT_EQ(chosen.ask("protocol"), "v1");
    EXPECT_EQ(chosen.ask("who"), "tester");
    ASSERT_FALSE(fallen_back.open("/echo", "", "bearer, " + as.owner.token()));
    EXPECT_EQ(fallen_back.ask("protocol"), "");
    EXPECT_EQ(fallen_back.ask("who"), "tester");
    EXPECT_TRUE(unknown.open("/echo", "", "v9, bearer, " + as.owner.token()));
    ASSERT_FALSE(both.open("/echo", as.owner.token(), "v2, bearer, rubbish")); // Authorization counts
    EXPECT_EQ(both.ask("who"), "tester");
}

TEST_F(Live, AMessageThatIsTooLargeClosesTheSocket) {
    Peer peer(service.port());
    ASSERT_FALSE(peer.open("/small-echo"));
    EXPECT_EQ(peer.ask(std::string(100, 'x')), std::string(100, 'x'));
    EXPECT_EQ(peer.ask(std::string(101, 'x')).substr(0, 11), "closed 1009");
}

TEST_F(Live, APeerThatIsStillSendingReadsWhyItIsClosedThoughTheHandlerSendsToo) {
    Peer peer(service.port());
    ASSERT_FALSE(peer.open("/chatter", as.owner.token()));
    peer.stream.auto_fragment(false);
    boost::system::error_code error;
    peer.stream.write(asio::buffer(std::string(1 << 20, 'x')), error); // whole, before anything is read
    EXPECT_FALSE(error) << error.message();
    std::string last;
    do last = peer.read();
    while (last == "chat");
    EXPECT_EQ(last.substr(0, 11), "closed 1009");
}

TEST_F(Live, ASocketThatFallsBehindIsClosedWithTryAgainLater) {
    const int before = floods_ended;
    Peer peer(service.port());
    ASSERT_FALSE(peer.open("/flood-socket", as.owner.token()));
    ASSERT_TRUE(eventually([before] { return floods_ended > before; }));
    std::string last;
    do last = peer.read();
    while (last.size() == 10'000); // what was on its way
    EXPECT_EQ(last, "closed 1013 too slow");
}

TEST_F(Live, ATokenThatExpiresEndsTheSocketUnlessItIsRenewed) {
    const auto token = [this](std::string subject, std::int64_t seconds, std::string scope = "live:read") {
        const auto at = now().unix_seconds();
        return service.token(Json::object({{"iss", "test"},
                                           {"aud", "gravity"},
                                           {"sub", subject},
                                           {"project", service.project().to_string()},
                                           {"scope", scope},
                                           {"iat", at},
                                           {"exp", at + seconds},
                                           {"jti", Uuid::v4().to_string()}})
                                 .dump());
    };
    Peer expiring(service.port()), renewing(service.port()), other(service.port());
    ASSERT_FALSE(expiring.open("/echo", token("anna", 2)));
    ASSERT_FALSE(renewing.open("/echo", token("anna", 2)));
    ASSERT_FALSE(other.open("/echo", token("anna", 600)));
    EXPECT_EQ(renewing.ask("token " + token("anna", 600)), "renewed");
    EXPECT_EQ(expiring.read(), "closed 1008 the token has expired");
    EXPECT_EQ(renewing.ask("who"), "anna");
    EXPECT_EQ(other.ask("token " + token("bert", 600)), "closed 1008 the token is not good");
    Peer nonsense(service.port());
    ASSERT_FALSE(nonsense.open("/echo", token("anna", 600)));
    EXPECT_EQ(nonsense.ask("token rubbish"), "closed 1008 the token is not good");
}

TEST_F(Live, AnEventStreamEndsWithItsToken) {
    const auto at = now().unix_seconds();
    const auto token = service.token(Json::object({{"iss", "test"},
                                                   {"aud", "gravity"},
                                                   {"sub", "anna"},
                                                   {"project", service.project().to_string()},
                                                   {"scope", "live:read"},
                                                   {"iat", at},
                                                   {"exp", at + 2},
                                                   {"jti", "1"}})
                                         .dump());
    RawClient client(service.port());
    client.send("GET /api/v1/live/endless HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " + token + "\r\n\r\n");
    EXPECT_NE(client.read_until("\r\n0\r\n\r\n"), "");
}

TEST_F(Live, AreInTheDocument) {
    const auto document = as.anonymous.get("/openapi.json").expect(200);
    EXPECT_TRUE(document.at("/paths/~1api~1v1~1live~1count/get/responses/200/content/text~1event-stream").is_object());
    document.field("/paths/~1api~1v1~1live~1echo/get/x-gravity-subprotocols/0", "v2");
    EXPECT_TRUE(document.at("/paths/~1api~1v1~1live~1echo/get/responses/101").is_object());
    EXPECT_TRUE(document.at("/paths/~1api~1v1~1live~1echo/get/responses/426").is_object());
}

} // namespace
} // namespace gravity
