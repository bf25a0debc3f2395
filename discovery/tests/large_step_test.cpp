// Steps that are larger than a transaction of etcd: shown whole or not at all, whenever the daemon that takes them dies.
#include "large_step.hpp"
#include "loopback.hpp"
#include "peer.hpp"

#include <gravity/testkit/loop.hpp>

#include <atomic>
#include <chrono>
#include <set>
#include <vector>

namespace gravity::registry::test {
namespace {

using namespace std::chrono_literals;
using shared::LargeStep;
using testkit::until;

TEST(LargeStep, IsReadAsItWasWritten) {
    const LargeStep step{"0a1b", 7, 12, 3, 125};
    EXPECT_EQ(shared::large_step_in(step.text()), step);
    EXPECT_EQ(step.key_of(3), ".piece/0a1b/7/3");
    EXPECT_FALSE(shared::large_step_in(LargeStep{"0a1b", 7}.text()).is_settled());
    for (const char* bad : {"", "a", "a 1 2 3", "a 1 2 3 4 5", " 1 2 0 0", "a 1 2 2 0", "a 1 -2 0 0", "a 1 2 0 x"})
        EXPECT_THROW(shared::large_step_in(bad), StoreError) << bad;
}

TEST(LargeStep, LiesInPiecesThatGiveBackEveryWrite) {
    std::map<std::string, std::optional<std::string>> writes;
    for (int i = 0; i < 100; ++i) writes["k/" + std::to_string(i)] = i % 3 == 0 ? std::nullopt : std::optional(std::string(static_cast<std::size_t>(i), '\0'));
    writes[std::string("k/\0\xff", 4)] = std::string(5000, 'x'); // more than a piece
    const std::vector<std::string> pieces = shared::pieces_of(writes, 1000);
    EXPECT_GT(pieces.size(), 5u);
    std::map<std::string, std::optional<std::string>> found;
    for (const std::string& piece : pieces) {
        const std::vector<Write> some = shared::writes_in(piece);
        EXPECT_TRUE(piece.size() <= 1000 || some.size() == 1) << piece.size();
        for (const Write& write : some) EXPECT_TRUE(found.emplace(write.key, write.value).second) << write.key;
    }
    EXPECT_EQ(found, writes);
    for (std::size_t size = 0; size < pieces[0].size(); size += 7)
        try {
            EXPECT_LT(shared::writes_in(std::string_view(pieces[0]).substr(0, size)).size(), shared::writes_in(pieces[0]).size());
        } catch (const StoreError&) { // no write ends there
        }
    EXPECT_THROW(shared::writes_in(pieces[0].substr(0, 5)), StoreError);
}

std::string sets(const std::string& tree, int from, int to) {
    std::string body;
    for (int i = from; i < to; ++i)
        body += (body.empty() ? "[" : ",") + std::string(R"({"KV":{"Verb":"set","Key":")") + tree + '/' + std::to_string(i) + R"(","Value":"dg=="}})";
    return body + ']';
}

void plant(Peer& node, const std::string& tree, int keys) {
    for (int from = 0; from < keys; from += 50) {
        const auto answer = node.put("/v1/txn", sets(tree, from, std::min(from + 50, keys)));
        ASSERT_EQ(answer.status(), 200) << answer.body();
    }
}

std::size_t size_of(Peer& node, const std::string& tree, const std::string& how = "&consistent") {
    const auto answer = node.get("/v1/kv/" + tree + "/?keys" + how);
    return answer.status() == 404 ? 0 : answer.json().size();
}

/// What a daemon shows of a tree as time goes by.
class Watcher {
public:
    Watcher(Peer& node, std::string tree) : thread_([this, &node, tree] {
                                                while (!ends_) sizes_.insert(size_of(node, tree, "&stale"));
                                            }) {}
    ~Watcher() {
        ends_ = true;
        if (thread_.joinable()) thread_.join();
    }
    std::set<std::size_t> sizes() {
        ends_ = true;
        thread_.join();
        return sizes_;
    }

private:
    std::atomic<bool> ends_{false};
    std::set<std::size_t> sizes_;
    std::thread thread_;
};

/// Between a daemon and etcd: lets so many transactions through from when it is told so, and then nothing any more, like the network of a machine that dies.
class Guillotine {
public:
    explicit Guillotine(std::uint16_t target) : target_(target), acceptor_([this] { accept(); }) {}
    ~Guillotine() {
        listener_.shut();
        acceptor_.join();
        for (const Socket& socket : open_) socket.shut();
        for (std::thread& pump : pumps_) pump.join();
    }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(listener_.port()); }
    void let_through(int transactions) { left_ = transactions; }
    bool has_fallen() const { return left_ < 0; }

private:
    static constexpr int all = 1'000'000;

    void accept() {
        for (int near = 0; (near = listener_.accept()) >= 0;) {
            open_.push_back(Socket::taken(near));
            open_.push_back(Socket::connected(SOCK_STREAM, target_, 0));
            const int far = open_.back().fd();
            pumps_.emplace_back([this, near, far] { pump(near, far, true); });
            pumps_.emplace_back([this, near, far] { pump(far, near, false); });
        }
    }
    void pump(int from, int to, bool of_daemon) {
        char bytes[65536];
        for (;;) {
            const ssize_t size = ::recv(from, bytes, sizeof bytes, 0);
            if (size <= 0) break;
            const std::string_view some(bytes, static_cast<std::size_t>(size));
            if (of_daemon && some.starts_with("POST /v3/kv/txn")) --left_;
            if (has_fallen() || ::send(to, bytes, some.size(), MSG_NOSIGNAL) != size) break;
        }
        ::shutdown(from, SHUT_RDWR);
        ::shutdown(to, SHUT_RDWR);
    }

    std::uint16_t target_;
    std::atomic<int> left_{all};
    std::vector<std::thread> pumps_; // by the acceptor's thread, until it has ended
    std::vector<Socket> open_;
    const Socket listener_ = Socket::listening();
    std::thread acceptor_;
};

constexpr int keys = 150; // 300 writes, where a transaction has 128

class LargeSteps : public Etcd {
protected:
    bool is_there(const std::string& key) const { return !etcd->pair("/t/" + key).is_null(); }
    /// As when its machine has died and the time of its lease is over.
    void bury(std::unique_ptr<Peer> dead) {
        const Json member = etcd->pair("/t/.member/" + dead->engine->me());
        dead.reset();
        const Json* lease = member.is_null() ? nullptr : member.find("lease");
        if (lease != nullptr) etcd->call("lease/revoke", "{\"ID\":\"" + lease->as_string() + "\"}");
    }
    /// Deletes the tree at a daemon that dies after so many transactions; says whether it had died before it was done.
    bool is_cut(std::unique_ptr<Peer> node, Guillotine& wire, const std::string& tree, int transactions) {
        until([&] { return node->lives(); });
        wire.let_through(transactions);
        auto answer = std::async(std::launch::async, [client = node->client, tree] {
            try {
                return client.del("/v1/kv/" + tree + "/?recurse").send().body() == "true";
            } catch (const std::runtime_error&) {
                return false;
            }
        });
        until([&] { return wire.has_fallen() || answer.wait_for(0s) == std::future_status::ready; });
        const bool cut = wire.has_fallen();
        bury(std::move(node));
        EXPECT_EQ(answer.get(), !cut);
        return cut;
    }
};

TEST_F(LargeSteps, AreShownAtOnceAndLeaveNothingBehind) {
    Peer a(etcd->url(), "n"), b(etcd->url(), "n");
    until([&] { return a.lives() && b.lives(); });
    plant(b, "t", keys);
    plant(b, "u", 10);
    const std::string before = b.get("/v1/kv/t/?keys").header("X-Consul-Index");
    auto waits = std::async(std::launch::async, [&] { return b.get("/v1/kv/t/?keys&index=" + before); });
    Watcher shown(b, "t");
    EXPECT_EQ(client_delete(a, "/v1/kv/t/?recurse").body(), "true");
    EXPECT_EQ(size_of(a, "t", ""), 0u);
    EXPECT_EQ(size_of(b, "t"), 0u);
    const auto woken = waits.get();
    EXPECT_EQ(woken.status(), 404);
    EXPECT_GT(std::stoll(woken.header("X-Consul-Index")), std::stoll(before));
    for (const std::size_t size : shown.sizes()) EXPECT_TRUE(size == 0 || size == static_cast<std::size_t>(keys)) << size;
    EXPECT_EQ(size_of(b, "u"), 10u);
    EXPECT_FALSE(is_there(".large"));
    EXPECT_FALSE(is_there(".piece/" + a.engine->me() + "/1/0"));
    EXPECT_EQ(b.put("/v1/kv/t/1", "again").body(), "true");
}

TEST_F(LargeSteps, ATransactionTellsTheIndexOfEachOfItsRows) {
    Peer a(etcd->url(), "n");
    until([&] { return a.lives(); });
    const auto answer = a.put("/v1/txn", sets("t", 0, 128)); // and guards
    ASSERT_EQ(answer.status(), 200) << answer.body();
    std::set<std::int64_t> revisions;
    for (int i = 0; i < 128; ++i) {
        const std::string result = "/Results/" + std::to_string(i) + "/KV/", key = answer.text(result + "Key");
        const Json index = answer.at(result + "ModifyIndex");
        EXPECT_EQ(a.get("/v1/kv/" + key).at("/0/ModifyIndex"), index);
        EXPECT_EQ(etcd->pair("/t/k/" + key).find("mod_revision")->as_string(), std::to_string(index.as_integer()));
        revisions.insert(index.as_integer());
    }
    EXPECT_GT(revisions.size(), 1u);
    // A check-and-set with what was told succeeds.
    EXPECT_EQ(a.put("/v1/kv/t/0?cas=" + std::to_string(answer.at("/Results/0/KV/ModifyIndex").as_integer()), "x").body(), "true");
    // What is refused is refused whole, and lets others go on.
    std::string refused = sets("t", 0, 127);
    refused.back() = ',';
    EXPECT_EQ(a.put("/v1/txn", refused + R"({"KV":{"Verb":"check-index","Key":"t/0","Index":1}}])").status(), 409);
    EXPECT_EQ(a.put("/v1/kv/other", "x").body(), "true");
}

TEST_F(LargeSteps, ASnapshotOfAnySizeIsRestored) {
    Peer a(etcd->url(), "n"), b(etcd->url(), "n");
    until([&] { return a.lives() && b.lives(); });
    plant(a, "t", keys);
    a.put("/v1/agent/service/register", R"({"Name":"web","Port":80,"Check":{"TTL":"1m","Status":"passing"}})");
    ASSERT_EQ(a.put("/v1/kv/large", std::string(500'000, 'x')).body(), "true");
    ASSERT_EQ(a.put("/v1/kv/larger", std::string(500'000, 'y')).body(), "true"); // of the two, one piece would be too large
    const std::string snapshot = a.get("/v1/snapshot").body();
    EXPECT_EQ(client_delete(a, "/v1/kv/?recurse").body(), "true");
    plant(b, "u", keys);
    Watcher shown(b, "u");
    const auto restored = a.client.call("PUT", "/v1/snapshot").raw(snapshot, "application/octet-stream").send();
    ASSERT_EQ(restored.status(), 200) << restored.body();
    EXPECT_EQ(size_of(b, "u"), 0u);
    EXPECT_EQ(size_of(b, "t"), static_cast<std::size_t>(keys));
    EXPECT_EQ(b.get("/v1/kv/larger?raw").body(), std::string(500'000, 'y'));
    EXPECT_EQ(b.get("/v1/health/service/web?passing").json().size(), 1u);
    for (const std::size_t size : shown.sizes()) EXPECT_TRUE(size == 0 || size == static_cast<std::size_t>(keys)) << size;
}

TEST_F(LargeSteps, ADaemonThatDiesAtAnyMomentLeavesAllOrNothing) {
    Peer b(etcd->url(), "n");
    std::set<bool> left_behind;
    bool cut = true;
    for (int transactions = 0; cut; ++transactions) {
        ASSERT_LT(transactions, 20);
        SCOPED_TRACE(transactions);
        const std::string tree = "t" + std::to_string(transactions);
        plant(b, tree, keys);
        Watcher shown(b, tree);
        Guillotine wire(etcd->port);
        cut = is_cut(std::make_unique<Peer>(wire.url(), "n"), wire, tree, transactions);
        EXPECT_EQ(b.put("/v1/kv/after", tree).body(), "true"); // waits for what is under way
        EXPECT_FALSE(is_there(".large"));
        const std::size_t size = size_of(b, tree);
        EXPECT_TRUE(size == 0 || (cut && size == static_cast<std::size_t>(keys))) << size;
        for (const std::size_t seen : shown.sizes()) EXPECT_TRUE(seen == 0 || seen == static_cast<std::size_t>(keys)) << seen;
        if (cut) left_behind.insert(size != 0);
    }
    EXPECT_EQ(left_behind, std::set<bool>({false, true})); // it did die before it was settled, and after
}

TEST_F(LargeSteps, WhoStartsAloneFinishesWhatWasSettled) {
    Guillotine wire(etcd->port);
    auto a = std::make_unique<Peer>(wire.url(), "n");
    until([&] { return a->lives(); });
    plant(*a, "t", keys);
    ASSERT_TRUE(is_cut(std::move(a), wire, "t", 4)); // begun, laid down, settled, and a part of it carried out
    ASSERT_TRUE(is_there(".large"));
    Peer b(etcd->url(), "n");
    EXPECT_EQ(size_of(b, "t", "&stale"), 0u);
    EXPECT_FALSE(is_there(".large"));
    until([&] { return b.put("/v1/kv/after", "x").body() == "true"; });
}

TEST_F(LargeSteps, WhoLostSightOfItFinishesItBeforeReadingAnew) {
    Guillotine wire(etcd->port);
    auto a = std::make_unique<Peer>(wire.url(), "n");
    until([&] { return a->lives(); });
    plant(*a, "t", keys);
    Peer b(etcd->url(), "n", false); // has listed, and follows nothing yet
    ASSERT_TRUE(is_cut(std::move(a), wire, "t", 4));
    etcd->compact();
    Watcher shown(b, "t");
    b.follow();
    until([&] { return size_of(b, "t", "&stale") == 0; });
    EXPECT_FALSE(is_there(".large"));
    for (const std::size_t size : shown.sizes()) EXPECT_TRUE(size == 0 || size == static_cast<std::size_t>(keys)) << size;
}

TEST_F(LargeSteps, OthersWritesWaitAndAreNotLost) {
    Peer a(etcd->url(), "n"), b(etcd->url(), "n");
    until([&] { return a.lives() && b.lives(); });
    std::atomic<bool> ends{false};
    std::atomic<int> written{0};
    auto writes = std::async(std::launch::async, [&] {
        while (!ends) {
            const auto answer = b.put("/v1/kv/w/" + std::to_string(written), "x");
            EXPECT_EQ(answer.body(), "true");
            ++written;
        }
    });
    for (int round = 0; round < 3; ++round) {
        plant(a, "t", keys);
        EXPECT_EQ(client_delete(a, "/v1/kv/t/?recurse").body(), "true");
    }
    ends = true;
    writes.get();
    EXPECT_GT(written, 3);
    EXPECT_EQ(size_of(a, "w"), static_cast<std::size_t>(written));
}

} // namespace
} // namespace gravity::registry::test
