#include "hedge.hpp"
#include "support.hpp"

#include <array>

/// A read whose answer is late is sent to a second instance.
namespace gravity::gateway::test {
namespace {

TEST(Pace, KnowsWhatNineteenOfTwentyTookAtMost) {
    Pace pace;
    for (int i = 0; i < 127; ++i) pace.record(1ms);
    EXPECT_FALSE(pace.late_after()) << "too few";
    for (int i = 0; i < 1024 - 127; ++i) pace.record(i < 51 ? 1000ms : 1ms);
    EXPECT_GE(pace.late_after().value(), 1ms);
    EXPECT_LE(pace.late_after().value(), 1250us);
    for (int i = 0; i < 64; ++i) pace.record(1000ms); // more than one in twenty now
    EXPECT_GE(pace.late_after().value(), 1000ms);
    for (int i = 0; i < 4096; ++i) pace.record(1ms);
    EXPECT_LE(pace.late_after().value(), 1250us) << "old ones count less and less";
}

TEST(Pace, RoundsUpByAQuarterAtMost) {
    for (Pace::Span took = 64us; took < 20min; took = took * 9 / 8) {
        Pace pace;
        for (int i = 0; i < 128; ++i) pace.record(took);
        EXPECT_GE(pace.late_after().value(), took);
        EXPECT_LE(pace.late_after().value(), took * 5 / 4 + 16us) << took.count();
    }
    Pace ends;
    for (int i = 0; i < 64; ++i) {
        ends.record(-1ms);
        ends.record(100h);
    }
    EXPECT_GE(ends.late_after().value(), 30min);
}

TEST(Hedging, IsForWhatChangesNothingAndStaysWithinItsBudget) {
    http::Framing bodiless, with_body;
    with_body.content_length = 1;
    EXPECT_TRUE(may_be_hedged(http::Method::get, bodiless, false));
    EXPECT_TRUE(may_be_hedged(http::Method::head, bodiless, false));
    EXPECT_FALSE(may_be_hedged(http::Method::get, with_body, false));
    EXPECT_FALSE(may_be_hedged(http::Method::get, bodiless, true));
    for (const auto method : {http::Method::post, http::Method::put, http::Method::delete_, http::Method::options})
        EXPECT_FALSE(may_be_hedged(method, bodiless, false));
    ClusterState state;
    const auto now = std::chrono::steady_clock::now();
    EXPECT_FALSE(state.take_hedge(now));
    for (int i = 0; i < 100; ++i) state.count_request(now);
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(state.take_hedge(now));
    EXPECT_FALSE(state.take_hedge(now + 1h)) << "time alone allows none";
}

ServiceSpec hedged(std::vector<std::uint16_t> ports) {
    ServiceSpec spec = service("a", {"/"}, std::move(ports));
    spec.hedge = true;
    return spec;
}

TEST(Hedging, WhatIsKnownOfARouteOutlivesAChangeOfTheRoutes) {
    const auto first = Snapshot::build({hedged({1})}, nullptr), second = Snapshot::build({hedged({1, 2}), service("b", {"/b"}, {3})}, first.get());
    ASSERT_TRUE(first->match("/x").route->pace);
    EXPECT_EQ(first->match("/x").route->pace, second->match("/x").route->pace);
    EXPECT_FALSE(second->match("/b").route->pace);
    const auto routes = documents("apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r, annotations: {gravity/hedge: 'true'}}\n"
                                  "spec: {rules: [{backendRefs: [{name: a}], matches: [{path: {value: /d}, method: GET},\n"
                                  "                                                    {path: {value: /d}, method: HEAD}]}]}\n");
    const auto third = Snapshot::build({hedged({1})}, second.get(), routes), fourth = Snapshot::build({hedged({1})}, third.get(), routes);
    const auto of = [](const Snapshot& snapshot, std::string_view method) { return snapshot.match({.path = "/d", .method = method}).route->pace; };
    ASSERT_TRUE(of(*third, "GET"));
    EXPECT_EQ(of(*third, "GET"), of(*third, "HEAD"));
    EXPECT_EQ(of(*third, "GET"), of(*fourth, "GET"));
    EXPECT_NE(of(*third, "GET"), third->match("/x").route->pace);
}

/// Two instances behind a route that hedges, whose usual time is known. The first is thought so much faster that it is asked first, the second when the
/// first is late. To GET /staged they do what the stage says, by who they are (0, 1) and how often they were asked before.
struct Theatre {
    using Stage = std::function<void(Wire&, int who, int before)>;
    explicit Theatre(Stage stage) : stage_(std::move(stage)) {
        running.publish({hedged({one.port(), two.port()})});
        const auto snapshot = running.gateway.snapshot();
        const Route& route = *snapshot->match("/staged").route;
        for (int i = 0; i < 128; ++i) route.pace->record(1ms);
        const auto now = std::chrono::steady_clock::now();
        for (int i = 0; i < 100; ++i) route.cluster->state->count_request(now);
        Endpoint& second = *route.cluster->endpoints.at(1);
        second.end(*second.begin(now), Outcome::success, 1h, now);
        hedges_before_ = hedges(), won_before_ = won();
    }
    Instance::Script script(int who) {
        return [this, who](Wire& wire) {
            const Wire::Message request = wire.read_message();
            if (request.head.starts_with("GET /staged")) return stage_(wire, who, asked[static_cast<std::size_t>(who)]++);
            if (!request.head.starts_with("POST /staged")) return;
            ++posts;
            if (eventually([&] { return released.load(); })) wire.send(Instance::ok("posted"));
        };
    }
    Wire::Message ask() { return running.client().ask("GET /staged HTTP/1.1\r\nHost: h\r\n\r\n"); }
    int hedges() const { return static_cast<int>(running.telemetry.hedges.value()) - hedges_before_; }
    int won() const { return static_cast<int>(running.telemetry.hedges_won.value()) - won_before_; }

