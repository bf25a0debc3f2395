// The daemon with access rules, over HTTP: whose request it is, and what becomes of one that waits when the rules change.
#include "daemon.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/async/sleep.hpp>
#include <gravity/http/server.hpp>
#include <gravity/testkit/client.hpp>
#include <gravity/testkit/loop.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <thread>

namespace gravity::registry {
namespace {

using namespace std::chrono_literals;
constexpr auto patience = 20s;
constexpr const char* jwt = "eyJhbGciOiJFUzI1NiJ9.e30.c2ln";

// Takes one token of the platform, which has `scope`; another cannot be verified now.
Task<std::optional<Caller>> check_token(std::string token) {
    if (token == std::string(jwt) + "-later") throw api::ApiError(503, "Tokens cannot be verified at the moment");
    if (token != jwt) co_return std::nullopt;
    Caller caller;
    caller.subject = "gateway";
    caller.scopes = {"discovery:read"};
    co_return caller;
}

class GuardedDaemon : public ::testing::Test {
protected:
    GuardedDaemon() {
        DaemonOptions options{{"n1", "", "127.0.0.1", "dc1", "1.22.0", 1}, 3, std::nullopt};
        options.acl.enabled = true;
        options.acl.initial_management = "root";
        options.caller_of = check_token;
        daemon = std::make_unique<Daemon>(io, std::make_unique<MemoryStore>(), std::move(options));
        server = std::make_unique<http::Server>(io, http::ServerOptions{}, [this](http::Exchange& exchange) { return daemon->handle(exchange); });
        server->start();
        spawn(io, "time", [this] { return daemon->keep_time(); });
        thread = std::thread([this] { io.run(); });
        client = testkit::Client(server->port(), "");
    }
    ~GuardedDaemon() override {
        io.stop();
        thread.join();
        server.reset();
        daemon.reset();
    }

    testkit::Call call(const char* method, const std::string& target, const std::string& body = {}, const std::string& token = "root") {
        testkit::Call call = client.call(method, target);
        call.header("X-Consul-Token", token);
        if (!body.empty()) call.raw(body, "application/json");
        return call;
    }
    std::future<testkit::Answer> ask_later(const std::string& target, const std::string& token) {
        return std::async(std::launch::async, [this, target, token] { return call("GET", target, "", token).send(); });
    }
    std::size_t waiting() {
        std::promise<std::size_t> count;
        boost::asio::post(io, [&] { count.set_value(daemon->waiting()); });
        return count.get_future().get();
    }
    bool somebody_waits() {
        const auto end = std::chrono::steady_clock::now() + patience;
        while (waiting() == 0) {
            if (std::chrono::steady_clock::now() > end) return false;
            std::this_thread::yield();
        }
        return true;
    }
    /// Secret and path of a new token with these rules.
    std::pair<std::string, std::string> token_with(const std::string& rules) {
        const std::string name = "p" + std::to_string(++policies);
        call("PUT", "/v1/acl/policy", Json::object({{"Name", name}, {"Rules", rules}}).dump()).expect(200);
        const Json made = call("PUT", "/v1/acl/token", "{\"Policies\":[{\"Name\":\"" + name + "\"}]}").expect(200).json();
        return {made.find("SecretID")->as_string(), "/v1/acl/token/" + made.find("AccessorID")->as_string()};
    }

