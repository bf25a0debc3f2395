#include "config_fixture.hpp"
#include "departure.hpp"
#include "frames.hpp"
#include "peer.hpp"

#include <gravity/testkit/neighbour.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <set>

namespace gravity::config {
namespace {

namespace asio = boost::asio;

class Watch : public ConfigApi {
protected:
    std::string shop = published(as.owner, "shop", "default", Json::object({{"a", 0}, {"gone", true}}));

    void put(int value) {
        draft(as.owner, shop, Json::object({{"a", value}}));
        publish(as.owner, shop);
    }
    Peer peer(const testkit::Client& who) { return {service.port(), who.token()}; }
    /// Ends every connection that listens; how many there were.
    int cut_listeners() {
        return std::stoi(service.database().admin(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database() and query ilike 'listen%'"));
    }
};

/// The version that a frame leads to, and the value of a key after it.
struct Follows {
    std::int64_t version = 0;
    Items items;
    bool take(const std::string& frame) {
        const Json document = Json::parse(frame).or_throw();
        if (const Json* snapshot = document.find("snapshot")) {
            version = snapshot->find("version")->as_integer();
            items = from_json(*snapshot->find("items"));
            return true;
        }
        const Json* change = document.find("change");
        if (change == nullptr || change->find("version")->as_integer() <= version) return false; // never back
        version = change->find("version")->as_integer();
        for (const auto& [key, value] : change->find("changed")->as_object()) items[key] = value;
        for (const Json& key : change->find("removed")->as_array()) items.erase(key.as_string());
        return true;
    }
};

TEST_F(Watch, TellsWhatThereIsAndWhatChanges) {
    Peer client = peer(as.owner);
    client.hello("shop");
    EXPECT_EQ(client.read(), R"({"snapshot":{"items":{"a":0,"gone":true},"version":1}})");
    client.ack(1);
    draft(as.owner, shop, Json::object({{"a", "${b:x}"}, {"gone", nullptr}}));
    publish(as.owner, shop);
    EXPECT_EQ(client.read(), R"({"change":{"changed":{"a":"x"},"removed":["gone"],"version":2}})");
    client.ack(2);
    published(as.owner, "other", "default", Json::object({{"b", "theirs"}})); // is none of its business
    published(as.owner, "application", "default", Json::object({{"b", "y"}})); // a set that was not there before
    EXPECT_EQ(client.read(), R"({"change":{"changed":{"a":"y","b":"y"},"removed":[],"version":4}})");
}

TEST_F(Watch, BelongsToItsProject) {
    Peer client = peer(as.stranger);
    client.hello("shop");
    EXPECT_EQ(client.read(), R"({"snapshot":{"items":{},"version":0}})");
    put(1);
    published(as.stranger, "shop", "default", Json::object({{"mine", 1}}));
    EXPECT_EQ(client.read(), R"({"change":{"changed":{"mine":1},"removed":[],"version":1}})");
}

// What a server that has not heard yet what another has published would be to somebody who comes from there.
TEST_F(Watch, NeverLeadsBack) {
    Peer stays = peer(as.owner); // so that this server goes on with what it knows
    stays.hello("shop");
    stays.read();
    std::int64_t version = 1;
    for (int i = 0; i < 4; ++i) {
        cut_listeners(); // it takes it some time to listen again
        put(2 * i + 10);
        ++version;
        Peer back = peer(as.owner);
        back.hello("shop", version);
        put(2 * i + 11);
        ++version;
        EXPECT_EQ(back.read(), R"({"change":{"changed":{"a":)" + std::to_string(2 * i + 11) + R"(},"removed":[],"version":)" + std::to_string(version) + "}}");
    }
}

TEST_F(Watch, LongPollsDoNotEndBecauseAServerIsBehind) {
    Peer stays = peer(as.owner);
    stays.hello("shop");
    stays.read();
    cut_listeners();
    put(5);
    const auto begun = std::chrono::steady_clock::now();
    as.owner.get(configs + "/effective?application=shop&wait_version=2&wait=1").expect(200).field("/version", 2);
    EXPECT_GE(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(900)) << "there is no other";
    as.owner.get(configs + "/effective?application=shop&wait_version=99&wait=60").expect(200).field("/version", 2); // which was never published
}

TEST_F(Watch, GoesOnWhereAClientWas) {
    put(1);
    put(2);
    Peer behind = peer(as.owner), level = peer(as.owner), ahead = peer(as.owner);
    behind.hello("shop", 2);
    EXPECT_EQ(behind.read(), R"({"change":{"changed":{"a":2},"removed":[],"version":3}})");
    level.hello("shop", 3);
    ahead.hello("shop", 99);
    EXPECT_EQ(ahead.read(), R"({"snapshot":{"items":{"a":2,"gone":true},"version":3}})");
    put(3);
    EXPECT_EQ(level.read(), R"({"change":{"changed":{"a":3},"removed":[],"version":4}})"); // and nothing before
}

// As when a server has ended: what they have is read once, and nobody else has to wait for it.
TEST_F(Watch, OfManyWhoComeBackAtOnceOneReadingIsMade) {
    put(1);
    Peer stays = peer(as.owner); // what there is now is known
    stays.hello("shop");
    stays.read();
    std::thread holds([&] { service.database().admin("begin; lock table placement in access exclusive mode; select pg_sleep(4); commit"); });
    const std::string held = "select count(*) from pg_locks where relation = 'placement'::regclass and mode = 'AccessExclusiveLock' and granted";
    testkit::eventually("it is held", [&] { return service.database().admin(held) == "1"; });
    const auto begun = std::chrono::steady_clock::now();
    std::vector<std::unique_ptr<Peer>> peers;
    for (int i = 0; i < 60; ++i) {
        peers.push_back(std::make_unique<Peer>(service.port(), as.owner.token()));
        peers.back()->hello("shop", 1);
    }
    as.owner.get(configs).expect(200); // on a connection to the store that is free
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(3'500));
    for (auto& client : peers) EXPECT_EQ(client->read(), R"({"change":{"changed":{"a":1},"removed":[],"version":2}})");
    holds.join();
}

TEST_F(Watch, ClosesWhereItIsNotUnderstood) {
    for (const std::string bad : {"x", "{}", R"({"hello":{"application":"shop","label":"A"}})", R"({"hello":{"application":"a,b,c,d,e,f,g,h,i,j,k"}})"}) {
        Peer client = peer(as.owner);
        client.send(bad);
        EXPECT_EQ(client.read(), "closed 1008") << bad;
    }
    Peer client = peer(as.owner);
    client.hello("shop");
    client.read();
    client.send("{\"ack\":\"x\"}");
    EXPECT_EQ(client.read(), "closed 1008");
    EXPECT_THROW(peer(as.anonymous), std::exception);
}

TEST_F(Watch, WaitsForWhoDoesNotKeepUpAndThenSaysAllAtOnce) {
    Peer client = peer(as.owner);
    client.hello("shop");
    Follows follows;
    ASSERT_TRUE(follows.take(client.read()));
    for (int i = 1; i <= 30; ++i) put(i);
    while (follows.version < 8) ASSERT_TRUE(follows.take(client.read())); // eight frames at most are under way
    put(31);
    as.owner.get(configs + "/effective?application=shop&wait_version=31&wait=10").expect(200).field("/version", 32);
    client.ack(follows.version);
    while (follows.version < 32) ASSERT_TRUE(follows.take(client.read()));
    EXPECT_EQ(follows.items.at("a"), Json(31));
}

TEST_F(Watch, MissesNothingWhenTheStoreIsLostForAWhile) {
    Peer client = peer(as.owner);
    client.hello("shop");
    Follows follows;
    ASSERT_TRUE(follows.take(client.read()));
    int cut = 0;
    for (int round = 1; round <= 20; ++round) {
        cut += cut_listeners();
        put(round); // nobody hears of this one, if the listener is not back yet
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (follows.items.at("a") != Json(round)) {
            ASSERT_LT(std::chrono::steady_clock::now(), end);
            ASSERT_TRUE(follows.take(client.read()));
            client.ack(follows.version);
        }
    }
    EXPECT_GT(cut, 0);
    EXPECT_EQ(follows.version, 21);
}

TEST_F(Watch, MissesNothingOverReconnects) {
    std::atomic<bool> done{false};
    std::thread publisher([&] {
        for (int i = 1; i <= 40; ++i) put(i);
        done = true;
    });
    Follows follows;
    int connections = 0;
    while (follows.version < 41) {
        Peer client = peer(as.owner);
        client.hello("shop", connections == 0 ? std::nullopt : std::optional(follows.version));
        ++connections;
        for (int i = 0; i < 3 && follows.version < 41; ++i) {
            ASSERT_TRUE(follows.take(client.read()));
            client.ack(follows.version);
        }
    }
    publisher.join();
    EXPECT_GT(connections, 1);
    EXPECT_EQ(follows.items.at("a"), Json(40));
    EXPECT_EQ(follows.items.size(), 2u);
}

TEST_F(Watch, ReachesManyAtOnce) {
    std::vector<std::unique_ptr<Peer>> peers;
    for (int i = 0; i < 100; ++i) {
        peers.push_back(std::make_unique<Peer>(service.port(), as.owner.token()));
        peers.back()->hello("shop");
        peers.back()->read();
    }
    put(1);
    for (auto& client : peers) EXPECT_EQ(client->read(), R"({"change":{"changed":{"a":1},"removed":[],"version":2}})");
}

// All at once they would stand before the servers that are left.
TEST_F(Watch, SaysWhenToComeBackWhereTheServerEnds) {
    std::vector<std::unique_ptr<Peer>> peers;
    for (int i = 0; i < 8; ++i) {
        peers.push_back(std::make_unique<Peer>(service.port(), as.owner.token()));
        if (i == 0) continue; // it has not said what it wants
        peers.back()->hello("shop");
        peers.back()->read();
    }
    std::vector<std::string> ends(peers.size());
    std::vector<std::thread> readers;
    for (std::size_t i = 0; i < peers.size(); ++i) readers.emplace_back([&, i] { ends[i] = peers[i]->read(); });
    service.stop();
    for (auto& reader : readers) reader.join();
    std::set<std::int64_t> waits;
    for (std::size_t i = 0; i < peers.size(); ++i) {
        EXPECT_EQ(ends[i], "closed 1001") << i;
        const auto said = Json::parse(peers[i]->reason());
        ASSERT_TRUE(said && said->find("retry_ms") != nullptr) << peers[i]->reason();
        waits.insert(said->find("retry_ms")->as_integer());
    }
    EXPECT_GE(*waits.begin(), 0);
    EXPECT_LT(*waits.rbegin(), 1'000);
    EXPECT_GT(waits.size(), 1u) << "not all at the same time";
}

TEST(Retry, IsSpreadWithTheNumberOfThoseWhoCome) {
    EXPECT_EQ(retry_after(0, 0.5), 500);
    EXPECT_EQ(retry_after(5'000, 0.5), 2'500);
    EXPECT_EQ(retry_after(50'000, 0), 0);
    EXPECT_EQ(retry_after(50'000, 0.5), 25'000);
    EXPECT_EQ(retry_after(1'000'000, 0.75), 45'000) << "nobody waits for more than a minute";
}

class LongPoll : public Watch {};

TEST_F(LongPoll, WaitsForAnotherVersion) {
    const std::string path = configs + "/effective?application=shop&wait=20&wait_version=";
    as.owner.get(path + "0").expect(200).field("/version", 1); // another already
    std::thread later([&] { put(5); });
    const auto answer = as.owner.get(path + "1").expect(200).field("/version", 2).field("/items/0/value", 5);
    later.join();
    as.owner.get(configs + "/effective?application=shop&wait=1&wait_version=2").header("If-None-Match", answer.etag()).expect(304);
    as.owner.get(path + "x").expect_problem(422, "invalid-value");
    as.owner.get(configs + "/effective?application=shop&wait=61&wait_version=1").expect_problem(422, "invalid-value");
}

TEST_F(LongPoll, AnswersBeforeTheCallersDeadline) {
    const std::string path = configs + "/effective?application=shop&wait=60&wait_version=1";
    const auto begun = std::chrono::steady_clock::now();
    as.owner.get(path).header("X-Request-Timeout-Ms", "2500").expect(200).field("/version", 1);
    const auto waited = std::chrono::steady_clock::now() - begun;
    EXPECT_GE(waited, std::chrono::milliseconds(1000)) << "it waits as long as it may";
    EXPECT_LT(waited, std::chrono::milliseconds(2500));
    as.owner.get(path).header("X-Request-Timeout-Ms", "900").expect(200).field("/version", 1); // no time to wait
}

class WatchEvents : public Watch {
protected:
    /// What is sent up to the end of the event with this beginning.
    std::string events(const std::string& wanted, const std::string& last = "", const std::string& query = "") {
        asio::io_context io;
        asio::ip::tcp::socket socket(io);
        socket.connect({asio::ip::address_v4::loopback(), service.port()});
        std::string head = "GET /api/v1/configs/watch/events?application=shop" + query + " HTTP/1.1\r\nHost: h\r\n";
        head += "Authorization: Bearer " + as.owner.token() + "\r\n";
        if (!last.empty()) head += "Last-Event-ID: " + last + "\r\n";
        asio::write(socket, asio::buffer(head + "\r\n"));
        std::string text;
        char bytes[4096];
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30); // a heartbeat comes before
        while (std::chrono::steady_clock::now() < end) {
            text.append(bytes, socket.read_some(asio::buffer(bytes)));
            if (const auto at = text.find(wanted); at != std::string::npos && text.find("\n\n", at) != std::string::npos) break;
        }
        return text;
    }
};

TEST_F(WatchEvents, AreSentAsTheyCome) {
    std::thread later([&] { put(5); });
    const std::string all = events("id: 2\n", "0");
    later.join();
    EXPECT_NE(all.find("id: 2\nevent: change\ndata: {\"changed\":{\"a\":5"), std::string::npos) << all;
    const std::string whole = events("id: 2\n", "x");
    EXPECT_NE(whole.find("id: 2\nevent: snapshot\ndata: {\"items\":{\"a\":5,\"gone\":true},\"version\":2}"), std::string::npos) << whole;
    events("id: 2\n", "1", "&instance=streamed"); // it says that it had the first one, and is told of the second
    testkit::eventually("it is kept", [&] {
        const auto kept = as.owner.get(shop + "/instances").expect(200);
        return kept.text("/items/0/instance") == "streamed" && kept.at("/items/0/release") == Json(2) && kept.text("/items/0/status") == "told";
    });
    const std::string rest = events("id: 2\n", "1");
    EXPECT_NE(rest.find("id: 2\nevent: change\ndata: {\"changed\":{\"a\":5},\"removed\":[],\"version\":2}"), std::string::npos) << rest;
}

} // namespace
} // namespace gravity::config