    std::array<std::atomic<int>, 2> asked{};
    std::atomic<int> posts{0};
    std::atomic<bool> released{false};
    Stage stage_;
    int hedges_before_ = 0, won_before_ = 0;
    Instance one{script(0)}, two{script(1)};
    Running running;
};

TEST(Hedging, WhoAnswersFirstIsHeardAndTheOtherCancelled) {
    std::atomic<bool> cancelled{false};
    Theatre theatre([&](Wire& wire, int who, int) {
        if (who == 0) cancelled = wire.ended();
        else wire.send(Instance::ok("second"));
    });
    const auto answer = theatre.ask();
    EXPECT_EQ(answer.status(), 200);
    EXPECT_EQ(answer.body, "second");
    EXPECT_EQ(theatre.hedges(), 1);
    EXPECT_EQ(theatre.won(), 1);
    EXPECT_TRUE(eventually([&] { return cancelled.load(); }));
}

TEST(Hedging, TheFirstIsHeardIfItIsFasterAfterAll) {
    std::atomic<bool> cancelled{false}, asked{false};
    Theatre theatre([&](Wire& wire, int who, int) {
        if (who == 1) {
            asked = true;
            cancelled = wire.ended();
        } else if (eventually([&] { return asked.load(); })) {
            wire.send(Instance::ok("first"));
        }
    });
    EXPECT_EQ(theatre.ask().body, "first");
    EXPECT_EQ(theatre.hedges(), 1);
    EXPECT_EQ(theatre.won(), 0);
    EXPECT_TRUE(eventually([&] { return cancelled.load(); }));
}

TEST(Hedging, AFailureOfTheSecondIsNoAnswer) {
    std::atomic<bool> refused{false};
    Theatre theatre([&](Wire& wire, int who, int) {
        if (who == 1) {
            wire.send("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
            refused = wire.ended(); // it was read, and given up
        } else if (eventually([&] { return refused.load(); })) {
            wire.send(Instance::ok("first"));
        }
    });
    EXPECT_EQ(theatre.ask().body, "first");
    EXPECT_EQ(theatre.hedges(), 1);
    EXPECT_EQ(theatre.won(), 0);
}

TEST(Hedging, IfTheFirstFailsTheSecondIsWaitedFor) {
    for (const char* last_words : {"", "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", "no HTTP\r\n\r\n"}) {
        std::atomic<bool> gone{false}, asked{false};
        Theatre theatre([&](Wire& wire, int who, int) {
            if (who == 0) {
                EXPECT_TRUE(eventually([&] { return asked.load(); }));
                wire.send(last_words);
                wire.close();
                gone = true;
            } else {
                asked = true;
                if (eventually([&] { return gone.load(); })) wire.send(Instance::ok("second"));
            }
        });
        EXPECT_EQ(theatre.ask().body, "second") << last_words;
        EXPECT_EQ(theatre.hedges(), 1);
        EXPECT_EQ(theatre.won(), 1);
        EXPECT_EQ(theatre.asked[0] + theatre.asked[1], 2);
    }
}

TEST(Hedging, IfBothFailTheRequestIsRepeatedAsWithoutIt) {
    std::atomic<bool> asked{false};
    Theatre theatre([&](Wire& wire, int who, int before) {
        if (before != 0) return void(wire.send(Instance::ok("third")));
        if (who == 1) asked = true;
        EXPECT_TRUE(eventually([&] { return asked.load(); })); // then it closes
    });
    EXPECT_EQ(theatre.ask().body, "third");
    EXPECT_GE(theatre.asked[0] + theatre.asked[1], 3);
}

TEST(Hedging, IfTheSecondFailsAfterTheFirstTheRequestIsRepeatedAsWithoutIt) {
    std::atomic<bool> asked{false}, gone{false};
    Theatre theatre([&](Wire& wire, int who, int before) {
        if (before != 0) return void(wire.send(Instance::ok("third")));
        if (who == 1) asked = true;
        EXPECT_TRUE(eventually([&] { return who == 0 ? asked.load() : gone.load(); }));
        if (who == 0) wire.close();
        else std::this_thread::sleep_for(100ms); // the end of the first has been seen by then
        gone = true;
    });
    EXPECT_EQ(theatre.ask().body, "third");
    EXPECT_EQ(theatre.hedges(), 1);
    EXPECT_EQ(theatre.won(), 0);
    EXPECT_EQ(theatre.asked[0] + theatre.asked[1], 3);
}

TEST(Hedging, AClientThatGoesAwayCancelsBoth) {
    std::atomic<int> cancelled{0};
    Theatre theatre([&](Wire& wire, int, int) {
        if (wire.ended()) ++cancelled;
    });
    auto client = theatre.running.client();
    client.send("GET /staged HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_TRUE(eventually([&] { return theatre.asked[0] == 1 && theatre.asked[1] == 1; }));
    client.close();
    EXPECT_TRUE(eventually([&] { return cancelled == 2; }));
}

TEST(Hedging, WhatMayChangeSomethingIsSentOnceHoweverLateItIs) {
    Theatre theatre([&](Wire& wire, int who, int) {
        if (who == 0) wire.ended();
        else wire.send(Instance::ok("second"));
    });
    auto poster = theatre.running.client();
    poster.send("POST /staged HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
    EXPECT_TRUE(eventually([&] { return theatre.posts == 1; }));
    EXPECT_EQ(theatre.ask().body, "second") << "a read that began later has been late";
    EXPECT_EQ(theatre.hedges(), 1);
    EXPECT_EQ(theatre.posts, 1);
    theatre.released = true;
    EXPECT_EQ(poster.read_message().body, "posted");
}

} // namespace
} // namespace gravity::gateway::test
