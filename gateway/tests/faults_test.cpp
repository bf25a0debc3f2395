#include "http2_client.hpp"

#include <gravity/http/compress.hpp>

/// What goes wrong between a client and an instance, and what each then sees.
namespace gravity::gateway::test {
namespace {

const std::string get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

TEST(Faults, AnInstanceThatComesAndGoesCostsNoConnections) {
    std::atomic<int> open{0};
    const auto script = Instance::answering([](const Wire::Message&) { return Instance::ok("x"); });
    Instance stays(script), comes([&](Wire& wire) {
        ++open;
        script(wire);
        --open;
    });
    Running running;
    auto client = running.client();
    const std::vector<ServiceSpec> without{service("a", {"/a"}, {stays.port()})}, with{service("a", {"/a"}, {comes.port()})};
    for (int i = 0; i < 20; ++i) {
        running.publish(without);
        EXPECT_EQ(client.ask(get).status(), 200);
        running.publish(with);
        EXPECT_EQ(client.ask(get).status(), 200);
    }
    EXPECT_LT(comes.connections(), 20u) << "it is asked over the connection it had, unless a second has passed";
    running.publish(without);
    EXPECT_TRUE(eventually([&] { return open == 0; })) << "nobody keeps a connection to an instance that is gone";
}

TEST(Faults, SmugglingReachesNoInstance) {
    Instance instance(Instance::answering([](const Wire::Message&) { return Instance::ok("x"); }));
    Running running;
    running.publish({service("a", {"/"}, {instance.port()})});
    for (const char* bytes :
         {"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG", "GET /a%2f..%2fb HTTP/1.1\r\nHost: h\r\n\r\n",
          "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: \tchunked, identity\r\n\r\n", "GET /a HTTP/1.1\r\nHost: h\r\nX : y\r\n\r\n"}) {
        auto client = running.client();
        const auto answer = client.ask(bytes);
        EXPECT_EQ(answer.status(), 400) << bytes;
        EXPECT_TRUE(answer.has("Connection: close")) << bytes;
        EXPECT_TRUE(answer.has("Content-Type: application/problem+json"));
        EXPECT_NE(answer.body.find("urn:gravity:problem:malformed-request"), std::string::npos);
        EXPECT_TRUE(client.ended());
    }
    EXPECT_EQ(instance.connections(), 0u);
}

TEST(Faults, AnswersOfTheGatewayItselfKeepTheConnectionWhereTheyCan) {
    Running running;
    running.publish({service("a", {"/a"}, {})});
    auto client = running.client();
    EXPECT_EQ(client.ask("GET /nobody HTTP/1.1\r\nHost: h\r\n\r\n").status(), 404);
    EXPECT_EQ(client.ask("POST /nobody HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc").status(), 404);
    const auto head = client.ask("HEAD /nobody HTTP/1.1\r\nHost: h\r\n\r\n", true);
    EXPECT_EQ(head.status(), 404);
    const auto none = client.ask(get);
    EXPECT_EQ(none.status(), 503);
    EXPECT_TRUE(none.field("Retry-After").has_value());
    EXPECT_EQ(client.ask("GET /health/live HTTP/1.1\r\nHost: h\r\n\r\n").status(), 200);
    EXPECT_EQ(client.ask("GET /openapi.json HTTP/1.1\r\nHost: h\r\n\r\n").body, R"({"openapi":"3.1.0"})");
    const auto coded = client.ask("GET /openapi.json HTTP/1.1\r\nHost: h\r\nAccept-Encoding: br\r\nAccept-Encoding: gzip;q=0.1\r\n\r\n");
    EXPECT_TRUE(coded.has("Content-Encoding: gzip")) << coded.head;
    EXPECT_EQ(http::decompress(http::Coding::gzip, coded.body, 100), R"({"openapi":"3.1.0"})");
    const auto wrong = client.ask("DELETE /health/live HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(wrong.status(), 405);
    EXPECT_TRUE(wrong.has("Allow: GET, HEAD"));
    EXPECT_EQ(client.ask("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").status(), 204);
    // What is not all here cannot be skipped over.
    const auto closing = client.ask("POST /nobody HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nabc");
    EXPECT_EQ(closing.status(), 404);
    EXPECT_TRUE(closing.has("Connection: close"));
}

TEST(Faults, ABodyOverTheLimitIsRefusedBeforeItIsRead) {
    Instance instance(Instance::answering([](const Wire::Message&) { return Instance::ok("x"); }));
    Options options;
    options.body_limit = 10;
    Running running(options);
    running.publish({service("a", {"/a"}, {instance.port()})});
    auto client = running.client();
    EXPECT_EQ(client.ask("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n").status(), 413);
    EXPECT_EQ(instance.connections(), 0u);
    auto chunky = running.client();
    EXPECT_EQ(chunky.ask("POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n0\r\n\r\n").status(), 413);
}

/// A port that refuses connections for as long as this lives: bound, so that nobody else can have it, and not listened on.
class RefusingPort {
public:
    RefusingPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
        socklen_t size = sizeof at;
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&at), &size);
        port_ = ntohs(at.sin_port);
    }
    RefusingPort(const RefusingPort&) = delete;
    RefusingPort& operator=(const RefusingPort&) = delete;
    ~RefusingPort() { ::close(socket_); }
    std::uint16_t port() const { return port_; }

private:
    int socket_;
    std::uint16_t port_ = 0;
};

