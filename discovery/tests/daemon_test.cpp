// The daemon in this process, over HTTP, on a store in memory: what waiting, waking and failing look like from outside.
#include "daemon.hpp"
#include "dns_client.hpp"
#include "loopback.hpp"

#include <gravity/async/sleep.hpp>
#include <gravity/http/server.hpp>
#include <gravity/testkit/client.hpp>
#include <gravity/testkit/loop.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <mutex>
#include <thread>

namespace gravity::registry {
namespace {

using namespace std::chrono_literals;
using testkit::until;

class DaemonTest : public ::testing::Test {
protected:
    DaemonTest() {
        auto owned = std::make_unique<MemoryStore>();
        owned->before_commit = [this] {
            if (fail_writes) throw StoreError("disk full");
        };
        daemon = std::make_unique<Daemon>(io, std::move(owned), DaemonOptions{{"n1", "", "127.0.0.1", "dc1", "1.22.0", 1}, 3, dns::ServerOptions{}});
        server = std::make_unique<http::Server>(io, http::ServerOptions{}, [this](http::Exchange& exchange) { return daemon->handle(exchange); });
        server->start();
        spawn(io, "time", [this] { return daemon->keep_time(); });
        thread = std::thread([this] { io.run(); });
        client = testkit::Client(server->port(), "");
    }
    ~DaemonTest() override {
        io.stop();
        thread.join();
        server.reset();
        daemon.reset();
    }

    void SetUp() override {
        until([this] { return client.get("/v1/catalog/services").send().body() != "{}"; });
    }

    template <class F>
    auto on_io(F function) {
        std::promise<decltype(function())> result;
        boost::asio::post(io, [&] { result.set_value(function()); });
        return result.get_future().get();
    }
    testkit::Answer put(const std::string& target, const std::string& body = {}) { return client.call("PUT", target).raw(body, "application/json").send(); }
    std::future<testkit::Answer> ask_later(const std::string& target) {
        return std::async(std::launch::async, [this, target] { return client.get(target).send(); });
    }
    std::size_t waiting() {
        return on_io([this] { return daemon->waiting(); });
    }

