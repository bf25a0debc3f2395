#include "http/support.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/discovery/catalog.hpp>

namespace gravity::discovery {
namespace {

using http::test::Running;

TEST(ServicesWith, AreThoseWhoseTagsSaySo) {
    EXPECT_EQ(services_with("gravity", R"({"auth":["gravity","v1"],"consul":[],"web":["other"],"user":["gravity"]})"), (std::set<std::string>{"auth", "user"}));
    EXPECT_EQ(services_with("grav", R"({"auth":["gravity"]})"), std::set<std::string>{});
    EXPECT_EQ(services_with("gravity", "{}"), std::set<std::string>{});
    for (const std::string bad : {"", "[]", "null", "<html>", R"({"auth":"gravity"})", R"({"auth":{}})"})
        EXPECT_THROW(services_with("gravity", bad), std::invalid_argument) << bad;
}

struct Agent {
    std::string answer = R"({"order":["gravity","personal-data"],"price":["gravity"]})", token, asked;
    int status = 200;
    Running running;
    std::uint16_t port = running.serve([this](http::Exchange& exchange) { return serve(exchange); });

    Task<void> serve(http::Exchange& exchange) {
        token = exchange.request().headers.get("X-Consul-Token").value_or("");
        asked = exchange.request().path;
        http::Response response;
        response.status = status;
        response.body = answer;
        co_await exchange.respond(std::move(response));
    }
    std::set<std::string> ask(const std::string& url, std::optional<Secret<>> with = std::nullopt) {
        return running.await(tagged(url, std::move(with)));
    }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(port); }
    Task<std::set<std::string>> tagged(std::string at, std::optional<Secret<>> with) {
        Catalog catalog(running.io(), at, with);
        std::string tag = "personal-data";
        std::set<std::string> found = co_await catalog.with_tag(tag);
        co_return found;
    }
};

TEST(Catalog, AsksDiscoveryEachTime) {
    Agent agent;
    EXPECT_EQ(agent.ask(agent.url(), Secret<>("s3cret")), std::set<std::string>{"order"});
    EXPECT_EQ(agent.token, "s3cret");
    EXPECT_EQ(agent.asked, "/v1/catalog/services");
    agent.answer = R"({"order":["personal-data"],"price":["personal-data"]})";
    EXPECT_EQ(agent.ask(agent.url()), (std::set<std::string>{"order", "price"}));
    EXPECT_EQ(agent.token, "");
}

TEST(Catalog, DoesNotTakeAFaultForNobody) {
    Agent agent;
    agent.status = 500;
    EXPECT_THROW(agent.ask(agent.url()), std::runtime_error);
    agent.status = 200;
    agent.answer = "[]";
    EXPECT_THROW(agent.ask(agent.url()), std::invalid_argument);
    EXPECT_THROW(agent.ask("http://127.0.0.1:1"), std::runtime_error);
    EXPECT_EQ(agent.ask(""), std::set<std::string>{}) << "without discovery there is nobody";
}

} // namespace
} // namespace gravity::discovery
