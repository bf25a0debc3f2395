// A service whose Redis is behind a bad network: what was done once is not done twice, and nobody is told that it was not done.
#include <gravity/async/coroutine.hpp>
#include <gravity/redis/client.hpp>
#include <gravity/service.hpp>
#include <gravity/testkit/fault_proxy.hpp>
#include <gravity/testkit/neighbour.hpp>
#include <gravity/testkit/service.hpp>

#include <gtest/gtest.h>

#include <cstdlib>

namespace gravity {
namespace {

using testkit::eventually;

struct Count {
    std::int64_t value;
};
BOOST_DESCRIBE_STRUCT(Count, (), (value))
struct Step {
    Bounded<int, 1, 10> by{1};
};
BOOST_DESCRIBE_STRUCT(Step, (), (by))

std::string key_of(const Caller& caller) { return "visits:{" + caller.project.to_string() + "}:count"; }

Task<Count> add(Ctx& ctx, Caller caller, Body<Step> step) {
    redis::Command command{"INCRBY", key_of(caller), static_cast<int>(step->by)};
    const redis::Value value = co_await ctx.get<redis::Client>().command(std::move(command));
    Count count{value.as_integer()};
    co_return count;
}
Task<Count> read(Ctx& ctx, Caller caller) {
    redis::Command command{"GET", key_of(caller)};
    const redis::Value value = co_await ctx.get<redis::Client>().command(std::move(command));
    Count count{value.is_nil() ? 0 : value.as_integer()};
    co_return count;
}

void routes(Router& router) {
    auto visits = router.collection("/api/v1/visits", "visits");
    visits.post<add>("", {.summary = "Count a visit"});
    visits.get<read>("", {.summary = "How many there were"});
}

struct RedisFaults : testing::Test {
    void SetUp() override {
        const char* url = std::getenv("GRAVITY_TEST_REDIS");
        if (url == nullptr) GTEST_SKIP() << "GRAVITY_TEST_REDIS is not set: run the tests by ./gravity test";
        const std::string text(url);
        const auto port = static_cast<std::uint16_t>(std::stoi(text.substr(text.rfind(':') + 1)));
        proxy = std::make_unique<testkit::FaultProxy>("127.0.0.1", port);
        const std::string through = proxy->in_front_of(text);
        Service visits{"visits", 0};
        visits.routes(routes).provision([through](app::Runtime& runtime) {
            auto client = std::make_shared<redis::Client>(runtime.io, through);
            runtime.resources.put(client);
            runtime.health.add("redis", app::Health::Kind::required, [client]() -> Task<std::optional<std::string>> {
                if (client->connected()) co_return std::nullopt;
                co_return client->last_error();
            });
        });
        service = std::make_unique<testkit::RunningService>(std::move(visits));
        as = std::make_unique<testkit::Callers>(*service);
    }
    std::int64_t count() { return as->owner.get("/api/v1/visits").expect(200).at("/value").as_integer(); }

    std::unique_ptr<testkit::FaultProxy> proxy;
    std::unique_ptr<testkit::RunningService> service;
    std::unique_ptr<testkit::Callers> as;
};

TEST_F(RedisFaults, AnAnswerThatIsLostIsNotTakenForAFailureNorAskedForAgain) {
    as->owner.post("/api/v1/visits", {{"by", 1}}).expect(200).field("/value", 1);
    proxy->lose_answer_to("incrby");
    as->owner.post("/api/v1/visits", {{"by", 1}}).expect_problem(503, "outcome-unknown");
    EXPECT_EQ(proxy->losses(), 1u);
    EXPECT_EQ(count(), 2); // it was done, once
}

TEST_F(RedisFaults, ACommandThatNeverArrivedMayHaveAllTheSame) {
    proxy->lose("incrby");
    as->owner.post("/api/v1/visits", {{"by", 1}}).expect_problem(503, "outcome-unknown"); // it was written, so nobody can know
    EXPECT_EQ(count(), 0);
}

TEST_F(RedisFaults, AConnectionThatIsCutIsMadeAgain) {
    as->owner.post("/api/v1/visits", {{"by", 3}}).expect(200);
    proxy->cut();
    eventually("it answers again", [&] { return as->owner.get("/api/v1/visits").send().status() == 200; });
    EXPECT_EQ(count(), 3);
}

TEST_F(RedisFaults, AServerThatIsAwayIs503AndComesBackByItself) {
    as->owner.post("/api/v1/visits", {{"by", 2}}).expect(200);
    proxy->refuse();
    proxy->cut();
    const auto away = as->owner.post("/api/v1/visits", {{"by", 1}}).expect_problem(503, "store-unavailable"); // never written: surely not done
    EXPECT_FALSE(away.header("Retry-After").empty());
    eventually("not ready", [&] { return as->anonymous.get("/health/ready").send().status() == 503; });
    proxy->pass();
    eventually("ready again", [&] { return as->anonymous.get("/health/ready").send().status() == 200; });
    EXPECT_EQ(count(), 2);
}

TEST_F(RedisFaults, ASilentServerIsGivenUpAtTheDeadline) {
    as->owner.post("/api/v1/visits", {{"by", 1}}).expect(200);
    proxy->silence();
    const auto lost = as->owner.post("/api/v1/visits", {{"by", 1}}).send();
    EXPECT_EQ(lost.status(), 503);
    EXPECT_EQ(lost.text("/type"), problem_type("outcome-unknown"));
    proxy->pass();
    proxy->cut();
    eventually("it answers again", [&] { return as->owner.get("/api/v1/visits").send().status() == 200; });
}

TEST_F(RedisFaults, DrippingOnlyCostsTime) {
    proxy->drip(3, std::chrono::milliseconds(0));
    as->owner.post("/api/v1/visits", {{"by", 5}}).expect(200).field("/value", 5);
}

} // namespace
} // namespace gravity
