#include "support.hpp"

#include <mutex>
#include <random>

namespace gravity::gateway::test {
namespace {

std::string noise(std::size_t size) {
    std::mt19937 random(5);
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    return bytes;
}

TEST(Bodies, LargeOnesStreamBothWaysAtOnce) {
    const std::string body = noise(8 << 20);
    Instance instance([&](Wire& wire) { // answers while it still receives
        const std::string head = wire.read_until("\r\n\r\n");
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n");
        for (std::size_t done = 0; done < body.size();) {
            const std::string piece = wire.read_exactly(std::min<std::size_t>(65536, body.size() - done));
            if (piece.empty() || !wire.send(piece)) return;
            done += piece.size();
        }
    });
    Running running;
    running.publish({service("a", {"/a"}, {instance.port()})});
    auto client = running.client();
    std::thread sender([&] {
        client.send("PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n");
        client.send(body);
    });
    const auto answer = client.read_message();
    sender.join();
    EXPECT_EQ(answer.status(), 200);
    EXPECT_TRUE(answer.body == body) << answer.body.size();
}

TEST(Bodies, ChunkedOnesAreFramedAnewBothWays) {
    std::string head, seen;
    Instance instance([&](Wire& wire) {
        head = wire.read_until("\r\n\r\n");
        seen = wire.read_until("\r\n\r\n");
        wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nX-T: 1\r\n\r\n");
        wire.read_to_end();
    });
    Running running;
    running.publish({service("a", {"/a"}, {instance.port()})});
    auto client = running.client();
    const auto answer = client.ask("POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nhe\r\n3\r\nllo\r\n0\r\nT: 1\r\n\r\n");
    EXPECT_NE(head.find("\r\nTransfer-Encoding: chunked\r\n"), std::string::npos);
    EXPECT_EQ(seen, "5\r\nhello\r\n0\r\nT: 1\r\n\r\n");
    EXPECT_EQ(answer.body, "5\r\nabcde\r\n0\r\n\r\n");
    EXPECT_FALSE(answer.field("Trailer").has_value());
    EXPECT_EQ(client.ask("GET /health/live HTTP/1.1\r\nHost: h\r\n\r\n").status(), 200) << "the connection goes on";
}

TEST(Bodies, AnswersWithoutLengthAreChunkedForNewClientsAndClosedForOldOnes) {
    Instance instance([](Wire& wire) {
        wire.read_message();
        wire.send("HTTP/1.1 200 OK\r\n\r\nuntil the end");
    });
    Running running;
    running.publish({service("a", {"/a"}, {instance.port()})});
    auto modern = running.client();
    const auto answer = modern.ask("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_NE(answer.body.find("until the end"), std::string::npos);
    EXPECT_TRUE(answer.body.ends_with("0\r\n\r\n"));
    auto old = running.client();
    old.send("GET /a HTTP/1.0\r\n\r\n");
    const auto rest = old.read_to_end();
    EXPECT_EQ(rest.end, Wire::End::closed);
    EXPECT_TRUE(rest.bytes.ends_with("\r\n\r\nuntil the end")) << rest.bytes;
    EXPECT_EQ(rest.bytes.find("Transfer-Encoding"), std::string::npos);
}

TEST(Bodies, HeadNoContentAndNotModifiedHaveNone) {
    Instance instance(Instance::answering([](const Wire::Message& request) {
        if (request.head.starts_with("HEAD")) return std::string("HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n");
        if (request.head.find("/none") != std::string::npos) return std::string("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n");
        if (request.head.find("/same") != std::string::npos) return std::string("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\nETag: \"1\"\r\n\r\n");
        return Instance::ok("end");
    }));
    Running running;
    running.publish({service("a", {"/"}, {instance.port()})});
    auto client = running.client();
    EXPECT_TRUE(client.ask("HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n", true).has("Content-Length: 1234"));
    const auto none = client.ask("GET /none HTTP/1.1\r\nHost: h\r\n\r\n", true);
    EXPECT_EQ(none.status(), 204);
    EXPECT_FALSE(none.field("Content-Length").has_value());
    EXPECT_EQ(client.ask("GET /same HTTP/1.1\r\nHost: h\r\n\r\n", true).status(), 304);
    EXPECT_EQ(client.ask("GET /a HTTP/1.1\r\nHost: h\r\n\r\n").body, "end");
    EXPECT_EQ(instance.connections(), 1u);
}

TEST(Bodies, ContinueIsTheInstancesToSay) {
    Instance instance([](Wire& wire) {
        const std::string head = wire.read_until("\r\n\r\n");
        if (head.find("/no ") != std::string::npos) {
            wire.send("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\n\r\nno");
            wire.read_to_end();
            return;
        }
        EXPECT_NE(head.find("\r\nExpect: 100-continue\r\n"), std::string::npos);
        wire.send("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n");
        wire.send(Instance::ok(wire.read_exactly(5), "Connection: close\r\n"));
        wire.read_to_end();
    });
    Running running;
    running.publish({service("a", {"/"}, {instance.port()})});
    auto client = running.client();
    client.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_TRUE(client.read_until("\r\n\r\n").starts_with("HTTP/1.1 103"));
    EXPECT_TRUE(client.read_until("\r\n\r\n").starts_with("HTTP/1.1 100"));
    client.send("hello");
    EXPECT_EQ(client.read_message().body, "hello");
    EXPECT_EQ(client.ask("GET /health/live HTTP/1.1\r\nHost: h\r\n\r\n").status(), 200);

    auto refused = running.client();
    const auto answer = refused.ask("POST /no HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(answer.status(), 417);
    EXPECT_TRUE(answer.has("Connection: close")) << "nobody knows whether the body comes";
}

TEST(Bodies, EventsPassAsTheyCome) {
    std::atomic<bool> go = false;
    Instance instance([&](Wire& wire) {
        wire.read_message();
        wire.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n");
        EXPECT_TRUE(eventually([&] { return go.load(); }));
        wire.send("9\r\ndata: 2\n\n\r\n0\r\n\r\n");
        wire.read_to_end();
    });
    Running running;
    running.publish({service("a", {"/a"}, {instance.port()})});
    auto client = running.client();
    client.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_NE(client.read_until("data: 1\n\n").size(), 0u);
    go = true;
    EXPECT_NE(client.read_until("data: 2\n\n").size(), 0u);
}

TEST(WebSocket, BytesPassBothWaysUntilEitherEnds) {
    Instance instance([](Wire& wire) {
        const std::string head = wire.read_until("\r\n\r\n");
        EXPECT_NE(head.find("\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"), std::string::npos) << head;
        wire.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\nfirst");
        for (int i = 0; i < 100; ++i) wire.send(wire.read_exactly(1000));
        EXPECT_TRUE(wire.read_to_end().bytes.empty());
        wire.send("last");
    });
    Running running;
    running.publish({service("a", {"/w"}, {instance.port()})});
    auto client = running.client();
    // The first frame comes in one packet with the handshake.
    const std::string data = noise(100'000);
    client.send("GET /w HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                "Sec-WebSocket-Version: 13\r\n\r\n" +
                data.substr(0, 500));
    const auto answer = client.read_message(true);
    EXPECT_EQ(answer.status(), 101);
    EXPECT_TRUE(answer.has("Sec-WebSocket-Accept: x"));
    EXPECT_EQ(client.read_exactly(5), "first");
    std::thread sender([&] { client.send(std::string_view(data).substr(500)); });
    EXPECT_TRUE(client.read_exactly(data.size()) == data);
    sender.join();
    client.half_close();
    const auto rest = client.read_to_end();
    EXPECT_EQ(rest.bytes, "last");
    EXPECT_EQ(rest.end, Wire::End::closed);
}

TEST(Routes, ChangeUnderLoadWithoutAFailure) {
    Instance one(Instance::answering([](const Wire::Message&) { return Instance::ok("1"); }));
    Instance two(Instance::answering([](const Wire::Message&) { return Instance::ok("2"); }));
    Options options;
    options.threads = 2;
    Running running(options);
    running.publish({service("a", {"/a"}, {one.port()})});
    std::atomic<bool> stop = false;
    std::atomic<int> served = 0, failed = 0;
    std::vector<std::thread> clients;
    for (int i = 0; i < 4; ++i) {
        clients.emplace_back([&] {
            auto client = running.client();
            while (!stop) (client.ask("GET /a HTTP/1.1\r\nHost: h\r\n\r\n").status() == 200 ? served : failed)++;
        });
    }
    for (int i = 0; i < 1000; ++i)
        running.gateway.publish({service("a", {"/a"}, {i % 2 ? one.port() : two.port()}), service("b", {"/b" + std::to_string(i)}, {})});
    EXPECT_TRUE(eventually([&] { return served > 2000; }));
    stop = true;
    for (auto& client : clients) client.join();
    EXPECT_EQ(failed, 0);
}

TEST(Drain, EndsWhatIsUnderWayAndTakesNothingNew) {
    std::atomic<bool> asked = false, go = false;
    Instance instance([&](Wire& wire) {
        wire.read_message();
        asked = true;
        EXPECT_TRUE(eventually([&] { return go.load(); }));
        wire.send(Instance::ok("done"));
    });
    Running running;
    running.publish({service("a", {"/a"}, {instance.port()})});
    auto idle = running.client();
    EXPECT_EQ(idle.ask("GET /health/live HTTP/1.1\r\nHost: h\r\n\r\n").status(), 200);
    auto busy = running.client();
    busy.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_TRUE(eventually([&] { return asked.load(); }));
    running.gateway.drain();
    EXPECT_TRUE(idle.ended());
    go = true;
    const auto answer = busy.read_message();
    EXPECT_EQ(answer.body, "done");
    EXPECT_TRUE(answer.has("Connection: close"));
    EXPECT_TRUE(busy.ended());
    busy.close();
    EXPECT_TRUE(eventually([&] { return running.gateway.connections() == 0; }));
}

TEST(Bodies, TrailersPassBothWaysWhereTheClientTakesThem) {
    std::mutex mutex;
    std::vector<Wire::Message> seen;
    Instance instance([&](Wire& wire) {
        for (;;) {
            Wire::Message request;
            request.head = wire.read_until("\r\n\r\n");
            if (request.head.empty()) return;
            request.body = wire.read_until("\r\n\r\n");
            const std::lock_guard lock(mutex);
            seen.push_back(request);
            wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 2\r\nContent-Length: 7\r\n\r\n");
        }
    });
    Running running;
    running.publish({service("a", {"/a"}, {instance.port()})});
    auto client = running.client();
    const std::string body = "5\r\nhello\r\n0\r\nX-Mine: 1\r\nHost: other\r\n\r\n";
    for (const bool takes : {true, false}) {
        const std::string fields = takes ? "TE: gzip, trailers\r\nConnection: TE\r\n" : "";
        ASSERT_TRUE(client.send("POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: X-Mine\r\n" + fields + "\r\n" + body));
        const std::string head = client.read_until("\r\n\r\n"), rest = client.read_until("\r\n\r\n");
        EXPECT_EQ(rest, takes ? "2\r\nhi\r\n0\r\nX-Sum: 2\r\n\r\n" : "2\r\nhi\r\n0\r\n\r\n");
        EXPECT_EQ((Wire::Message{head, {}}.has("Trailer: X-Sum")), takes);
        const std::lock_guard lock(mutex);
        EXPECT_EQ(seen.back().body, "5\r\nhello\r\n0\r\nX-Mine: 1\r\n\r\n");
        EXPECT_EQ(seen.back().has("TE: trailers"), takes);
        EXPECT_TRUE(seen.back().has("Trailer: X-Mine"));
    }
}

} // namespace
} // namespace gravity::gateway::test
