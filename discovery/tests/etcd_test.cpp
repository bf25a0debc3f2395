// Several daemons over a real etcd: what one writes the others have, conflicts, lost answers, and what becomes of their work when one goes.
#include "loopback.hpp"
#include "peer.hpp"

#include <gravity/testkit/loop.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <mutex>
#include <set>
#include <thread>

namespace gravity::registry {
namespace {

using namespace std::chrono_literals;
using test::client_delete;
using test::Etcd;
using test::Peer;
using testkit::until;

TEST_F(Etcd, WhatOneWritesTheOthersHave) {
    Peer a(etcd->url(), "a"), b(etcd->url(), "b");
    ASSERT_EQ(a.put("/v1/kv/k", "v").body(), "true");
    const auto first = b.get("/v1/kv/k?consistent");
    EXPECT_EQ(first.at("/0/Value"), Json("dg=="));
    EXPECT_EQ(first.header("X-Consul-Effective-Consistency"), "consistent");
    // The index is etcd's revision, at every daemon.
    const std::string revision = etcd->pair("/t/k/k").find("mod_revision")->as_string();
    EXPECT_EQ(std::to_string(first.at("/0/ModifyIndex").as_integer()), revision);
    EXPECT_EQ(a.get("/v1/kv/k").at("/0/ModifyIndex"), first.at("/0/ModifyIndex"));
    // Who waits at one is woken by a write at the other.
    auto waits = std::async(std::launch::async, [&] { return b.get("/v1/kv/k?raw&index=" + first.header("X-Consul-Index")); });
    ASSERT_EQ(a.put("/v1/kv/k", "w").body(), "true");
    EXPECT_EQ(waits.get().body(), "w");
    a.put("/v1/agent/service/register", R"({"Name":"web","Port":80,"Check":{"TTL":"1m","Status":"passing"}})");
    EXPECT_EQ(b.get("/v1/health/service/web?passing&consistent").json().size(), 1u);
    EXPECT_EQ(b.get("/v1/catalog/nodes?consistent").json().size(), 2u);
}

TEST_F(Etcd, ATransactionTellsTheIndexThatItGot) {
    Peer a(etcd->url(), "a");
    const auto answer = a.put("/v1/txn", R"([{"KV":{"Verb":"set","Key":"k","Value":"dg=="}},{"KV":{"Verb":"get","Key":"k"}}])");
    ASSERT_EQ(answer.status(), 200) << answer.body();
    const Json index = a.get("/v1/kv/k").at("/0/ModifyIndex");
    EXPECT_EQ(answer.at("/Results/0/KV/ModifyIndex"), index);
    EXPECT_EQ(answer.at("/Results/1/KV/ModifyIndex"), index);
    EXPECT_EQ(answer.at("/Results/1/KV/CreateIndex"), index);
}

TEST_F(Etcd, OfThoseWhoCompareAndSetAtDifferentDaemonsOneWins) {
    Peer a(etcd->url(), "a"), b(etcd->url(), "b");
    a.put("/v1/kv/n", "0");
    std::atomic<int> wins{0};
    const auto count = [&](Peer& node) {
        for (int done = 0; done < 20;) {
            const auto now = node.get("/v1/kv/n?consistent");
            const int value = std::stoi(base64_decode(now.text("/0/Value")).value());
            const auto answer = node.put("/v1/kv/n?cas=" + std::to_string(now.at("/0/ModifyIndex").as_integer()), std::to_string(value + 1));
            if (answer.body() != "true") continue;
            ++done;
            ++wins;
        }
    };
    std::thread one([&] { count(a); }), two([&] { count(b); });
    one.join();
    two.join();
    EXPECT_EQ(wins, 40);
    EXPECT_EQ(b.get("/v1/kv/n?raw&consistent").body(), "40");
}

TEST_F(Etcd, ALockHasOneHolderWhateverTheDaemon) {
    Peer a(etcd->url(), "a"), b(etcd->url(), "b");
    until([&] { return b.get("/v1/catalog/nodes").json().size() == 2; });
    const auto session = [](Peer& node) { return node.put("/v1/session/create", R"({"LockDelay":"0s","Checks":[]})").text("/ID"); };
    const std::string at_a = session(a), at_b = session(b);
    ASSERT_FALSE(at_a.empty());
    EXPECT_EQ(a.put("/v1/kv/lock?acquire=" + at_a, "x").body(), "true");
    EXPECT_EQ(b.put("/v1/kv/lock?acquire=" + at_b, "x").body(), "false"); // b's model need not have it yet: etcd is asked
    // The session ends at the other daemon, and with it the lock.
    EXPECT_EQ(b.put("/v1/session/destroy/" + at_a).body(), "true");
    EXPECT_EQ(a.put("/v1/kv/lock?acquire=" + at_b, "x").body(), "true");
    EXPECT_EQ(a.put("/v1/kv/lock?acquire=" + at_a, "x").status(), 500);
}

TEST_F(Etcd, WhatWasCompactedBeforeItWasSeenIsReadAnew) {
    Peer a(etcd->url(), "a");
    a.put("/v1/kv/goes", "x");
    Peer b(etcd->url(), "b", false); // has listed, and follows nothing yet
    ASSERT_EQ(a.put("/v1/kv/comes", "x").body(), "true");
    client_delete(a, "/v1/kv/goes");
    etcd->compact();
    a.put("/v1/kv/later", "x");
    auto waits = std::async(std::launch::async, [&] { return b.get("/v1/kv/goes?stale&index=" + b.get("/v1/kv/goes?stale").header("X-Consul-Index")); });
    b.follow();
    EXPECT_EQ(waits.get().status(), 404);
    EXPECT_EQ(b.get("/v1/kv/comes?consistent").status(), 200);
    EXPECT_EQ(b.get("/v1/kv/later?consistent").status(), 200);
    EXPECT_EQ(b.put("/v1/kv/comes", "y").body(), "true");
}

TEST_F(Etcd, WithoutAQuorumOnlyStaleReadsAreAnswered) {
    Peer a(etcd->url(), "a");
    ASSERT_EQ(a.put("/v1/kv/k", "v").body(), "true");
    const std::string index = a.get("/v1/kv/k").header("X-Consul-Index");
    etcd->kill();
    const auto refused = a.put("/v1/kv/k", "w");
    EXPECT_EQ(refused.status(), 500);
    EXPECT_NE(refused.body().find("No cluster leader"), std::string::npos) << refused.body();
    until([&] { return a.get("/v1/kv/k").status() == 500; });
    EXPECT_EQ(a.get("/v1/kv/k?consistent").body(), "No cluster leader");
    const auto stale = a.get("/v1/kv/k?raw&stale");
    EXPECT_EQ(stale.body(), "v");
    EXPECT_EQ(stale.header("X-Consul-KnownLeader"), "false");
    EXPECT_GE(std::stoll(stale.header("X-Consul-LastContact")), 5000);
    EXPECT_FALSE(a.leads());
    etcd->start();
    until([&] { return a.put("/v1/kv/k", "z").body() == "true"; });
    const auto back = a.get("/v1/kv/k?raw&consistent");
    EXPECT_EQ(back.body(), "z");
    EXPECT_GT(std::stoll(back.header("X-Consul-Index")), std::stoll(index));
    EXPECT_EQ(back.header("X-Consul-KnownLeader"), "true");
}

/// Between a daemon and etcd: passes everything on, and loses the answer to one transaction when it is told to.
class LossyProxy {
public:
    explicit LossyProxy(std::uint16_t target) : target_(target), acceptor_([this] { accept(); }) {}
    ~LossyProxy() {
        listener_.shut();
        acceptor_.join();
        for (const test::Socket& socket : open_) socket.shut();
        for (std::thread& pump : pumps_) pump.join();
    }
    std::uint16_t port() const { return listener_.port(); }
    std::atomic<bool> loses{false};
    std::atomic<int> lost{0};

private:
    void accept() {
        for (int near = 0; (near = listener_.accept()) >= 0;) {
            open_.push_back(test::Socket::taken(near));
            open_.push_back(test::Socket::connected(SOCK_STREAM, target_, 0));
            const int far = open_.back().fd();
            auto loses_next = std::make_shared<std::atomic<bool>>(false);
            pumps_.emplace_back([this, near, far, loses_next] {
                pump(near, far, [&](std::string_view bytes) {
                    if (bytes.find(base64_mark) != std::string_view::npos && loses.exchange(false)) *loses_next = true;
                    return true;
                });
            });
            pumps_.emplace_back([this, near, far, loses_next] {
                pump(far, near, [&](std::string_view) {
                    if (!loses_next->exchange(false)) return true;
                    ++lost;
                    return false; // etcd has done it, and nobody hears of it
                });
            });
        }
    }
    template <class Pass>
    static void pump(int from, int to, Pass pass) {
        char bytes[65536];
        for (;;) {
            const ssize_t size = ::recv(from, bytes, sizeof bytes, 0);
            if (size <= 0 || !pass(std::string_view(bytes, static_cast<std::size_t>(size)))) break;
            if (::send(to, bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL) != size) break;
        }
        ::shutdown(from, SHUT_RDWR);
        ::shutdown(to, SHUT_RDWR);
    }

public:
    std::string base64_mark; // in the transaction that is meant, and in no other request

private:
    std::uint16_t target_;
    std::vector<std::thread> pumps_; // by the acceptor's thread, until it has ended
    std::vector<test::Socket> open_;
    const test::Socket listener_ = test::Socket::listening();
    std::thread acceptor_;
};

TEST_F(Etcd, ATransactionWhoseAnswerIsLostTakesPlaceOnce) {
    LossyProxy proxy(etcd->port);
    proxy.base64_mark = base64_encode("/t/k/once");
    Peer a("http://127.0.0.1:" + std::to_string(proxy.port()), "a");
    ASSERT_EQ(a.put("/v1/kv/other", "x").body(), "true");
    for (int round = 1; round <= 5; ++round) {
        proxy.loses = true;
        // It must not exist in the first round: done twice, it would be refused the second time.
        const std::string index = round == 1 ? "0" : std::to_string(a.get("/v1/kv/once").at("/0/ModifyIndex").as_integer());
        EXPECT_EQ(a.put("/v1/kv/once?cas=" + index, "v" + std::to_string(round)).body(), "true");
        EXPECT_EQ(proxy.lost, round);
        const Json kept = etcd->pair("/t/k/once");
        EXPECT_EQ(*kept.find("version"), Json(std::to_string(round)));
        EXPECT_EQ(std::to_string(a.get("/v1/kv/once").at("/0/ModifyIndex").as_integer()), kept.find("mod_revision")->as_string());
    }
    EXPECT_EQ(a.get("/v1/kv/once?raw").body(), "v5");
}

/// Accepts connections and counts them: what a TCP check looks at.
class Target {
public:
    ~Target() {
        listener_.shut();
        thread_.join();
    }
    std::uint16_t port() const { return listener_.port(); }
    std::atomic<int> seen{0};

private:
    const test::Socket listener_ = test::Socket::listening();
    std::thread thread_{[this] {
        for (int fd = 0; (fd = listener_.accept()) >= 0; ++seen) ::close(fd);
    }};
};

TEST_F(Etcd, ChecksAndTimersGoOnWithAnotherDaemon) {
    Target target;
    auto a = std::make_unique<Peer>(etcd->url(), "n");
    until([&] { return a->leads(); });
    Peer b(etcd->url(), "n");
    until([&] { return a->members() == 2 && b.members() == 2; });
    EXPECT_FALSE(b.leads());
    for (int i = 0; i < 8; ++i) {
        const std::string id = std::to_string(i);
        const std::string check = R"({"CheckID":"c)" + id + R"(","TCP":"127.0.0.1:)" + std::to_string(target.port()) + R"(","Interval":"50ms"})";
        a->put("/v1/agent/service/register", R"({"Name":"web","ID":"w)" + id + R"(","Port":1)" + id + R"(,"Check":)" + check + "}");
    }
    until([&] { return b.get("/v1/health/service/web?passing").json().size() == 8; });
    // Each is run by one of the two, and both have some.
    std::set<std::string> owners;
    b.on_io([&] {
        for (int i = 0; i < 8; ++i) owners.insert(shared::owner_of(key_of("n", "c" + std::to_string(i)), b.engine->ledger().members()));
        return 0;
    });
    EXPECT_EQ(owners.size(), 2u);

    // What is said at the one that does not lead counts for the one that does.
    b.put("/v1/agent/check/register", R"({"Name":"beat","CheckID":"beat","TTL":"1s","Status":"passing"})");
    for (int i = 0; i < 15; ++i) {
        EXPECT_EQ(b.put("/v1/agent/check/pass/beat").status(), 200);
        std::this_thread::sleep_for(200ms);
    }
    EXPECT_EQ(b.get("/v1/agent/checks").at("/beat/Status"), Json("passing"));
    a.reset(); // as if killed: its lease ends by itself
    until([&] { return b.leads() && b.members() == 1; });
    const int before = target.seen;
    until([&] { return target.seen > before + 16; });
    until([&] { return b.get("/v1/agent/checks").at("/beat/Status") == Json("critical"); });
}

TEST_F(Etcd, ALeaderThatIsNoLongerEndsNothing) {
    Peer a(etcd->url(), "n"), b(etcd->url(), "n");
    until([&] { return a.members() == 2 && b.members() == 2 && (a.leads() || b.leads()); });
    Peer& leader = a.leads() ? a : b;
    Peer& other = a.leads() ? b : a;
    leader.put("/v1/kv/k", "v");
    // In one turn of its loop the leader's key passes to another and the leader, who cannot know, posts a command: etcd refuses it.
    leader.on_io([&] {
        etcd->call("kv/put", "{\"key\":\"" + base64_encode("/t/.leader") + "\",\"value\":\"" + base64_encode("x/1") + "\"}");
        EXPECT_TRUE(leader.engine->leads());
        leader.engine->post(DeleteKey{"k", std::nullopt}, Authority::leader);
        return 0;
    });
    until([&] { return !leader.leads(); });
    EXPECT_EQ(leader.put("/v1/kv/later", "x").body(), "true"); // taken after it, in order
    EXPECT_EQ(other.get("/v1/kv/k?raw&consistent").body(), "v");
}

TEST_F(Etcd, OneThatResignsIsFollowedAtOnce) {
    Peer a(etcd->url(), "n");
    until([&] { return a.leads(); });
    Peer b(etcd->url(), "n");
    until([&] { return b.members() == 2; });
    a.resign();
    until([&] { return b.leads() && b.members() == 1; });
    EXPECT_EQ(a.put("/v1/kv/k", "v").body(), "true"); // it still answers
}

TEST_F(Etcd, WhyItIsOutOfRotationIsReadFromTheStore) {
    Peer a(etcd->url(), "n");
    a.put("/v1/agent/service/register", R"({"Name":"web","ID":"w","Port":1,"Check":{"CheckID":"c","TTL":"1m","Status":"passing"}})");
    a.put("/v1/agent/check/fail/c", "");
    std::vector<std::string> keys;
    const std::shared_ptr<RowReader> rows = a.engine->rows();
    rows->each_below("ht/n/w", [&](std::string_view key, std::string_view) { keys.emplace_back(key); });
    EXPECT_EQ(keys.size(), 2u); // registered, and critical
    etcd->kill();
    EXPECT_THROW(rows->each_below("ht/", [](std::string_view, std::string_view) {}), StoreError);
}

TEST(EtcdMembers, AreAddressesWithoutAnythingElse) {
    EXPECT_EQ(etcd::members_in("http://a:2379,http://b:2379/"), std::vector<std::string>({"http://a:2379", "http://b:2379"}));
    for (const char* bad : {"", "a:2379", "http://a:2379/v3", "http://a:2379,,", "ftp://a"}) EXPECT_THROW(etcd::members_in(bad), std::runtime_error) << bad;
}

} // namespace
} // namespace gravity::registry