TEST(Faults, AnInstanceThatCannotBeReachedIsA502AndAnotherOneIsTried) {
    const RefusingPort nobody;
    const std::uint16_t dead = nobody.port();
    Instance alive(Instance::answering([](const Wire::Message&) { return Instance::ok("alive"); }));
    Running running;
    running.publish({service("a", {"/a"}, {dead})});
    const auto refused = running.client().ask(get);
    EXPECT_EQ(refused.status(), 502);
    EXPECT_NE(refused.body.find("upstream-unreachable"), std::string::npos);

    running.publish({service("b", {"/a"}, {dead, alive.port()})});
    for (int i = 0; i < 20; ++i) EXPECT_EQ(running.client().ask("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi").body, "alive") << i;
    const auto snapshot = running.gateway.snapshot();
    EXPECT_EQ(snapshot->clusters()[0]->endpoints[0]->figures(std::chrono::steady_clock::now()).breaker, "open");
}

TEST(Faults, ASilentInstanceIsA504AndABreakerOpensA503) {
    Instance silent([](Wire& wire) { wire.read_to_end(); });
    Running running;
    auto spec = service("a", {"/a"}, {silent.port()});
    spec.timeout_ms = 30;
    running.publish({spec});
    for (int i = 0; i < 5; ++i) EXPECT_EQ(running.client().ask(get).status(), 504);
    const auto open = running.client().ask(get);
    EXPECT_EQ(open.status(), 503);
    EXPECT_GE(std::stoi(open.field("Retry-After").value_or("0")), 3);
    EXPECT_EQ(silent.connections(), 5u);
}

TEST(Faults, AKeptConnectionThatDiedIsReplacedOnceForWhatMayBeRepeated) {
    Instance instance([](Wire& wire) { // one answer, then the next request is dropped unanswered
        if (wire.read_message().head.empty()) return;
        wire.send(Instance::ok("first"));
        wire.read_message();
    });
    Running running;
    running.publish({service("a", {"/a"}, {instance.port()})});
    auto client = running.client();
    EXPECT_EQ(client.ask(get).body, "first");
    EXPECT_EQ(client.ask(get).body, "first") << "GET is repeated on a fresh connection";
    EXPECT_EQ(instance.connections(), 2u);
    const auto lost = client.ask("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi");
    EXPECT_EQ(lost.status(), 502) << "a POST may have been acted upon";
    EXPECT_NE(lost.body.find("upstream-closed"), std::string::npos);
}

