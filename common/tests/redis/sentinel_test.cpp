#include "support.hpp"

#include <gravity/redis/streams.hpp>
#include <gravity/redis/subscriber.hpp>

namespace gravity::redis::test {
namespace {

/// A master, a replica of it and a Sentinel, on loopback ports.
class RedisSentinel : public ::testing::Test {
protected:
    RedisSentinel() : master_port(free_port()), replica_port(free_port()), sentinel_port(free_port()) {
        auto port = [](int p) { return std::to_string(p); };
        master = std::make_unique<Server>(std::vector<std::string>{}, master_port);
        replica =
            std::make_unique<Server>(std::vector<std::string>{"replicaof 127.0.0.1 " + port(master_port),
                                                              "repl-diskless-sync-delay 0", "repl-diskless-sync yes"},
                                     replica_port);
        start_sentinel({});
        url = "redis+sentinel://127.0.0.1:" + port(sentinel_port) + "/main";
    }
    void start_sentinel(std::vector<std::string> more) {
        const std::string at = "127.0.0.1 " + std::to_string(master_port);
        std::vector<std::string> lines{"sentinel monitor main " + at + " 1",
                                       "sentinel down-after-milliseconds main 300",
                                       "sentinel failover-timeout main 3000"};
        lines.insert(lines.end(), more.begin(), more.end());
        sentinel = std::make_unique<SentinelServer>(sentinel_port, lines);
    }
    /// The Sentinel knows the replica, so that it can fail over to it.
    void settle() {
        Client asks(loop.io, "redis://127.0.0.1:" + std::to_string(sentinel_port), options());
        loop.until([&] {
            auto replicas = loop.wait(asks.command(Command{"SENTINEL", "REPLICAS", "main"}));
            if (replicas.elements.size() != 1) return false;
            const auto& flat = replicas.elements[0].elements;
            std::string flags;
            std::string link;
            for (std::size_t i = 0; i + 1 < flat.size(); i += 2) {
                if (flat[i].text == "flags") flags = flat[i + 1].text;
                if (flat[i].text == "master-link-status") link = flat[i + 1].text;
            }
            return flags == "slave" && link == "ok";
        });
    }
    std::string port_served(Client& client) {
        auto info = loop.wait(client.command(Command{"INFO", "server"}, in(60s))).text;
        auto at = info.find("tcp_port:") + 9;
        return info.substr(at, info.find('\r', at) - at);
    }

    Loop loop;
    int master_port;
    int replica_port;
    int sentinel_port;
    std::unique_ptr<Server> master;
    std::unique_ptr<Server> replica;
    std::unique_ptr<SentinelServer> sentinel;
    std::string url;
};

TEST_F(RedisSentinel, FollowsAFailOver) {
    Client client(loop.io, url, options());
    EXPECT_EQ(port_served(client), std::to_string(master_port));
    Subscriber subscriber(client);
    loop.wait(subscriber.subscribe("a"));
    settle();
    master->kill();
    EXPECT_EQ(port_served(client), std::to_string(replica_port)); // waits for the new master
    EXPECT_TRUE(loop.wait(client.command(Command{"SET", "k", "v"})).is_status("OK"));
    EXPECT_EQ(loop.wait(subscriber.next()).kind, Message::Kind::gap);
    loop.wait(client.command(Command{"PUBLISH", "a", "x"}));
    EXPECT_EQ(loop.wait(subscriber.next()).payload, "x");
}

TEST_F(RedisSentinel, LeavesALivingMasterWhenTold) {
    Client client(loop.io, url, options());
    EXPECT_EQ(port_served(client), std::to_string(master_port));
    settle();
    Client asks(loop.io, "redis://127.0.0.1:" + std::to_string(sentinel_port), options());
    loop.wait(asks.command(Command{"SENTINEL", "FAILOVER", "main"}));
    loop.until([&] {
        try {
            return port_served(client) == std::to_string(replica_port);
        } catch (const Error&) {
            return false; // it was under way when the client left
        }
    });
    EXPECT_TRUE(loop.wait(client.command(Command{"SET", "k", "v"})).is_status("OK"));
}

TEST_F(RedisSentinel, DemotedServerIsLeftAndTheWriteMadeElsewhere) {
    Client client(loop.io, url, options());
    EXPECT_EQ(port_served(client), std::to_string(master_port));
    settle();
    sentinel->kill(); // nobody announces what happens now
    Client to_old(loop.io, master->url(), options());
    Client to_new(loop.io, replica->url(), options());
    loop.wait(to_new.command(Command{"REPLICAOF", "NO", "ONE"}));
    loop.wait(to_old.command(Command{"REPLICAOF", "127.0.0.1", replica_port}));
    auto write =
        loop.start(client.command(Command{"SET", "k", "v"}, in(60s))); // READONLY: not executed, so it may be retried
    loop.until([&] { return client.stats().connects >= 2 || !client.connected(); });
    std::swap(master_port, replica_port);
    start_sentinel({});
    std::swap(master_port, replica_port);
    EXPECT_TRUE(loop.wait(write).is_status("OK"));
    EXPECT_EQ(loop.wait(to_new.command(Command{"GET", "k"})).text, "v");
}

TEST_F(RedisSentinel, LogsInToSentinelsApart) {
    sentinel->kill();
    start_sentinel({"requirepass watch-word"});
    Client client(loop.io, url + "?sentinel_password=watch-word", options());
    EXPECT_EQ(port_served(client), std::to_string(master_port));
    Client without(loop.io, url, options());
    loop.until([&] { return without.last_error().find("no master of 'main'") != std::string::npos; });
    Error error = loop.error_of(without.command(Command{"PING"}, in(20ms)));
    EXPECT_EQ(error.kind(), ErrorKind::unavailable);
    EXPECT_NE(std::string(error.what()).find("no master of 'main'"), std::string::npos) << error.what();
}

TEST_F(RedisSentinel, SaysThatNobodyKnowsTheMaster) {
    Client client(loop.io, "redis+sentinel://127.0.0.1:" + std::to_string(sentinel_port) + ",127.0.0.1:1/other",
                  options());
    loop.until([&] { return client.last_error() != "not connected yet"; });
    Error error = loop.error_of(client.command(Command{"PING"}, in(20ms)));
    EXPECT_EQ(error.kind(), ErrorKind::unavailable);
    EXPECT_NE(std::string(error.what()).find("no master of 'other'"), std::string::npos) << error.what();
}

TEST_F(RedisSentinel, GroupReaderFollowsToo) {
    Client client(loop.io, url, options());
    loop.wait(create_group(client, "s", "g"));
    GroupReader reader(client, "g", "c", {"s"});
    EXPECT_TRUE(loop.wait(reader.read(1, 1ms)).empty());
    settle();
    loop.wait(client.command(Command{"WAIT", 1, 5000}));
    master->kill();
    EXPECT_EQ(port_served(client), std::to_string(replica_port));
    loop.wait(xadd(client, "s", {{"v", "x"}}));
    std::vector<StreamBatch> got;
    for (int tries = 0; tries < 100 && got.empty(); ++tries) { // the broken connection may be noticed by the first
        try {
            got = loop.wait(reader.read(1, 5s));
        } catch (const Error& error) {
            EXPECT_TRUE(error.kind() == ErrorKind::connection_lost || error.kind() == ErrorKind::unavailable)
                << error.what();
        }
    }
    ASSERT_EQ(got.size(), 1u);
    EXPECT_EQ(got[0].entries.at(0).get("v"), "x");
}

} // namespace
} // namespace gravity::redis::test