    boost::asio::io_context io{1};
    std::unique_ptr<Daemon> daemon;
    std::unique_ptr<http::Server> server;
    std::thread thread;
    testkit::Client client;
    int policies = 0;
};

TEST_F(GuardedDaemon, TheManagementTokenOfItsSettingsIsThereForTheFirstRequest) {
    EXPECT_EQ(call("GET", "/v1/acl/token/self").expect(200).json().find("Description")->as_string(), "Initial Management Token");
    EXPECT_EQ(call("PUT", "/v1/acl/bootstrap").send().status(), 403);
}

TEST_F(GuardedDaemon, AnIncompleteListSaysSoToWhoHasAToken) {
    const auto [secret, path] = token_with("node_prefix \"\" { policy = \"read\" }");
    call("PUT", "/v1/agent/service/register", R"({"Name":"web"})").expect(200);
    const auto told = call("GET", "/v1/catalog/services", "", secret).expect(200);
    EXPECT_EQ(told.body(), "{}");
    EXPECT_EQ(told.header("X-Consul-Results-Filtered-By-ACLs"), "true");
    EXPECT_EQ(call("GET", "/v1/catalog/services").expect(200).header("X-Consul-Results-Filtered-By-ACLs"), "");
    const auto anonymous = client.get("/v1/catalog/services").send();
    EXPECT_EQ(anonymous.body(), "{}");
    EXPECT_EQ(anonymous.header("X-Consul-Results-Filtered-By-ACLs"), "");
}

TEST_F(GuardedDaemon, AnAliasCheckEndsWithThePermissionOfItsOwner) {
    call("PUT", "/v1/agent/service/register", R"({"Name":"db","Check":{"CheckID":"db","TTL":"1m","Status":"passing"}})").expect(200);
    const auto [secret, path] = token_with(R"(service "web" { policy = "write" } service "db" { policy = "read" } node_prefix "" { policy = "read" })");
    call("PUT", "/v1/agent/service/register", R"({"Name":"web","Checks":[{"CheckID":"a","AliasService":"db"}]})", secret).expect(200);
    const auto status = [&] { return call("GET", "/v1/agent/checks").expect(200).text("/a/Status"); };
    EXPECT_EQ(status(), "passing");
    call("DELETE", path).expect(200);
    testkit::until([&] { return status() == "critical"; });
}

TEST_F(GuardedDaemon, WhoWaitsGetsWhatHeMaySeeWhenItComes) {
    const auto [secret, path] = token_with("service \"web\" { policy = \"read\" } node_prefix \"\" { policy = \"read\" }");
    const auto first = call("GET", "/v1/catalog/services", "", secret).expect(200);
    EXPECT_EQ(first.body(), "{}");
    auto later = ask_later("/v1/catalog/services?wait=60s&index=" + first.header("X-Consul-Index"), secret);
    ASSERT_TRUE(somebody_waits());
    call("PUT", "/v1/agent/service/register", R"({"Name":"hidden"})").expect(200);
    const auto second = later.get(); // something changed, if nothing he sees
    EXPECT_EQ(second.status(), 200);
    EXPECT_EQ(second.body(), "{}");
    EXPECT_GT(std::stoll(second.header("X-Consul-Index")), std::stoll(first.header("X-Consul-Index")));
    call("PUT", "/v1/agent/service/register", R"({"Name":"web"})").expect(200);
    const auto third = call("GET", "/v1/catalog/services?wait=60s&index=" + second.header("X-Consul-Index"), "", secret).expect(200);
    EXPECT_EQ(third.body(), R"({"web":[]})");
}

TEST_F(GuardedDaemon, WhoLosesHisPermissionWhileHeWaitsIsRefused) {
    const auto [secret, path] = token_with("key \"k\" { policy = \"read\" }");
    call("PUT", "/v1/kv/k", "1").expect(200);
    const auto first = call("GET", "/v1/kv/k?raw", "", secret).expect(200);
    auto later = ask_later("/v1/kv/k?raw&wait=60s&index=" + first.header("X-Consul-Index"), secret);
    ASSERT_TRUE(somebody_waits());
    call("DELETE", path).expect(200);
    call("PUT", "/v1/kv/k", "2").expect(200);
    const auto refused = later.get();
    EXPECT_EQ(refused.status(), 403);
    EXPECT_EQ(refused.body(), "ACL not found");
}

TEST_F(GuardedDaemon, ATokenOfThePlatformHasItsScopes) {
    call("PUT", "/v1/kv/k", "v").expect(200);
    EXPECT_EQ(call("GET", "/v1/kv/k?raw", "", jwt).expect(200).body(), "v");
    const auto refused = call("PUT", "/v1/kv/k", "w", jwt).send();
    EXPECT_EQ(refused.status(), 403);
    EXPECT_NE(refused.body().find("token with AccessorID 'jwt:gateway' lacks permission 'key:write'"), std::string::npos) << refused.body();
    EXPECT_EQ(client.get("/v1/kv/k?raw").header("Authorization", std::string("Bearer ") + jwt).send().body(), "v");
    EXPECT_EQ(call("GET", "/v1/kv/k", "", std::string(jwt) + "-other").send().status(), 403);
    EXPECT_EQ(call("GET", "/v1/kv/k", "", std::string(jwt) + "-later").send().status(), 503);
}

TEST_F(GuardedDaemon, ABodyIsNotReadForWhoMayNotSendIt) {
    const std::string too_much(2 * 1024 * 1024, 'x');
    EXPECT_EQ(client.call("PUT", "/v1/acl/token").raw(too_much, "application/json").send().status(), 403);
    EXPECT_EQ(call("PUT", "/v1/acl/token", too_much).send().status(), 413);
}

TEST_F(GuardedDaemon, AfterARestoreTheManagementTokenIsMadeAgain) {
    const auto [secret, path] = token_with("acl = \"write\"");
    const std::string own = call("GET", "/v1/acl/token/self").expect(200).json().find("AccessorID")->as_string();
    call("DELETE", "/v1/acl/token/" + own, "", secret).expect(200);
    EXPECT_EQ(call("GET", "/v1/acl/tokens").send().status(), 403); // whoever deletes it means it
    const std::string without = call("GET", "/v1/snapshot", "", secret).expect(200).body();
    client.call("PUT", "/v1/snapshot").raw(without, "application/octet-stream").header("X-Consul-Token", secret).expect(200);
    EXPECT_EQ(call("GET", "/v1/acl/tokens").send().status(), 200);
    EXPECT_EQ(call("GET", "/v1/acl/tokens", "", secret).send().status(), 200);
}

} // namespace
} // namespace gravity::registry