TEST(Faults, WhatMayBeRepeatedIsTriedElsewhereWithinTheBudget) {
    const auto unavailable = [](const Wire::Message&) { return std::string("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 3\r\n\r\nbad"); };
    Instance resets([](Wire& wire) {
        wire.read_message();
        wire.reset();
    });
    Instance busy(Instance::answering(unavailable));
    Instance well(Instance::answering([](const Wire::Message& request) { return Instance::ok("well" + request.body); }));
    for (const Instance* bad : {&resets, &busy}) {
        Running running;
        running.publish({service("a", {"/a"}, {bad->port(), well.port()})});
        for (int i = 0; i < 20; ++i) EXPECT_EQ(running.client().ask("PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi").body, "wellhi") << i;
        running.publish({service("b", {"/a"}, {bad->port(), well.port()})});
        for (int i = 0; i < 20; ++i)
            EXPECT_EQ(running.client().ask("POST /a HTTP/1.1\r\nHost: h\r\nIdempotency-Key: \"1\"\r\nContent-Length: 2\r\n\r\nhi").body, "wellhi") << i;
    }
    Running running;
    running.publish({service("a", {"/a"}, {resets.port()})});
    EXPECT_EQ(running.client().ask("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi").status(), 502);
    EXPECT_EQ(running.client().ask(get).status(), 502) << "the same instance once more, and then the truth";
    running.publish({service("b", {"/a"}, {busy.port()})});
    EXPECT_EQ(running.client().ask(get).body, "bad") << "there is no other: its own words";
}

