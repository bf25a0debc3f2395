#include "outliers.hpp"
#include "support.hpp"

/// Instances that are worse than their neighbours.
namespace gravity::gateway::test {
namespace {

using Places = std::vector<std::size_t>;

TEST(Outliers, AreWorseThanTheOthersBeyondChance) {
    const auto found = [](std::vector<InstanceRecord> instances) { return find_outliers(instances); };
    EXPECT_EQ(found({{100, 0}, {100, 30}, {100, 1}}), Places{1});
    EXPECT_EQ(found({{100, 0}, {100, 3}, {100, 1}}), Places{}) << "chance";
    EXPECT_EQ(found({{100, 30}, {100, 30}, {100, 30}}), Places{}) << "then it is not the instance";
    EXPECT_EQ(found({{100, 100}, {100, 100}}), Places{});
    EXPECT_EQ(found({{10, 10}, {100, 0}, {100, 0}}), Places{}) << "too few to tell";
    EXPECT_EQ(found({{100, 50}, {10, 0}}), Places{}) << "too few to compare with";
    EXPECT_EQ(found({{100000, 300}, {100000, 0}}), Places{}) << "beyond chance, but not worth it";
    EXPECT_EQ(found({}), Places{});
    EXPECT_EQ(found({{0, 0}, {0, 0}}), Places{});
}

TEST(Outliers, AtMostHalfIsOutWhateverPutItOut) {
    const auto found = [](std::vector<InstanceRecord> instances) { return find_outliers(instances); };
    EXPECT_EQ(found({{100, 30}, {100, 60}, {100, 0}, {100, 0}}), (Places{1, 0})) << "the worst first";
    EXPECT_EQ(found({{100, 30}, {100, 60}, {100, 40}, {100, 0}, {100, 0}}), (Places{1, 2}));
    EXPECT_EQ(found({{100, 30}, {0, 0, true}, {100, 0}, {100, 0}}), Places{0});
    EXPECT_EQ(found({{100, 30}, {0, 0, true}, {100, 0}}), Places{});
    EXPECT_EQ(found({{100, 90}, {100, 0}}), Places{0});
    EXPECT_EQ(found({{100, 90}}), Places{});
}

TEST(Outliers, StayOutLongerEachTime) {
    EXPECT_EQ(time_out(1).count(), 30);
    EXPECT_EQ(time_out(3).count(), 90);
    EXPECT_EQ(time_out(1000).count(), 300);
}

TEST(Balancer, ASlowAnswerIsForgottenThoughNoneFollows) {
    Endpoint endpoint("a", {"i", "127.0.0.1", 1, 1, {}, {}});
    const auto start = std::chrono::steady_clock::time_point() + 1h;
    endpoint.end(*endpoint.begin(start), Outcome::success, 1s, start + 1s);
    EXPECT_NEAR(endpoint.load(start + 1s), 1, 0.01);
    EXPECT_LT(endpoint.load(start + 31s), 0.06);
    EXPECT_LT(endpoint.load(start + 301s), 0.001) << "it is asked again, or nobody would learn that it has become fast";
}

TEST(Outliers, AnInstanceThatFailsTooOftenIsLeftOutAndCanBeRestored) {
    std::atomic<int> asked{0};
    Instance bad(Instance::answering([&](const Wire::Message&) { // too seldom for a breaker
        return ++asked % 3 == 0 ? std::string("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n") : Instance::ok("bad");
    }));
    Instance one(Instance::answering([](const Wire::Message&) { return Instance::ok("good"); }));
    Instance two(Instance::answering([](const Wire::Message&) { return Instance::ok("good"); }));
    Options options;
    options.outlier_interval = 10ms;
    Running running(options);
    running.publish({service("a", {"/a"}, {bad.port(), one.port(), two.port()})});
    const auto snapshot = running.gateway.snapshot();
    const auto& endpoint = snapshot->clusters()[0]->endpoints[0];
    const auto is_out = [&] { return endpoint->figures(std::chrono::steady_clock::now()).ejected; };
    for (const std::size_t other : {1u, 2u}) { // thought slow, so that it is asked however late an answer of it may have been in a busy machine
        Endpoint& good = *snapshot->clusters()[0]->endpoints[other];
        const auto now = std::chrono::steady_clock::now();
        good.end(*good.begin(now), Outcome::success, 1h, now);
    }
    // A time in which there is too little to tell is not looked at by itself: it goes on.
    auto client = running.client();
    const std::string get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
    ASSERT_TRUE(eventually([&] { return client.ask(get).status() != 0 && is_out(); }));
    const int until_then = asked;
    for (int i = 0; i < 200; ++i) EXPECT_EQ(client.ask(get).body, "good");
    EXPECT_EQ(asked, until_then);
    EXPECT_EQ(endpoint->figures(std::chrono::steady_clock::now()).ejections, 1u);
    endpoint->hold(Hold::none); // as an operator does
    EXPECT_FALSE(is_out());
    EXPECT_TRUE(eventually([&] { return client.ask(get).status() != 0 && asked > until_then; }));
}

TEST(Outliers, OfASingleInstanceNoneIsLeftOut) {
    std::atomic<int> asked{0};
    Instance bad(Instance::answering([&](const Wire::Message&) {
        return ++asked % 3 == 0 ? std::string("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n") : Instance::ok("bad");
    }));
    Options options;
    options.outlier_interval = 10ms;
    Running running(options);
    running.publish({service("a", {"/a"}, {bad.port()})});
    auto client = running.client();
    for (int i = 0; i < 200; ++i) EXPECT_NE(client.ask("GET /a HTTP/1.1\r\nHost: h\r\n\r\n").status(), 503);
    EXPECT_EQ(asked, 200);
}

} // namespace
} // namespace gravity::gateway::test
