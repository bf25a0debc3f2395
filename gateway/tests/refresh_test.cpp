#include "support.hpp"

/// What is kept is asked about again while it is used (stale-while-revalidate).
namespace gravity::gateway::test {
namespace {

std::string answer(std::string_view body, std::string_view fields) { return Instance::ok(body, fields); }
constexpr std::string_view fresh = "Cache-Control: max-age=60\r\nETag: \"2\"\r\n";

/// A service whose first answer is stale at once, and may be used for a minute more. What it says when it is asked again is the test's matter.
struct Stale {
    using Again = std::function<void(Wire&, const Wire::Message&, int number)>; // from 2 on
    explicit Stale(Again again, Options options = {}, std::uint32_t timeout_ms = 15'000) : again_(std::move(again)), running(options) {
        ServiceSpec spec = service("a", {"/a"}, {instance.port()});
        spec.cache = CacheUse::shared;
        spec.timeout_ms = timeout_ms;
        running.publish({spec});
        EXPECT_EQ(read(), "old");
    }
    std::string read(std::string_view path = "/a") { return ask(path).body; }
    Wire::Message ask(std::string_view path = "/a") { return running.client().ask("GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n\r\n"); }
    std::uint64_t failures() const { return running.gateway.snapshot()->clusters()[0]->endpoints[0]->figures(std::chrono::steady_clock::now()).failures; }
    std::size_t kept() { return running.gateway.cache().entries(); }

    Again again_;
    std::atomic<int> requests{0};
    Instance instance{[this](Wire& wire) {
        for (;;) {
            const Wire::Message request = wire.read_message();
            if (request.head.empty()) return;
            const int number = ++requests;
            if (number == 1) wire.send(answer("old", "Cache-Control: max-age=0, stale-while-revalidate=60\r\nETag: \"1\"\r\nConnection: close\r\n"));
            if (number == 1) return;
            again_(wire, request, number);
        }
    }};
    Running running;
};

TEST(Refresh, WhatIsStillSoIsFreshAgainAndTheConnectionIsKept) {
    Stale stale([](Wire& wire, const Wire::Message& request, int number) {
        if (number != 2) return void(wire.send(answer("other", fresh)));
        EXPECT_EQ(request.field("If-None-Match"), "\"1\"");
        wire.send("HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\nX-New: yes\r\nCache-Control: max-age=60\r\n\r\n");
    });
    EXPECT_EQ(stale.read(), "old");
    ASSERT_TRUE(eventually([&] { return stale.ask().field("X-New") == "yes"; }));
    EXPECT_EQ(stale.read(), "old");
    EXPECT_EQ(stale.requests, 2) << "which is used without asking";
    EXPECT_EQ(stale.read("/a/other"), "other");
    EXPECT_EQ(stale.instance.connections(), 2u);
}

TEST(Refresh, AnInterimAnswerALongHeadAndAnEndByClosingAreRead) {
    Stale stale([](Wire& wire, const Wire::Message&, int) {
        wire.send("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n");
        wire.send("HTTP/1.1 200 OK\r\nX-Long: " + std::string(20'000, 'x') + "\r\n" + std::string(fresh) + "\r\nne");
        wire.send("w");
        wire.close();
    });
    EXPECT_EQ(stale.read(), "old");
    EXPECT_TRUE(eventually([&] { return stale.read() == "new"; }));
    EXPECT_EQ(stale.requests, 2);
}

TEST(Refresh, IfTheServiceFailsWhatIsKeptStaysAndItIsAskedAgain) {
    const std::string too_long = "HTTP/1.1 200 OK\r\nX: " + std::string(40'000, 'x') + "\r\n\r\n";
    for (const std::string_view last_words :
         {std::string_view(), std::string_view("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"), std::string_view("no HTTP\r\n\r\n"),
          std::string_view("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"),
          std::string_view("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 10\r\n\r\nhalf"),
          std::string_view("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), std::string_view(too_long)}) {
        Stale stale([last_words](Wire& wire, const Wire::Message&, int number) {
            if (number == 2) {
                wire.send(last_words);
                wire.close();
            } else {
                wire.send(answer("new", fresh));
            }
        });
        EXPECT_EQ(stale.read(), "old");
        ASSERT_TRUE(eventually([&] { return stale.failures() == 1; })) << last_words;
        EXPECT_EQ(stale.read(), "old") << last_words;
        EXPECT_TRUE(eventually([&] { return stale.read() == "new"; })) << last_words;
        EXPECT_EQ(stale.requests, 3);
    }
}

TEST(Refresh, IsGivenUpWhenTheRequestsTimeIsOver) {
    Stale stale([](Wire& wire, const Wire::Message&, int) { wire.read_to_end(); }, {}, 300);
    EXPECT_EQ(stale.read(), "old");
    EXPECT_TRUE(eventually([&] { return stale.failures() == 1; }));
    EXPECT_EQ(stale.kept(), 1u);
}

TEST(Refresh, NothingIsAskedWhereNoInstanceTakesRequests) {
    Stale stale([](Wire& wire, const Wire::Message&, int) { wire.send(answer("new", fresh)); });
    Endpoint& endpoint = *stale.running.gateway.snapshot()->clusters()[0]->endpoints[0];
    endpoint.hold(Hold::drained);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(stale.read(), "old");
    EXPECT_EQ(stale.requests, 1);
    endpoint.hold(Hold::none);
    EXPECT_TRUE(eventually([&] { return stale.read() == "new"; }));
}

TEST(Refresh, WhatIsNoLongerToBeKeptIsForgotten) {
    Stale stale([](Wire& wire, const Wire::Message&, int number) { wire.send(answer("own " + std::to_string(number), "Cache-Control: no-store\r\n")); });
    EXPECT_EQ(stale.read(), "old");
    EXPECT_TRUE(eventually([&] { return stale.kept() == 0; }));
    EXPECT_EQ(stale.read(), "own 3") << "the answer to the question itself was for nobody";
}

TEST(Refresh, WhatHasBecomeTooLongIsForgottenAndPassesByWhole) {
    Options options;
    options.cache.body = 100;
    const std::string body(1000, 'x');
    for (const bool sized : {true, false}) {
        Stale stale(
            [&](Wire& wire, const Wire::Message&, int) {
                if (sized) wire.send(answer(body, fresh));
                else wire.send("HTTP/1.1 200 OK\r\n" + std::string(fresh) + "Transfer-Encoding: chunked\r\n\r\n3e8\r\n" + body + "\r\n0\r\n\r\n");
            },
            options);
        EXPECT_EQ(stale.read(), "old");
        EXPECT_TRUE(eventually([&] { return stale.kept() == 0; }));
        EXPECT_NE(stale.read().find(body), std::string::npos) << sized;
    }
}

} // namespace
} // namespace gravity::gateway::test
