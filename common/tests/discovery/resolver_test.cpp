#include "http/support.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/discovery/resolver.hpp>
#include <gravity/http/message.hpp>

#include <mutex>

namespace gravity::discovery {
namespace {

using http::test::eventually;
using http::test::Running;
using Steady = std::chrono::steady_clock;

std::string entry(const std::string& id, const std::string& address, int port, const std::string& more = "") {
    return R"({"Node":{"Address":"10.9.9.9"},"Service":{"ID":")" + id + R"(","Address":")" + address + R"(","Port":)" + std::to_string(port) + more +
           R"(},"Checks":[]})";
}

TEST(ParseHealth, TakesWhatTheConsulApiSays) {
    const auto found = parse_health("[" + entry("b", "10.0.0.2", 81, R"(,"Weights":{"Passing":3,"Warning":1},"Meta":{"scheme":"https"})") + "," +
                                    entry("a", "", 80) + "," + entry("c", "fd00::1", 82) + "]");
    ASSERT_EQ(found.size(), 3u);
    EXPECT_EQ(found[0].url, "http://10.9.9.9:80"); // without an address of its own it is at the node's
    EXPECT_EQ(found[1].url, "http://[fd00::1]:82");
    EXPECT_EQ(found[2].url, "https://10.0.0.2:81");
    EXPECT_EQ(found[2].weight, 3u);
    EXPECT_EQ(found[2].id, "b");
}

TEST(ParseHealth, LeavesOutWhatCannotBeCalled) {
    EXPECT_TRUE(parse_health("[]").empty());
    EXPECT_TRUE(parse_health("[" + entry("a", "10.0.0.1", 0) + "," + entry("b", "10.0.0.1", 70000) + ",{},1,null," +
                             entry("d", "10.0.0.1", 80, R"(,"Weights":{"Passing":0})") + "]")
                    .empty());
    for (const auto text : {"", "{}", "null", "[", "\"x\""}) EXPECT_THROW(parse_health(text), std::invalid_argument) << text;
}

/// An agent that holds a query until what it knows changes.
struct Agent {
    std::mutex mutex;
    std::string answer = "[]";
    int index = 1, status = 200;
    std::atomic<int> asked{0};
    std::string token, user_agent;
    Running running;
    std::uint16_t port = running.serve([this](http::Exchange& exchange) { return serve(exchange); });
    std::shared_ptr<Resolver> resolver = consul_resolver(running.io(), "http://127.0.0.1:" + std::to_string(port), "secret", "gravity-order/1");
    ~Agent() {
        running.on_io([this] { resolver.reset(); });
        set("[]", 200); // lets go of who waits
    }

    void set(std::string document, int with = 200) {
        const std::lock_guard lock(mutex);
        answer = std::move(document);
        status = with;
        ++index;
    }
    Task<void> serve(http::Exchange& exchange) {
        const auto query = http::parse_query(exchange.request().query).value();
        int seen = 0;
        for (const auto& parameter : query)
            if (parameter.name == "index") seen = std::stoi(parameter.value);
        ++asked;
        http::Response response;
        for (;;) {
            {
                const std::lock_guard lock(mutex);
                user_agent = exchange.request().headers.get("User-Agent").value_or("");
                token = exchange.request().headers.get("X-Consul-Token").value_or("");
                if (seen != index || exchange.request().path != "/v1/health/service/inventory") {
                    response.status = status;
                    response.body = answer;
                    response.headers.add("X-Consul-Index", std::to_string(index));
                    break;
                }
            }
            boost::asio::steady_timer timer(running.io(), std::chrono::milliseconds(1));
            co_await timer.async_wait(boost::asio::use_awaitable);
        }
        co_await exchange.respond(std::move(response));
    }
    std::vector<Instance> find() { return *running.await(resolver->find("inventory", 0, Steady::now() + std::chrono::seconds(10))); }
};

TEST(ConsulResolver, KnowsAChangeWithoutBeingAsked) {
    Agent agent;
    agent.set("[" + entry("a", "10.0.0.1", 80) + "]");
    ASSERT_EQ(agent.find().size(), 1u);
    EXPECT_EQ(agent.token, "secret");
    EXPECT_EQ(agent.user_agent, "gravity-order/1");
    const int before = agent.asked;
    for (int i = 0; i < 100; ++i) agent.find(); // from what is known
    EXPECT_LE(agent.asked, before + 1);
    agent.set("[" + entry("a", "10.0.0.1", 80) + "," + entry("b", "10.0.0.2", 80) + "]");
    EXPECT_TRUE(eventually([&] { return agent.find().size() == 2; }));
    agent.set("[]");
    EXPECT_TRUE(eventually([&] { return agent.find().empty(); }));
}

TEST(ConsulResolver, WhileDiscoveryIsAwayTheLastAnswerStands) {
    Agent agent;
    agent.set("[" + entry("a", "10.0.0.1", 80) + "]");
    ASSERT_EQ(agent.find().size(), 1u);
    agent.set("gone", 500);
    std::string error;
    EXPECT_TRUE(eventually([&] {
        agent.running.on_io([&] { error = agent.resolver->last_error("inventory"); });
        return !error.empty();
    }));
    EXPECT_EQ(error, "discovery answered 500");
    EXPECT_EQ(agent.find().size(), 1u);
    agent.set("[" + entry("b", "10.0.0.2", 80) + "," + entry("c", "10.0.0.3", 80) + "]");
    EXPECT_TRUE(eventually([&] { return agent.find().size() == 2; }));
}

TEST(ConsulResolver, ThatCannotBeReachedIsNoInstanceAndAReason) {
    Running running;
    running.run();
    auto resolver = consul_resolver(running.io(), "http://127.0.0.1:1", "");
    EXPECT_TRUE(running.await(resolver->find("inventory", 0, Steady::now() + std::chrono::seconds(10)))->empty());
    EXPECT_NE(resolver->last_error("inventory"), "");
    running.on_io([&] { resolver.reset(); });
    running.io().stop();
}

TEST(DnsResolver, MakesAnInstanceOfEachAddress) {
    Running running;
    running.run();
    auto resolver = dns_resolver(running.io(), "host"); // "local" + "host"
    const auto found = *running.await(resolver->find("local", 4711, Steady::now() + std::chrono::seconds(10)));
    ASSERT_FALSE(found.empty());
    for (const auto& one : found) {
        EXPECT_EQ(one.url, "http://localhost:4711");
        EXPECT_EQ(one.addresses.size(), 1u);
    }
    auto nowhere = dns_resolver(running.io(), ".invalid");
    EXPECT_TRUE(running.await(nowhere->find("inventory", 1, Steady::now() + std::chrono::seconds(10)))->empty());
    running.on_io([&] { resolver.reset(), nowhere.reset(); });
    running.io().stop();
}

TEST(FixedResolver, SaysWhatItWasTold) {
    Running running;
    running.run();
    const auto resolver = fixed_resolver([](const std::string& name) { return std::vector<Instance>{{"1", "http://" + name + ":1", {}, 1}}; });
    EXPECT_EQ(running.await(resolver->find("inventory", 0, {}))->front().url, "http://inventory:1");
    EXPECT_TRUE(running.await(fixed_resolver({})->find("inventory", 0, {}))->empty());
}

} // namespace
} // namespace gravity::discovery
