#include "redis/slot_map.hpp"
#include "support.hpp"

#include <gravity/redis/streams.hpp>
#include <gravity/redis/subscriber.hpp>

namespace gravity::redis::test {
namespace {

/// Three masters on loopback ports; slots in thirds.
class RedisCluster : public ::testing::Test {
protected:
    RedisCluster() {
        for (int i = 0; i < 3; ++i) {
            const int port = free_port();
            const std::vector<std::string> lines{"cluster-enabled yes",
                                                 "cluster-node-timeout 15000",
                                                 "cluster-config-file nodes.conf",
                                                 "appendonly yes",
                                                 "cluster-require-full-coverage no",
                                                 "cluster-port " + std::to_string(free_port())};
            nodes.push_back(std::make_unique<Server>(lines, port));
            direct.push_back(std::make_unique<Client>(loop.io, nodes.back()->url(), options()));
        }
        for (std::size_t i = 0; i < 3; ++i) {
            const int first = static_cast<int>(i) * 5461;
            const int last = i == 2 ? 16383 : first + 5460;
            loop.wait(direct[i]->command(Command{"CLUSTER", "ADDSLOTSRANGE", first, last}));
            loop.wait(direct[i]->command(Command{"CLUSTER", "SET-CONFIG-EPOCH", i + 1}));
        }
        for (std::size_t i = 1; i < 3; ++i) meet(0, i);
        loop.until([&] {
            for (auto& node : direct)
                if (!healthy(*node)) return false;
            return true;
        });
        for (auto& node : direct) ids.push_back(loop.wait(node->command(Command{"CLUSTER", "MYID"})).text);
        url = "redis+cluster://127.0.0.1:" + std::to_string(nodes[1]->port()) +
              ",127.0.0.1:" + std::to_string(nodes[0]->port());
    }
    void meet(std::size_t from, std::size_t to) {
        auto info = loop.wait(direct[to]->command(Command{"CONFIG", "GET", "cluster-port"}));
        loop.wait(direct[from]->command(
            Command{"CLUSTER", "MEET", "127.0.0.1", nodes[to]->port(), info.elements.at(1).text}));
    }
    bool healthy(Client& node) {
        auto info = loop.wait(node.command(Command{"CLUSTER", "INFO"})).text;
        return info.find("cluster_state:ok") != std::string::npos &&
               info.find("cluster_known_nodes:3") != std::string::npos &&
               info.find("cluster_slots_assigned:16384") != std::string::npos &&
               info.find("cluster_slots_ok:16384") != std::string::npos;
    }
    static std::size_t owner(std::string_view key) { return std::min<std::size_t>(slot_of(key) / 5461, 2); }
    /// A key that is served by node `index`, with the given end.
    static std::string key_on(std::size_t index, std::string_view end = "") {
        for (int i = 0;; ++i)
            if (std::string key = "{t" + std::to_string(i) + "}" + std::string(end); owner(key) == index) return key;
    }
    void set_slot(std::size_t node, std::uint16_t slot, const char* state, std::size_t other) {
        loop.wait(direct[node]->command(Command{"CLUSTER", "SETSLOT", slot, state, ids[other]}));
    }
    std::int64_t calls(std::size_t node, const std::string& name) {
        auto info = loop.wait(direct[node]->command(Command{"INFO", "commandstats"})).text;
        auto at = info.find("cmdstat_" + name + ":calls=");
        return at == std::string::npos ? 0 : std::stoll(info.substr(at + 15 + name.size()));
    }

