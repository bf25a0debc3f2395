#include "process.hpp"
#include "shared_limits.hpp"

#include <gravity/testkit/redis.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <future>

/// A limit that several gateways hold a caller to together.
namespace gravity::gateway::test {
namespace {

using resilience::RateDecision;
const std::string ada = "gateway:{p}:limit:sada", bob = "gateway:{p}:limit:sbob";

/// What was asked of the store, and what those who wait were told.
struct Asked {
    std::vector<std::pair<std::string, std::uint64_t>> questions;
    std::vector<std::string> told; // "yes 3", "no 250", "nobody"
    SharedLimits limits{[this](std::string caller, std::uint64_t wanted) { questions.emplace_back(std::move(caller), wanted); }};

    void take(const std::string& caller) {
        limits.take(caller, [this](std::optional<RateDecision> decision) {
            if (!decision) return told.emplace_back("nobody"), void();
            const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(decision->retry_after).count();
            told.push_back(decision->allowed ? "yes " + std::to_string(decision->remaining) : "no " + std::to_string(wait));
        });
    }
};

TEST(SharedLimits, AskOnceForAllWhoCameMeanwhile) {
    Asked asked;
    for (int i = 0; i < 5; ++i) asked.take(ada);
    asked.take(bob);
    const auto now = std::chrono::steady_clock::now();
    ASSERT_EQ(asked.questions, (std::vector<std::pair<std::string, std::uint64_t>>{{ada, 1}, {bob, 1}}));
    asked.limits.landed(ada, RateGrant{1, 3, {}, 10ms}, now);
    EXPECT_EQ(asked.told, (std::vector<std::string>{"yes 3"}));
    ASSERT_EQ(asked.questions.size(), 3u);
    EXPECT_EQ(asked.questions[2].second, 4u);
    asked.take(ada); // comes too late for that question, and learns from its answer
    asked.limits.landed(ada, RateGrant{3, 0, 250ms, 900ms}, now);
    EXPECT_EQ(asked.told, (std::vector<std::string>{"yes 3", "yes 2", "yes 1", "yes 0", "no 250", "no 250"}));
    EXPECT_EQ(asked.questions.size(), 3u);
    const auto denied = asked.limits.denied(ada, now + 100ms);
    ASSERT_TRUE(denied);
    EXPECT_FALSE(denied->allowed);
    EXPECT_EQ(denied->retry_after, 150ms);
    EXPECT_EQ(denied->reset_after, 800ms);
    EXPECT_FALSE(asked.limits.denied(ada, now + 250ms));
    EXPECT_FALSE(asked.limits.denied(bob, now)) << "each by himself";
    asked.take(ada);
    EXPECT_EQ(asked.questions.size(), 4u);
}

TEST(SharedLimits, KeepNobodyWaitingForAStoreThatIsAway) {
    Asked asked;
    for (int i = 0; i < 3; ++i) asked.take(ada);
    const auto now = std::chrono::steady_clock::now();
    EXPECT_TRUE(asked.limits.working(now));
    asked.limits.landed(ada, std::nullopt, now);
    EXPECT_EQ(asked.told, (std::vector<std::string>{"nobody", "nobody", "nobody"}));
    EXPECT_FALSE(asked.limits.working(now + 999ms));
    EXPECT_TRUE(asked.limits.working(now + 1s));
}

TEST(SharedLimits, RememberABoundedNumberOfThoseWhoHaveToWait) {
    Asked asked;
    const auto now = std::chrono::steady_clock::now();
    const auto deny = [&](const std::string& caller, std::chrono::milliseconds wait) {
        asked.take(caller);
        asked.limits.landed(caller, RateGrant{0, 0, wait, wait}, now);
    };
    for (int i = 0; i < 40'000; ++i) deny("caller" + std::to_string(i), 10s);
    int known = 0;
    for (int i = 0; i < 40'000; ++i) known += asked.limits.denied("caller" + std::to_string(i), now).has_value();
    EXPECT_GT(known, 1000);
    EXPECT_LE(known, 16 * 1025);
}

/// As much of a gateway as has to do with it.
struct Member {
    explicit Member(const std::string& url, std::uint32_t per_second, std::uint32_t burst) : store(std::make_shared<RateStore>(io, url, per_second, burst)) {
        thread = std::thread([this] { io.run(); });
    }
    ~Member() {
        work.reset();
        io.stop();
        thread.join();
    }
    bool take(const std::string& caller) { return ask(caller).value_or(RateDecision{}).allowed; }
    std::optional<RateDecision> ask(const std::string& caller) {
        std::promise<std::optional<RateDecision>> told;
        limits.take(caller, [&told](std::optional<RateDecision> decision) { told.set_value(decision); });
        return told.get_future().get();
    }
    boost::asio::io_context io;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()};
    std::shared_ptr<RateStore> store;
    SharedLimits limits{[this](std::string caller, std::uint64_t wanted) { store->ask(limits, std::move(caller), wanted); }};
    std::thread thread;
};

/// How many of `each` requests of each of 64 are taken, and how long that took.
template <class Ask>
std::pair<int, double> of_sixty_four(int each, Ask ask) {
    std::atomic<int> taken{0};
    std::vector<std::thread> threads;
    const auto begun = std::chrono::steady_clock::now();
    for (int i = 0; i < 64; ++i)
        threads.emplace_back([&, i] {
            for (int n = 0; n < each; ++n) taken += ask(i);
        });
    for (auto& thread : threads) thread.join();
    return {taken.load(), std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count()};
}

TEST(SharedLimits, AreExactForTwoOnOneStore) {
    const testkit::TestRedis redis;
    Member one(redis.url(), 2, 500), two(redis.url(), 2, 500);
    const auto [taken, seconds] = of_sixty_four(20, [&](int i) { return (i % 2 ? one : two).take(ada); });
    EXPECT_GE(taken, 500) << "none is lost";
    EXPECT_LE(taken, 500 + 2 * seconds + 1) << "none is too many";
    const auto refused = one.ask(ada);
    ASSERT_TRUE(refused);
    EXPECT_FALSE(refused->allowed);
    EXPECT_GT(refused->retry_after, 0ms);
    EXPECT_LE(refused->retry_after, 501ms);
    EXPECT_GT(refused->reset_after, 200s);
    const auto other = two.ask(bob);
    ASSERT_TRUE(other);
    EXPECT_TRUE(other->allowed);
    EXPECT_EQ(other->remaining, 499u);
    EXPECT_GT(std::stoi(redis.cli("pttl '" + ada + "'")), 200'000) << "and is gone by itself";
}

TEST(SharedLimits, FillAtTheirRate) {
    const testkit::TestRedis redis;
    Member member(redis.url(), 50, 5);
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(member.take(ada));
    const auto begun = std::chrono::steady_clock::now();
    int taken = 0;
    while (std::chrono::steady_clock::now() - begun < 500ms) taken += member.take(ada);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    EXPECT_GE(taken, 20);
    EXPECT_LE(taken, 50 * seconds + 6);
}

TEST(SharedLimits, OfNothingOrByNoUrlAreRefused) {
    boost::asio::io_context io;
    EXPECT_THROW(std::make_shared<RateStore>(io, "redis://127.0.0.1:1", 0, 1), std::invalid_argument);
    EXPECT_THROW(std::make_shared<RateStore>(io, "redis://127.0.0.1:1", 1, 0), std::invalid_argument);
    EXPECT_THROW(std::make_shared<RateStore>(io, "nonsense", 1, 1), std::invalid_argument);
    EXPECT_EQ(Process({"PORT=0", "ADMIN_PORT=0", "GATEWAY_RATE_REDIS_URL=nonsense"}).wait(), 1);
}

TEST(SharedLimits, HoldForTwoGatewaysAndEachHoldsItsOwnWhileTheStoreIsAway) {
    testkit::TestRedis redis;
    Instance instance(Instance::answering([](const Wire::Message&) { return Instance::ok("in"); }));
    const Folder files;
    const std::string routes = files.file("routes.json", R"({"routes":[{"name":"shop","prefixes":["/a"],"upstreams":["127.0.0.1:)" +
                                                             std::to_string(instance.port()) + R"("]}]})");
    const std::vector<std::string> settings = {"GATEWAY_RATE_REDIS_URL=" + redis.url(), "GATEWAY_RATE_PER_SECOND=1", "GATEWAY_RATE_BURST=400",
                                               "GATEWAY_ROUTES_FILE=" + routes};
    Platform one(settings), two(settings);
    const auto bearer = [&](const Platform& platform, const std::string& subject, ProjectId project) {
        auth::Claims claims;
        claims.issuer = "https://issuer.example";
        claims.audience = {"gravity"};
        claims.subject = subject;
        claims.project = project;
        claims.expires_at = now().unix_seconds() + 600;
        return "GET /a HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " + platform.signer.token(claims) + "\r\n\r\n";
    };
    const ProjectId shop = ProjectId::fresh(), blog = ProjectId::fresh();
    const std::string at_one = bearer(one, "ada", shop), at_two = bearer(two, "ada", shop);
    std::vector<Wire> clients;
    for (int i = 0; i < 64; ++i) clients.push_back(Wire::connect((i % 2 ? one : two).port));
    const auto [taken, seconds] = of_sixty_four(15, [&](int i) { return clients[static_cast<std::size_t>(i)].ask(i % 2 ? at_one : at_two).status() == 200; });
    EXPECT_GE(taken, 400) << "none is lost";
    EXPECT_LE(taken, 400 + seconds + 1) << "none is too many";
    const auto refused = clients[0].ask(at_two);
    EXPECT_EQ(refused.status(), 429);
    EXPECT_TRUE(refused.has("Retry-After: 1")) << refused.head;
    EXPECT_TRUE(refused.field("RateLimit").value_or("").starts_with("\"caller\";r=0;t=")) << refused.head;
    const auto other = clients[1].ask(bearer(one, "ada", blog));
    EXPECT_EQ(other.status(), 200) << "another project's ada is another";
    EXPECT_TRUE(other.has("RateLimit-Policy: \"caller\";q=400;w=400")) << other.head;
    EXPECT_TRUE(other.field("RateLimit").value_or("").starts_with("\"caller\";r=399;t=")) << other.head;
    EXPECT_EQ(other.head.find("RateLimit:", other.head.find("RateLimit:") + 1), std::string::npos) << "told once";
    EXPECT_NE(redis.cli("keys '*'").find("gateway:{" + shop.to_string() + "}:limit:sada"), std::string::npos);

    redis.kill();
    int alone = 0;
    const std::string bob_at_one = bearer(one, "bob", shop);
    for (int i = 0; i < 450; ++i) alone += clients[1].ask(bob_at_one).status() == 200;
    EXPECT_GE(alone, 400) << "its own limit counts, of which nothing has been taken";
    EXPECT_LT(alone, 450);
    EXPECT_TRUE(eventually([&] { return one.ask("GET", "/health/ready").body.find("\"limits\"") != std::string::npos; }));
    redis.start();
    EXPECT_TRUE(eventually([&] { return clients[1].ask(bearer(one, "ada", ProjectId::fresh())).status() == 200 && redis.cli("dbsize") != "0\n"; }));
    EXPECT_EQ(status_of(one.port, "/a"), 401);
}

} // namespace
} // namespace gravity::gateway::test