TEST(Faults, AFailingServiceIsNotAskedMuchMoreForTheRetries) {
    std::atomic<int> asked = 0;
    const auto count = [&](const Wire::Message&) {
        ++asked;
        return std::string("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
    };
    Instance one(Instance::answering(count)), two(Instance::answering(count));
    Running running;
    auto spec = service("a", {"/a"}, {one.port(), two.port()});
    running.publish({spec});
    const auto begun = std::chrono::steady_clock::now();
    auto client = running.client();
    for (int i = 0; i < 2000; ++i) EXPECT_EQ(client.ask(get).status(), 503);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    EXPECT_LE(asked.load(), 2000 * 1.2 + 10 * seconds + 100 + 1) << "a fifth, ten a second and one burst";
}

TEST(Faults, AnswersThatAreNotHttpAreA502) {
    for (const char* bytes :
         {"SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
          "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n",
          "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"}) {
        Instance instance([bytes](Wire& wire) {
            wire.read_message();
            wire.send(bytes);
            wire.read_to_end();
        });
        Running running;
        running.publish({service("a", {"/a"}, {instance.port()})});
        const auto answer = running.client().ask(get);
        EXPECT_EQ(answer.status(), 502) << bytes;
        EXPECT_NE(answer.body.find("upstream-malformed"), std::string::npos);
    }
}

TEST(Faults, AnInstanceThatDiesInMidBodyCutsTheClient) {
    for (const char* begin : {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"}) {
        Instance instance([begin](Wire& wire) {
            wire.read_message();
            wire.send(begin);
        });
        Running running;
        running.publish({service("a", {"/a"}, {instance.port()})});
        auto client = running.client();
        client.send("GET /a HTTP/1.0\r\nHost: h\r\n\r\n"); // to HTTP/1.0 an end of the connection is the end of the body: it must not be a clean one
        const auto rest = client.read_to_end();
        EXPECT_EQ(rest.end, Wire::End::reset) << begin;
    }
}

TEST(Faults, AClientThatGoesAwayCancelsItsRequest) {
    std::atomic<bool> asked = false, cancelled = false;
    Instance instance([&](Wire& wire) {
        wire.read_message();
        asked = true;
        cancelled = wire.ended();
    });
    Running running;
    running.publish({service("a", {"/a"}, {instance.port()})});
    auto client = running.client();
    client.send(get);
    ASSERT_TRUE(eventually([&] { return asked.load(); }));
    client.reset();
    EXPECT_TRUE(eventually([&] { return cancelled.load(); }));
}

TEST(Faults, SlowHeadsAndIdleConnectionsEnd) {
    Options options;
    options.head_timeout = 50ms;
    options.idle_timeout = 50ms;
    options.park_after = 10ms;
    Running running(options);
    auto silent = running.client();
    EXPECT_TRUE(silent.ended());
    auto half = running.client();
    half.send("GET / HTTP/1.1\r\nHo");
    EXPECT_EQ(half.read_message().status(), 408);
    auto idle = running.client();
    EXPECT_EQ(idle.ask("GET /health/live HTTP/1.1\r\nHost: h\r\n\r\n").status(), 200);
    EXPECT_TRUE(idle.ended());
}

TEST(Faults, WhoOnlyWaitsMakesRoomForWhoAsks) {
    std::atomic<bool> go = false;
    std::atomic<int> asked = 0;
    Instance instance([&](Wire& wire) {
        wire.read_message();
        ++asked;
        EXPECT_TRUE(eventually([&] { return go.load(); }));
        wire.send(Instance::ok("in", "Connection: close\r\n"));
    });
    Options options;
    options.max_connections = 2;
    Running running(options);
    running.publish({service("a", {"/a"}, {instance.port()})});
    auto busy = running.client();
    busy.send(get);
    ASSERT_TRUE(eventually([&] { return asked == 1; }));
    auto silent = running.client(), half = running.client();
    half.send("GET / HT");
    for (int i = 0; i < 5; ++i) EXPECT_EQ(running.client().ask("GET /health/live HTTP/1.1\r\nHost: h\r\n\r\n").status(), 200) << i;
    EXPECT_TRUE(silent.ended());
    EXPECT_TRUE(half.ended());
    go = true;
    EXPECT_EQ(busy.read_message().body, "in") << "what is under way is not touched";
}

TEST(Faults, AParkedConnectionWakesUp) {
    Options options;
    options.park_after = 0ms;
    Running running(options);
    auto client = running.client();
    for (int i = 0; i < 20; ++i) {
        // Time enough for several sweeps: another connection is served in between.
        for (int j = 0; j < 3; ++j) EXPECT_EQ(running.client().ask("GET /health/live HTTP/1.1\r\nHost: h\r\n\r\n").status(), 200);
        EXPECT_EQ(client.ask("GET /health/live HTTP/1.1\r\nHost: h\r\n\r\n").status(), 200);
    }
}

/// Connections that have been parked: nothing else is known to a test than that time enough for it has passed.
void let_park(Running& running) {
    for (int i = 0; i < 5; ++i) {
        std::this_thread::sleep_for(10ms);
        EXPECT_EQ(running.client().ask("GET /health/live HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").status(), 200);
    }
}

TEST(Faults, AParkedConnectionIsAsGoodAsAnyOther) {
    Options options;
    options.park_after = 0ms;
    options.max_connections = 8;
    Instance instance(Instance::answering([](const Wire::Message&) { return Instance::ok("in"); }));
    Running running(options);
    running.publish({service("a", {"/a"}, {instance.port()})});
    auto oldest = running.client(), second = running.client(), third = running.client();
    EXPECT_EQ(oldest.ask(get).body, "in");
    EXPECT_EQ(second.ask(get).body, "in");
    let_park(running);
    EXPECT_TRUE(eventually([&] { return running.gateway.connections() == 3; })) << "each is counted once";
    EXPECT_EQ(third.ask("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n" + std::string(100'000, 'x')).body, "in");
    EXPECT_EQ(second.ask(get).body, "in");
    let_park(running);
    EXPECT_TRUE(eventually([&] { return running.gateway.connections() == 3; }));
    std::vector<Wire> others;
    for (int i = 0; i < 6; ++i) {
        others.push_back(running.client());
        EXPECT_EQ(others.back().ask(get).body, "in");
    }
    EXPECT_TRUE(oldest.ended()) << "it has waited for longest, and makes room";
    EXPECT_EQ(second.ask(get).body, "in");
    second.close();
    EXPECT_TRUE(eventually([&] { return running.gateway.connections() == 7; })) << "a client that leaves while it is parked is noticed";
    let_park(running);
    running.gateway.drain();
    EXPECT_TRUE(third.ended());
    EXPECT_TRUE(eventually([&] { return running.gateway.connections() == 0; }));
}

TEST(Faults, AConnectionThatSaidNothingUntilItWasParkedMayStillSpeakHttp2) {
    Options options;
    options.park_after = 0ms;
    options.head_timeout = 2s;
    Running running(options);
    Http2Client silent(running.gateway.port());
    auto asked = running.client();
    EXPECT_EQ(asked.ask("GET /health/live HTTP/1.1\r\nHost: h\r\n\r\n").status(), 200);
    let_park(running);
    EXPECT_EQ(silent.ask(Http2Client::get("/health/live")).status, 200);
    EXPECT_EQ(asked.ask("PRI * HTTP/2.0\r\n\r\n").status(), 505) << "which only who has said nothing may";
    auto never = running.client();
    EXPECT_TRUE(never.ended()) << "parked or not, its first request was to come in time";
}

} // namespace
} // namespace gravity::gateway::test