    Loop loop;
    std::vector<std::unique_ptr<Server>> nodes;
    std::vector<std::unique_ptr<Client>> direct;
    std::vector<std::string> ids;
    std::string url;
};

TEST_F(RedisCluster, SendsEachKeyToItsNode) {
    Client client(loop.io, url, options());
    for (int i = 0; i < 100; ++i)
        EXPECT_TRUE(loop.wait(client.command(Command{"SET", "k" + std::to_string(i), i})).is_status("OK"));
    std::int64_t keys = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        auto size = loop.wait(direct[i]->command(Command{"DBSIZE"})).integer;
        EXPECT_GT(size, 10);
        EXPECT_EQ(calls(i, "set"), size); // none was sent to a wrong node first
        keys += size;
    }
    EXPECT_EQ(keys, 100);
    EXPECT_TRUE(client.connected());
    EXPECT_TRUE(loop.wait(client.command(Command{"PING"})).is_status("PONG"));
}

TEST_F(RedisCluster, PipelinesSpreadAndKeepTheirOrder) {
    Client client(loop.io, url, options());
    std::vector<Command> commands;
    for (int i = 0; i < 200; ++i) commands.push_back(Command{"SET", "k" + std::to_string(i % 100), i, "GET"});
    commands.push_back(Command{"ECHO", "here"});
    auto replies = loop.wait(client.pipeline(commands));
    ASSERT_EQ(replies.size(), 201u);
    for (std::size_t i = 0; i < 100; ++i) EXPECT_TRUE(replies[i].is_nil());
    for (std::size_t i = 100; i < 200; ++i) EXPECT_EQ(replies[i].text, std::to_string(i - 100));
    EXPECT_EQ(replies[200].text, "here");
}

TEST_F(RedisCluster, KeysOfSeveralSlotsAreRefusedAtTheCall) {
    Client client(loop.io, url, options());
    const Script script("return #KEYS");
    EXPECT_EQ(loop.error_of(client.command(Command{"MGET", "a", "b"})).kind(), ErrorKind::usage);
    EXPECT_EQ(loop.error_of(client.transaction({Command{"SET", "a", 1}, Command{"SET", "b", 1}})).kind(),
              ErrorKind::usage);
    EXPECT_EQ(loop.error_of(client.eval(script, {"a", "b"}, {})).kind(), ErrorKind::usage);
    EXPECT_EQ(loop.error_of(client.command(Command{"FLUSHALL"})).kind(), ErrorKind::usage);
    EXPECT_EQ(loop.error_of(client.command(Command{"SOME.MODULE", "a"})).kind(), ErrorKind::usage);
    EXPECT_THROW(GroupReader(client, "g", "c", {"a", "b"}), Error);
    EXPECT_TRUE(loop.wait(client.command(Command{"MGET", "{x}a", "{x}b"})).elements.at(1).is_nil());
    auto replies = loop.wait(client.transaction({Command{"SET", "{x}a", 1}, Command{"PING"}, Command{"INCR", "{x}a"}}));
    EXPECT_EQ(replies.at(2).integer, 2);
    EXPECT_EQ(loop.wait(client.eval(script, {"{x}a", "{x}b"}, {})).integer, 2);
    EXPECT_TRUE(loop.wait(client.command(Command{"FLUSHALL"}.route_by("{x}"))).is_status("OK"));
}

TEST_F(RedisCluster, FollowsAMovedSlotAndLearnsIt) {
    Client client(loop.io, url, options());
    const std::string key = key_on(0);
    EXPECT_TRUE(loop.wait(client.command(Command{"GET", key})).is_nil());
    for (std::size_t node : {1u, 0u, 2u}) set_slot(node, slot_of(key), "NODE", 1);
    EXPECT_TRUE(loop.wait(client.command(Command{"SET", key, "v"})).is_status("OK"));
    EXPECT_TRUE(loop.wait(client.transaction({Command{"APPEND", key, "!"}})).at(0).integer == 2);
    EXPECT_EQ(calls(1, "set"), 1);
    const auto wrong = calls(0, "get");
    for (int i = 0; i < 10; ++i) EXPECT_EQ(loop.wait(client.command(Command{"GET", key})).text, "v!");
    EXPECT_EQ(calls(0, "get"), wrong);
}

TEST_F(RedisCluster, ObeysAskDuringAMigration) {
    Client client(loop.io, url, options());
    const std::string there = key_on(0, "there");
    const std::string here = there + "2"; // same tag, same slot
    const Script append("return redis.call('APPEND', KEYS[1], 'x')");
    loop.wait(client.command(Command{"SET", here, "old"}));
    set_slot(1, slot_of(there), "IMPORTING", 0);
    set_slot(0, slot_of(there), "MIGRATING", 1);
    EXPECT_TRUE(loop.wait(client.command(Command{"SET", there, "new"})).is_status("OK")); // absent on 0: created on 1
    EXPECT_EQ(calls(1, "asking"), 1);
    EXPECT_EQ(loop.wait(client.command(Command{"GET", here})).text, "old"); // still on 0
    auto replies = loop.wait(client.pipeline({Command{"GET", here}, Command{"GET", there}, Command{"GET", here}}));
    EXPECT_EQ(replies.at(0).text, "old");
    EXPECT_EQ(replies.at(1).text, "new");
    EXPECT_EQ(replies.at(2).text, "old");
    EXPECT_EQ(loop.wait(client.eval(append, {there}, {})).integer, 4);
    EXPECT_EQ(loop.wait(client.transaction({Command{"GET", here}})).at(0).text, "old");

    // A transaction on the absent key, and a command on keys of both sides, wait until the migration is over.
    auto waiting = loop.start(client.transaction({Command{"APPEND", there, "!"}}, in(60s)));
    auto both = loop.start(client.command(Command{"MGET", here, there}, in(60s)));
    EXPECT_EQ(loop.error_of(client.command(Command{"MGET", here, there}, in(500ms))).code(), "TRYAGAIN");
    loop.wait(direct[0]->command(Command{"MIGRATE", "127.0.0.1", nodes[1]->port(), here, 0, 5000}));
    for (std::size_t node : {1u, 0u, 2u}) set_slot(node, slot_of(there), "NODE", 1);
    EXPECT_EQ(loop.wait(waiting).at(0).integer, 5);
    auto values = loop.wait(both).elements;
    EXPECT_EQ(values.at(0).text, "old");
}

TEST_F(RedisCluster, NodeThatComesBackIsUsedAgain) {
    Client client(loop.io, url, options());
    const std::string key = key_on(2);
    EXPECT_EQ(loop.wait(client.command(Command{"INCR", key})).integer, 1);
    nodes[2]->kill();
    auto waiting = loop.start(client.command(Command{"INCR", key}, in(60s)));
    EXPECT_TRUE(loop.wait(client.command(Command{"SET", key_on(0), 1})).is_status("OK")); // the others serve on
    Error error = loop.error_of(client.command(Command{"GET", key}, in(100ms)));
    EXPECT_FALSE(error.maybe_executed());
    nodes[2]->start();
    EXPECT_EQ(loop.wait(waiting).integer, 2); // never written to the dead node, so retried
}

TEST_F(RedisCluster, FirstNodeOfTheUrlMayBeDown) {
    nodes[1]->kill();
    Client client(loop.io, url, options());
    EXPECT_TRUE(loop.wait(client.command(Command{"SET", key_on(0), 1}, in(60s))).is_status("OK"));
}

TEST_F(RedisCluster, SubscribersAndReadersFindTheirNodes) {
    Client client(loop.io, url, options());
    Subscriber subscriber(client);
    loop.wait(subscriber.subscribe("news"));
    loop.wait(client.command(Command{"PUBLISH", "news", "x"}));
    EXPECT_EQ(loop.wait(subscriber.next()).payload, "x");
    for (std::size_t node = 0; node < 3; ++node) {
        const std::string stream = key_on(node, "stream");
        EXPECT_TRUE(loop.wait(create_group(client, stream, "g")));
        GroupReader reader(client, "g", "c", {stream});
        loop.wait(xadd(client, stream, {{"v", "x"}}));
        EXPECT_EQ(loop.wait(reader.read(1, 10s)).at(0).entries.size(), 1u);
    }
}

TEST_F(RedisCluster, ReaderFollowsAMovedSlot) {
    Client client(loop.io, url, options());
    const std::string stream = key_on(0, "stream");
    GroupReader reader(client, "g", "c", {stream});
    EXPECT_EQ(loop.error_of(reader.read(1, 1ms)).code(), "NOGROUP");
    for (std::size_t node : {1u, 0u, 2u}) set_slot(node, slot_of(stream), "NODE", 1);
    loop.wait(create_group(client, stream, "g"));
    loop.wait(xadd(client, stream, {{"v", "x"}}));
    std::vector<StreamBatch> got;
    for (int tries = 0; tries < 100 && got.empty(); ++tries) {
        try {
            got = loop.wait(reader.read(1, 5s));
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::unavailable) << error.what();
        }
    }
    ASSERT_EQ(got.size(), 1u);
}

TEST_F(RedisCluster, CloseEndsEverything) {
    Client client(loop.io, url, options());
    nodes[2]->kill();
    auto waiting = loop.start(client.command(Command{"GET", key_on(2)}, in(60s)));
    loop.until([&] { return client.connected(); });
    client.close();
    EXPECT_FALSE(loop.error_of(waiting).maybe_executed());
    EXPECT_EQ(loop.error_of(client.command(Command{"PING"})).kind(), ErrorKind::closed);
}

} // namespace
} // namespace gravity::redis::test
