#include "support.hpp"

#include <gravity/base/problem.hpp>
#include <gravity/trace/context.hpp>

namespace gravity::gateway::test {
namespace {

const std::string get = "GET /api/v1/things/1?a=b HTTP/1.1\r\nHost: shop.example\r\n\r\n";

TEST(Forwarding, ARequestReachesTheInstanceAndTheAnswerTheClient) {
    std::string seen;
    Instance instance(Instance::answering([&](const Wire::Message& request) {
        seen = request.head;
        return Instance::ok("hello", "Connection: x-secret, date, keep-alive\r\nX-Secret: 1\r\nDate: none\r\nKeep-Alive: timeout=5\r\nX-Shown: 2\r\n");
    }));
    Running running;
    running.publish({service("things", {"/api/v1/things"}, {instance.port()})});
    auto client = running.client();
    const auto answer = client.ask("GET /api/v1/./things//1?a=b HTTP/1.1\r\nHost: shop.example\r\nConnection: x-hop, keep-alive\r\nX-Hop: 1\r\n"
                                   "Forged_Field: 1\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\nForwarded: for=6.6.6.6\r\n"
                                   "Proxy-Authorization: x\r\nTE: gzip\r\nVia: 1.0 other\r\nX-Kept: yes\r\nX-Request-Timeout-Ms: 1234\r\n"
                                   "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\ntracestate: a=b\r\n\r\n");
    EXPECT_EQ(answer.status(), 200);
    EXPECT_EQ(answer.body, "hello");
    EXPECT_TRUE(answer.has("X-Shown: 2"));
    EXPECT_TRUE(answer.has("Via: 1.1 gravity"));
    EXPECT_TRUE(answer.field("Date").value_or("none").ends_with(" GMT"));
    EXPECT_FALSE(answer.field("X-Secret").has_value());
    EXPECT_FALSE(answer.field("Keep-Alive").has_value());

    const Wire::Message at_instance{seen, {}};
    EXPECT_EQ(seen.substr(0, seen.find("\r\n")), "GET /api/v1/things/1?a=b HTTP/1.1");
    EXPECT_TRUE(at_instance.has("Host: shop.example"));
    EXPECT_TRUE(at_instance.has("X-Kept: yes"));
    EXPECT_TRUE(at_instance.has("Via: 1.0 other, 1.1 gravity"));
    EXPECT_TRUE(at_instance.has("X-Forwarded-For: 127.0.0.1"));
    EXPECT_TRUE(at_instance.has("X-Forwarded-Proto: http"));
    EXPECT_TRUE(at_instance.has("X-Forwarded-Host: shop.example"));
    EXPECT_TRUE(at_instance.has("X-Request-Timeout-Ms: 1234"));
    EXPECT_TRUE(at_instance.has("tracestate: a=b"));
    for (const char* gone : {"X-Hop", "Forged_Field", "Forwarded", "Proxy-Authorization", "TE", "Connection"}) EXPECT_FALSE(at_instance.field(gone)) << gone;
    const auto traceparent = at_instance.field("traceparent").value_or("");
    EXPECT_TRUE(traceparent.starts_with("00-0af7651916cd43dd8448eb211c80319c-")) << traceparent;
    EXPECT_EQ(traceparent.find("b7ad6b7169203331"), std::string::npos) << "the gateway's own span must be named";
    const auto understood = trace::parse_traceparent(traceparent);
    ASSERT_TRUE(understood) << traceparent;
    EXPECT_TRUE(understood->sampled);
    EXPECT_EQ(trace::format_traceparent(*understood), traceparent);
}

TEST(Forwarding, WhoSendsNoHostGetsTheServicesName) {
    std::string seen;
    Instance instance(Instance::answering([&](const Wire::Message& request) {
        seen = request.head;
        return Instance::ok("hello");
    }));
    Running running;
    running.publish({service("things", {"/"}, {instance.port()})});
    EXPECT_EQ(running.client().ask("GET /a HTTP/1.0\r\n\r\n").body, "hello");
    EXPECT_TRUE((Wire::Message{seen, {}}.has("Host: things"))) << seen;
}

TEST(Forwarding, ConnectionsAreKeptOnBothSidesAndPipelinedRequestsAnsweredInOrder) {
    Instance instance(Instance::answering([](const Wire::Message& request) { return Instance::ok(request.head.substr(5, 1)); }));
    Running running;
    running.publish({service("all", {"/"}, {instance.port()})});
    auto client = running.client();
    std::string burst;
    for (const char name : std::string("abcdefgh")) burst += "GET /" + std::string(1, name) + " HTTP/1.1\r\nHost: a\r\n\r\n";
    ASSERT_TRUE(client.send(burst));
    std::string order;
    for (int i = 0; i < 8; ++i) order += client.read_message().body;
    EXPECT_EQ(order, "abcdefgh");
    EXPECT_EQ(instance.connections(), 1u);
}

TEST(Forwarding, WhatIsForAProxyEndsHereAndNobodySaysWhereHeIsMounted) {
    std::string seen;
    Instance instance(Instance::answering([&](const Wire::Message& request) {
        seen = request.head;
        return Instance::ok("hello", "Proxy-Authenticate: Basic\r\nProxy-Authentication-Info: x=1\r\nX-Forwarded-Prefixes: stays\r\n");
    }));
    Running running;
    running.publish({service("things", {"/"}, {instance.port()})});
    const auto answer = running.client().ask("GET /a HTTP/1.1\r\nHost: h\r\nX-Forwarded-Prefix: /admin\r\nX-Forwarded-Port: 1\r\n"
                                             "Proxy-Connection: keep-alive\r\nX-Forwarded-Prefixes: stays\r\n\r\n");
    const Wire::Message at_instance{seen, {}};
    for (const char* gone : {"X-Forwarded-Prefix", "X-Forwarded-Port", "Proxy-Connection"}) EXPECT_FALSE(at_instance.field(gone)) << gone;
    EXPECT_TRUE(at_instance.has("X-Forwarded-Prefixes: stays"));
    for (const char* gone : {"Proxy-Authenticate", "Proxy-Authentication-Info"}) EXPECT_FALSE(answer.field(gone)) << gone;
    EXPECT_TRUE(answer.has("X-Forwarded-Prefixes: stays"));
}

TEST(Forwarding, AnInterimAnswerIsNotForOldClientsAndWhatIsPipelinedWaitsForTheAnswerBefore) {
    std::atomic<bool> go{false};
    Instance instance([&](Wire& wire) {
        for (Wire::Message request; !(request = wire.read_message()).head.empty();) {
            if (request.head.starts_with("GET /first ")) {
                EXPECT_TRUE(eventually([&] { return go.load(); }));
            }
            wire.send("HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n" + Instance::ok(request.head.substr(4, 4)));
        }
    });
    Running running;
    running.publish({service("all", {"/"}, {instance.port()})});
    auto old = running.client();
    const auto answer = old.ask("GET /old HTTP/1.0\r\nHost: h\r\n\r\n");
    EXPECT_EQ(answer.status(), 200) << "HTTP/1.0 has no interim answers (RFC 9110 section 15.2)";
    EXPECT_EQ(answer.body, "/old");
    auto client = running.client();
    client.send("GET /first HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_TRUE(eventually([&] { return instance.connections() >= 1; }));
    for (const std::string_view part : {"GET /sec HT", "TP/1.1\r\nHo", "st: h\r\n\r\n"}) { // while the first is under way
        std::this_thread::sleep_for(20ms);
        client.send(part);
    }
    std::this_thread::sleep_for(20ms);
    go = true;
    for (const char* body : {"/fir", "/sec"}) {
        EXPECT_EQ(client.read_message(true).status(), 103);
        const auto whole = client.read_message();
        EXPECT_EQ(whole.status(), 200);
        EXPECT_EQ(whole.body, body);
    }
}

} // namespace
} // namespace gravity::gateway::test