    boost::asio::io_context io{1};
    std::atomic<bool> fail_writes{false};
    std::unique_ptr<Daemon> daemon;
    std::unique_ptr<http::Server> server;
    std::thread thread;
    testkit::Client client;
};

TEST_F(DaemonTest, AChangeWakesItsWaitersAndLetsOthersSleep) {
    put("/v1/agent/service/register", R"({"Name":"web","Check":{"TTL":"60s"}})");
    put("/v1/agent/service/register", R"({"Name":"db"})");
    const auto web = client.get("/v1/health/service/web").expect(200);
    const auto db = client.get("/v1/health/service/db").expect(200);
    auto web_waits = ask_later("/v1/health/service/web?passing&index=" + web.header("X-Consul-Index"));
    auto db_waits = ask_later("/v1/health/service/db?index=" + db.header("X-Consul-Index"));
    until([this] { return waiting() == 2; });
    EXPECT_EQ(put("/v1/agent/check/pass/service:web").status(), 200);
    const auto woken = web_waits.get();
    EXPECT_EQ(woken.json().size(), 1u);
    EXPECT_GT(std::stoll(woken.header("X-Consul-Index")), std::stoll(web.header("X-Consul-Index")));
    EXPECT_EQ(waiting(), 1u);
    EXPECT_EQ(db_waits.wait_for(0s), std::future_status::timeout);
    put("/v1/agent/service/deregister/db");
    EXPECT_EQ(db_waits.get().body(), "[]");
}

TEST_F(DaemonTest, ReadsTellConsulsHeaders) {
    const auto answer = client.get("/v1/catalog/nodes?stale").expect(200);
    answer.expect_header("X-Consul-KnownLeader", "true");
    answer.expect_header("X-Consul-LastContact", "0");
    answer.expect_header("X-Consul-Effective-Consistency", "stale");
    answer.expect_header("Content-Type", "application/json");
    client.call("POST", "/v1/catalog/nodes").expect(405).expect_header("Allow", "GET");
}

TEST_F(DaemonTest, AKeyThatIsYetToComeCanBeWaitedFor) {
    const auto absent = client.get("/v1/kv/a/b").expect(404);
    auto one = ask_later("/v1/kv/a/b?raw&index=" + absent.header("X-Consul-Index"));
    auto list = ask_later("/v1/kv/a/?recurse&index=" + absent.header("X-Consul-Index"));
    auto other = ask_later("/v1/kv/a/c?index=" + absent.header("X-Consul-Index"));
    until([this] { return waiting() == 3; });
    put("/v1/kv/a/b", "x");
    EXPECT_EQ(one.get().body(), "x");
    EXPECT_EQ(list.get().status(), 200);
    EXPECT_EQ(waiting(), 1u);
    put("/v1/kv/a/c", "y");
    EXPECT_EQ(other.get().status(), 200);
}

TEST_F(DaemonTest, AWaitEndsAndAnIndexFromTheFutureIsAnsweredAtOnce) {
    const auto now = client.get("/v1/catalog/nodes").expect(200);
    const auto waited = client.get("/v1/catalog/nodes?wait=10ms&index=" + now.header("X-Consul-Index")).expect(200);
    EXPECT_EQ(waited.header("X-Consul-Index"), now.header("X-Consul-Index"));
    const auto future = client.get("/v1/catalog/nodes?index=999999").expect(200);
    EXPECT_EQ(future.header("X-Consul-Index"), now.header("X-Consul-Index"));
}

TEST_F(DaemonTest, AServiceOfTheAgentIsWaitedForByHash) {
    put("/v1/agent/service/register", R"({"Name":"web","Port":1})");
    const auto first = client.get("/v1/agent/service/web").expect(200);
    auto waits = ask_later("/v1/agent/service/web?hash=" + first.header("X-Consul-ContentHash"));
    until([this] { return waiting() == 1; });
    put("/v1/agent/service/register", R"({"Name":"other"})"); // same node: looked at, but the hash is the same
    put("/v1/agent/service/register", R"({"Name":"web","Port":2})");
    EXPECT_EQ(waits.get().at("/Port"), Json(2));
}

TEST_F(DaemonTest, TooManyWaitersAreTurnedAway) {
    const std::string index = client.get("/v1/kv/k").expect(404).header("X-Consul-Index");
    std::vector<std::future<testkit::Answer>> waits;
    for (int i = 0; i < 3; ++i) waits.push_back(ask_later("/v1/kv/k?index=" + index));
    until([this] { return waiting() == 3; });
    EXPECT_EQ(client.get("/v1/kv/k?index=" + index).send().status(), 429);
    put("/v1/kv/k", "x");
    for (auto& wait : waits) EXPECT_EQ(wait.get().status(), 200);
}

TEST_F(DaemonTest, AStoreThatFailsShowsNothingAndRecovers) {
    put("/v1/kv/k", "old");
    const std::string index = client.get("/v1/kv/k").expect(200).header("X-Consul-Index");
    fail_writes = true;
    const auto refused = put("/v1/kv/k", "new");
    EXPECT_EQ(refused.status(), 500);
    EXPECT_NE(refused.body().find("disk full"), std::string::npos);
    EXPECT_EQ(client.get("/v1/kv/k?raw").send().body(), "old");
    EXPECT_TRUE(on_io([this] { return daemon->store_failure(); }).has_value());
    fail_writes = false;
    until([this] { return !on_io([this] { return daemon->store_failure(); }).has_value(); });
    EXPECT_EQ(put("/v1/kv/k", "newer").body(), "true");
    // The indexes of the failed batch may be on the disk: they are not given again.
    EXPECT_GT(std::stoll(client.get("/v1/kv/k").send().header("X-Consul-Index")), std::stoll(index) + 1);
}

TEST_F(DaemonTest, DrainingAnswersThoseWhoWait) {
    const std::string index = client.get("/v1/kv/k").expect(404).header("X-Consul-Index");
    auto waits = ask_later("/v1/kv/k?index=" + index);
    until([this] { return waiting() == 1; });
    on_io([this] {
        daemon->drain();
        return 0;
    });
    EXPECT_EQ(waits.get().status(), 404);
}

TEST_F(DaemonTest, HttpAndTcpChecksFollowTheirTarget) {
    // Itself is the target: a key that is there or not.
    const std::string base = "127.0.0.1:" + std::to_string(server->port());
    put("/v1/agent/service/register", R"({"Name":"h","Check":{"HTTP":"http://)" + base + R"(/v1/kv/up","Interval":"1s"}})");
    put("/v1/agent/service/register", R"({"Name":"t","Check":{"TCP":")" + base + R"(","Interval":"1s"}})");
    const auto status = [this](const std::string& service) { return client.get("/v1/health/checks/" + service).send().text("/0/Status"); };
    EXPECT_EQ(status("h"), "critical");
    until([&] { return status("t") == "passing"; });
    until([&] { return client.get("/v1/health/checks/h").send().text("/0/Output").find("404") != std::string::npos; });
    put("/v1/kv/up", "yes");
    until([&] { return status("h") == "passing"; });
    put("/v1/agent/service/register", R"({"Name":"t","Check":{"TCP":"127.0.0.1:1","Interval":"1s"}})"); // nobody listens
    until([&] { return status("t") == "critical"; });
}

TEST_F(DaemonTest, ATtlExpiresAndALeaseEnds) {
    put("/v1/agent/service/register", R"({"Name":"ttl","Check":{"TTL":"50ms","Status":"passing"}})");
    put("/v1/agent/service/register", R"({"Name":"leased","LeaseTTL":"1s"})");
    until([this] { return client.get("/v1/health/checks/ttl").send().text("/0/Status") == "critical"; });
    EXPECT_NE(client.get("/v1/health/checks/ttl").send().text("/0/Output").find("TTL expired"), std::string::npos);
    until([this] { return client.get("/v1/health/service/leased").send().body() == "[]"; });
}

TEST_F(DaemonTest, AnswersDnsOverUdpAndTcp) {
    using namespace dns::test;
    put("/v1/agent/service/register", R"({"Name":"web","Address":"10.0.0.7","Port":80})");
    const std::uint16_t port = on_io([this] { return daemon->dns()->port(); });
    const auto udp = test::Socket::connected(SOCK_DGRAM, port);
    udp.send("x"); // met with silence
    udp.send(question("web.service.consul", dns::Type::a));
    const std::string reply = udp.receive();
    ASSERT_GT(reply.size(), 12u);
    EXPECT_EQ(number(reply, 6), 1u);
    EXPECT_EQ(reply.substr(reply.size() - 4), std::string("\x0A\x00\x00\x07", 4));

    const auto tcp = test::Socket::connected(SOCK_STREAM, port);
    const std::string one = question("web.service.consul", dns::Type::srv), other = question("none.service.consul", dns::Type::srv);
    tcp.send(u16(one.size()) + one + u16(other.size()) + other); // two on one connection, in one piece
    for (const std::size_t code : {0u, 3u}) {
        const std::string length = tcp.receive(2);
        ASSERT_EQ(length.size(), 2u);
        const std::string answer = tcp.receive(number(length, 0));
        EXPECT_EQ(number(answer, 2) & 0xF, code);
    }
    tcp.send(u16(3) + "bad");
    EXPECT_EQ(tcp.receive(1), ""); // closed
}

TEST_F(DaemonTest, ItsOwnNodeComesBack) {
    EXPECT_EQ(put("/v1/catalog/deregister", R"({"Node":"n1"})").status(), 200);
    until([this] { return client.get("/v1/health/node/n1").send().text("/0/Status") == "passing"; });
    EXPECT_NE(client.get("/v1/catalog/services").send().body().find("consul"), std::string::npos);
}

TEST_F(DaemonTest, AnEventIsWaitedForAlthoughItsIndexDoesNotGrow) {
    put("/v1/event/fire/deploy", "1");
    const auto first = client.get("/v1/event/list?name=deploy").expect(200);
    auto waits = ask_later("/v1/event/list?name=deploy&index=" + first.header("X-Consul-Index"));
    until([this] { return waiting() == 1; });
    put("/v1/event/fire/other", "x");
    put("/v1/event/fire/deploy", "2");
    EXPECT_EQ(waits.get().json().size(), 2u);
}

TEST_F(DaemonTest, ASnapshotIsRestoredWhileItServes) {
    put("/v1/kv/k", "old");
    const std::string snapshot = client.get("/v1/snapshot").expect(200).body();
    EXPECT_TRUE(snapshot.starts_with("\x1f\x8b")); // as Consul's tools want it
    const std::string index = client.get("/v1/kv/k").expect(200).header("X-Consul-Index");
    put("/v1/kv/k", "new");
    put("/v1/kv/other", "x");
    auto waits = ask_later("/v1/kv/other?index=" + client.get("/v1/kv/other").expect(200).header("X-Consul-Index"));
    until([this] { return waiting() == 1; });
    EXPECT_EQ(client.call("PUT", "/v1/snapshot").raw(snapshot, "application/octet-stream").send().status(), 200);
    EXPECT_EQ(waits.get().status(), 404); // what the snapshot does not hold is gone, and its waiters know
    EXPECT_EQ(client.get("/v1/kv/k?raw").send().body(), "old");
    EXPECT_GT(std::stoll(client.get("/v1/kv/k").send().header("X-Consul-Index")), std::stoll(index));
    EXPECT_EQ(client.call("PUT", "/v1/snapshot").raw("not one", "application/octet-stream").send().status(), 400);
    const auto cut = client.call("PUT", "/v1/snapshot").raw(snapshot.substr(0, snapshot.size() / 2), "application/octet-stream").send();
    EXPECT_EQ(cut.status(), 400);
    EXPECT_NE(cut.body().find("archive is damaged"), std::string::npos) << cut.body();
}

TEST_F(DaemonTest, ALockPassesFromHandToHand) {
    const auto session = [this] { return put("/v1/session/create", R"({"LockDelay":"0s"})").text("/ID"); };
    const std::string one = session();
    const std::string other = session();
    EXPECT_EQ(put("/v1/kv/lock?acquire=" + one, "1").body(), "true");
    const auto held = client.get("/v1/kv/lock").expect(200);
    EXPECT_EQ(put("/v1/kv/lock?acquire=" + other, "2").body(), "false");
    auto waits = ask_later("/v1/kv/lock?index=" + held.header("X-Consul-Index"));
    until([this] { return waiting() == 1; });
    EXPECT_EQ(put("/v1/session/destroy/" + one).body(), "true");
    EXPECT_EQ(waits.get().at("/0/Session"), Json()); // who waits for the lock is woken
    EXPECT_EQ(put("/v1/kv/lock?acquire=" + other, "2").body(), "true");
    EXPECT_EQ(put("/v1/session/renew/" + one).status(), 404);
    EXPECT_EQ(put("/v1/session/renew/" + other).text("/0/ID"), other);
}

TEST_F(DaemonTest, BodiesBeyondTheirLimitAreRefused) {
    EXPECT_EQ(put("/v1/kv/big", std::string(512 * 1024, 'x')).body(), "true");
    EXPECT_EQ(put("/v1/kv/big", std::string(512 * 1024 + 1, 'x')).status(), 413);
    EXPECT_EQ(client.get("/v1/kv/big?raw").send().body().size(), 512u * 1024);
}

} // namespace
} // namespace gravity::registry
