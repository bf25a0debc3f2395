#include "redis/command_rules.hpp"
#include "redis/redirect_machine.hpp"
#include "redis/slot_map.hpp"

#include <gravity/redis/script.hpp>
#include <gravity/redis/url.hpp>

#include <gtest/gtest.h>

namespace gravity::redis {
namespace {

using namespace std::chrono_literals;

Endpoint at(std::string host, std::uint16_t port) {
    Endpoint out;
    out.host = std::move(host);
    out.port = port;
    return out;
}

TEST(RedisUrl, ReadsEveryForm) {
    Url plain = Url::parse("redis://localhost");
    EXPECT_EQ(plain.topology, Topology::standalone);
    EXPECT_EQ(plain.endpoints, (std::vector{at("localhost", 6379)}));
    EXPECT_TRUE(plain.credentials.empty());
    Url full = Url::parse("rediss://a%40b:p%3aw%2F@[::1]:7000/5");
    EXPECT_TRUE(full.tls);
    EXPECT_EQ(full.credentials.user, "a@b");
    EXPECT_EQ(full.credentials.password, "p:w/");
    EXPECT_EQ(full.endpoints, (std::vector{at("::1", 7000)}));
    EXPECT_EQ(full.db, 5);
    EXPECT_EQ(full.to_string(), "rediss://[::1]:7000/5");
    Url socket = Url::parse("unix://:pw@/var/run/redis%20x.sock?db=2");
    EXPECT_EQ(socket.endpoints[0].path, "/var/run/redis x.sock");
    EXPECT_EQ(socket.credentials.password, "pw");
    EXPECT_EQ(socket.db, 2);
    EXPECT_EQ(socket.to_string(), "unix:///var/run/redis x.sock?db=2");
    Url sentinel = Url::parse("redis+sentinel://u:p@s1,s2:26380/main/3?sentinel_user=su&sentinel_password=sp");
    EXPECT_EQ(sentinel.topology, Topology::sentinel);
    EXPECT_EQ(sentinel.endpoints, (std::vector{at("s1", 26379), at("s2", 26380)}));
    EXPECT_EQ(sentinel.master, "main");
    EXPECT_EQ(sentinel.db, 3);
    EXPECT_EQ(sentinel.sentinel_credentials.user, "su");
    EXPECT_EQ(sentinel.sentinel_credentials.password, "sp");
    EXPECT_EQ(sentinel.to_string(), "redis+sentinel://s1:26379,s2:26380/main/3");
    Url cluster = Url::parse("rediss+cluster://n1,n2:7001");
    EXPECT_EQ(cluster.topology, Topology::cluster);
    EXPECT_TRUE(cluster.tls);
    EXPECT_EQ(cluster.endpoints, (std::vector{at("n1", 6379), at("n2", 7001)}));
}

TEST(RedisUrl, RefusesWithAReasonAndWithoutThePassword) {
    for (const char* text : {"",
                             "localhost",
                             "http://h",
                             "redis://",
                             "redis://h:",
                             "redis://h:0",
                             "redis://h:65536",
                             "redis://h:x",
                             "redis://h/x",
                             "redis://h/-1",
                             "redis://h/1/2",
                             "redis://a,b",
                             "redis://hunter2@h",
                             "redis://hunter2:@h",
                             "redis://:%zz@h",
                             "redis://:%4@h",
                             "redis://[::1",
                             "redis://[::1]x",
                             "redis://[::1]:",
                             "redis://h?x=1",
                             "unix://",
                             "unix:///",
                             "unix://h/p",
                             "redis+sentinel://h",
                             "redis+sentinel://h/",
                             "redis+sentinel://,h/m",
                             "redis+cluster://h/1",
                             "redis+cluster://h?db=1",
                             "redis://h?sentinel_password=hunter2",
                             "redis+sentinel://h/m?sentinel_user=u"}) {
        try {
            (void)Url::parse(text);
            ADD_FAILURE() << text;
        } catch (const std::invalid_argument& error) {
            EXPECT_EQ(std::string(error.what()).find("hunter2"), std::string::npos) << error.what();
        }
    }
    EXPECT_THROW(Url::parse("redis://" + std::string(5000, 'h')), std::invalid_argument);
}

TEST(RedisScript, IsNamedByItsSha1) {
    EXPECT_EQ(Script("return 1").sha1(), "e0e1f9fabfc9d4800c877a703b823ac0578ff8db"); // SCRIPT LOAD "return 1"
    EXPECT_EQ(Script("").sha1(), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

TEST(SlotMap, HashesAsTheSpecificationSays) {
    EXPECT_EQ(crc16("123456789"), 0x31C3); // the specification's check value
    EXPECT_EQ(slot_of("foo"), 12182);
    EXPECT_EQ(slot_of(""), 0);
    EXPECT_EQ(slot_of("{user1000}.following"), slot_of("{user1000}.followers"));
    EXPECT_EQ(slot_of("{user1000}.following"), slot_of("user1000"));
    EXPECT_EQ(slot_of("foo{}{bar}"), crc16("foo{}{bar}") % slot_count); // empty tag: the whole key
    EXPECT_EQ(slot_of("foo{{bar}}zap"), slot_of("{bar"));
    EXPECT_EQ(slot_of("foo{bar}{zap}"), slot_of("bar"));
    EXPECT_EQ(slot_of("foo{bar"), crc16("foo{bar") % slot_count);
    EXPECT_EQ(slot_of("foo}x{bar}"), slot_of("bar"));
}

Value node(Value host, int port) {
    return Value::of_array({std::move(host), Value::of_integer(port), Value::of_string("id")});
}
Value range(int first, int last, std::vector<Value> nodes) {
    std::vector<Value> parts{Value::of_integer(first), Value::of_integer(last)};
    for (auto& n : nodes) parts.push_back(std::move(n));
    return Value::of_array(std::move(parts));
}

TEST(SlotMap, ReadsMastersReplicasAndGaps) {
    SlotMap map = SlotMap::parse(
        Value::of_array({range(0, 99, {node(Value::of_string("a"), 1), node(Value::of_string("r"), 9)}),
                         range(100, 100, {node(Value(), 2)}), range(16383, 16383, {node(Value::of_string(""), 3)}),
                         range(200, 300, {node(Value::of_string("?"), 4)})}),
        at("asked", 7));
    EXPECT_EQ(map.owner(0), at("a", 1));
    EXPECT_EQ(map.owner(99), at("a", 1));
    EXPECT_EQ(map.owner(100), at("asked", 2));
    EXPECT_EQ(map.owner(101), std::nullopt);
    EXPECT_EQ(map.owner(200), std::nullopt); // its node's name is not known
    EXPECT_EQ(map.owner(16383), at("asked", 3));
    EXPECT_EQ(map.owner(16384), std::nullopt);
    EXPECT_EQ(map.masters().size(), 3u);
    EXPECT_EQ(map.nodes().size(), 4u);
    EXPECT_FALSE(map.has_master(at("r", 9)));
    map.set(101, at("new", 5));
    EXPECT_EQ(map.owner(101), at("new", 5));
    EXPECT_TRUE(map.has_master(at("new", 5)));
    EXPECT_EQ(map.owner(100), at("asked", 2));
    SlotMap empty;
    EXPECT_TRUE(empty.empty());
    EXPECT_EQ(empty.owner(1), std::nullopt);
    empty.set(1, at("x", 1));
    EXPECT_EQ(empty.owner(1), at("x", 1));
}

TEST(SlotMap, RefusesNonsense) {
    const Value host = Value::of_string("a");
    for (const Value& bad :
         {Value::of_string("x"), Value::of_array({Value::of_integer(1)}), Value::of_array({range(0, 1, {})}),
          Value::of_array({range(-1, 1, {node(host, 1)})}), Value::of_array({range(0, 16384, {node(host, 1)})}),
          Value::of_array({range(5, 4, {node(host, 1)})}), Value::of_array({range(0, 1, {node(host, 0)})}),
          Value::of_array({range(0, 1, {node(host, 65536)})}),
          Value::of_array({range(0, 1, {Value::of_array({host})})}),
          Value::of_error("ERR This instance has cluster support disabled")})
        EXPECT_THROW(SlotMap::parse(bad, at("h", 1)), Error);
}

TEST(RedirectMachine, ReadsRedirects) {
    auto moved = parse_redirect("MOVED 3999 127.0.0.1:6381");
    ASSERT_TRUE(moved);
    EXPECT_FALSE(moved->ask);
    EXPECT_EQ(moved->slot, 3999);
    EXPECT_EQ(moved->node, at("127.0.0.1", 6381));
    auto ask = parse_redirect("ASK 0 2001:db8::1:6381");
    ASSERT_TRUE(ask);
    EXPECT_TRUE(ask->ask);
    EXPECT_EQ(ask->node, at("2001:db8::1", 6381));
    EXPECT_EQ(parse_redirect("MOVED 1 :6381")->node.host, "");
    for (const char* bad : {"", "MOVED", "MOVED ", "MOVED 1", "MOVED x h:1", "MOVED 16384 h:1", "MOVED 1 h",
                            "MOVED 1 h:", "MOVED 1 h:0", "MOVED 1 h:x", "ASKING 1 h:1", "ERR MOVED 1 h:1"})
        EXPECT_FALSE(parse_redirect(bad)) << bad;
}

TEST(RedirectMachine, FollowsMovedAndCorrectsTheMap) {
    RedirectMachine machine(false);
    auto step = machine.refused("MOVED 5 b:2", at("a", 1));
    ASSERT_TRUE(step);
    EXPECT_EQ(step->node, at("b", 2));
    EXPECT_FALSE(step->asking);
    EXPECT_TRUE(step->refresh);
    EXPECT_EQ(step->pause, 0ms);
    ASSERT_TRUE(step->moved);
    EXPECT_EQ(step->moved->slot, 5);
    EXPECT_EQ(step->moved->node, at("b", 2));
    auto same_host = machine.refused("MOVED 5 :2", at("a", 1));
    EXPECT_EQ(same_host->node, at("a", 2));
}

TEST(RedirectMachine, ObeysAskOnceAndLeavesTheMapAlone) {
    RedirectMachine machine(false);
    auto step = machine.refused("ASK 5 b:2", at("a", 1));
    ASSERT_TRUE(step);
    EXPECT_EQ(step->node, at("b", 2));
    EXPECT_TRUE(step->asking);
    EXPECT_FALSE(step->moved);
    EXPECT_FALSE(step->refresh);
    auto again = machine.refused("TRYAGAIN both sides", at("b", 2));
    ASSERT_TRUE(again);
    EXPECT_FALSE(again->node); // by the map again
    EXPECT_FALSE(again->asking);
    EXPECT_GT(again->pause, 0ms);
}

TEST(RedirectMachine, TransactionWaitsOutAMigration) {
    RedirectMachine machine(true);
    auto step = machine.refused("ASK 5 b:2", at("a", 1));
    ASSERT_TRUE(step);
    EXPECT_FALSE(step->node);
    EXPECT_FALSE(step->asking);
    EXPECT_GT(step->pause, 0ms);
    EXPECT_TRUE(machine.refused("MOVED 5 b:2", at("a", 1))->node);
}

TEST(RedirectMachine, PausesGrowAndLoopsAreSlowed) {
    RedirectMachine machine(false);
    auto first = machine.refused("CLUSTERDOWN x", at("a", 1));
    EXPECT_TRUE(first->refresh);
    auto last = first->pause;
    for (int i = 0; i < 20; ++i) {
        auto pause = machine.refused("LOADING x", at("a", 1))->pause;
        EXPECT_GE(pause, last);
        EXPECT_LE(pause, 320ms);
        last = pause;
    }
    RedirectMachine looping(false);
    for (int i = 0; i < 16; ++i) EXPECT_EQ(looping.refused("MOVED 5 b:2", at("a", 1))->pause, 0ms);
    EXPECT_GT(looping.refused("MOVED 5 b:2", at("a", 1))->pause, 0ms);
}

TEST(RedirectMachine, RetriesOnlyWhatWasNotExecuted) {
    RedirectMachine machine(false);
    EXPECT_FALSE(machine.refused("", at("a", 1)));
    EXPECT_FALSE(machine.refused("WRONGTYPE x", at("a", 1)));
    EXPECT_TRUE(machine.failed({ErrorKind::unavailable, "down", false})->refresh);
    EXPECT_FALSE(machine.failed({ErrorKind::connection_lost, "down", true}));
    EXPECT_FALSE(machine.failed({ErrorKind::timeout, "late", false}));
    EXPECT_FALSE(machine.failed({ErrorKind::closed, "closed", false}));
    EXPECT_FALSE(
        machine.failed({ErrorKind::overloaded, "full", false})); // the caller's back-pressure, not the cluster's
    EXPECT_TRUE(machine.nobody().refresh);
}

std::vector<std::string> keys(const Command& command) {
    std::vector<std::string> out;
    for (auto key : keys_of(command).keys) out.emplace_back(key);
    return out;
}
using Keyed = std::vector<std::string>;

TEST(CommandRules, FindKeysWhereTheyVary) {
    EXPECT_EQ(keys(Command{"get", "k"}), (Keyed{"k"}));
    EXPECT_EQ(keys(Command{"MSET", "a", "1", "b", "2"}), (Keyed{"a", "b"}));
    EXPECT_EQ(keys(Command{"EVAL", "return 1", 2, "a", "b", "x"}), (Keyed{"a", "b"}));
    EXPECT_EQ(keys(Command{"ZUNIONSTORE", "d", 2, "a", "b", "WEIGHTS", 1, 2}), (Keyed{"d", "a", "b"}));
    EXPECT_EQ(keys(Command{"ZUNION", 1, "a", "WITHSCORES"}), (Keyed{"a"}));
    EXPECT_EQ(keys(Command{"BITOP", "AND", "d", "a", "b"}), (Keyed{"d", "a", "b"}));
    EXPECT_EQ(keys(Command{"SORT", "a", "LIMIT", 0, 1, "store", "d"}), (Keyed{"a", "d"}));
    EXPECT_EQ(keys(Command{"GEORADIUS", "a", 1, 2, 3, "m", "STOREDIST", "d"}), (Keyed{"a", "d"}));
    EXPECT_EQ(keys(Command{"XREADGROUP", "GROUP", "streams", "c", "COUNT", 1, "STREAMS", "a", "b", ">", ">"}),
              (Keyed{"a", "b"}));
    EXPECT_EQ(keys(Command{"XREAD", "STREAMS", "a", "0"}), (Keyed{"a"}));
    EXPECT_EQ(keys(Command{"XGROUP", "CREATE", "s", "g", "$"}), (Keyed{"s"}));
    EXPECT_EQ(keys(Command{"MOD.CMD", "x"}.route_by("{r}")), (Keyed{"{r}"}));
    EXPECT_EQ(keys(Command{"SCAN", 0}.route_by("k")), (Keyed{"k"}));
}

TEST(CommandRules, MalformedCommandsHaveWhatIsThere) {
    EXPECT_TRUE(keys(Command{"GET"}).empty());
    EXPECT_EQ(keys(Command{"EVAL", "x", 5, "a"}), (Keyed{"a"}));
    EXPECT_TRUE(keys(Command{"EVAL", "x", "-1", "a"}).empty());
    EXPECT_TRUE(keys(Command{"EVAL", "x", "99999999999999999999", "a"}).empty());
    EXPECT_TRUE(keys(Command{"XREAD", "COUNT", 1}).empty());
    EXPECT_TRUE(keys(Command{"ZUNION", "x"}).empty());
}

TEST(CommandRules, KnowWhatHasNoKey) {
    using Knowledge = Keys::Knowledge;
    EXPECT_EQ(keys_of(Command{"PING"}).knowledge, Knowledge::none);
    EXPECT_EQ(keys_of(Command{"EVAL", "return 1", 0}).knowledge, Knowledge::none);
    EXPECT_EQ(keys_of(Command{"FLUSHALL"}).knowledge, Knowledge::every_node);
    EXPECT_EQ(keys_of(Command{"MEMORY", "DOCTOR"}).knowledge, Knowledge::every_node);
    EXPECT_EQ(keys_of(Command{"MOD.CMD", "x"}).knowledge, Knowledge::unknown);
}

TEST(CommandRules, RefuseOnASharedConnection) {
    for (const Command& bad :
         {Command{"subscribe", "a"}, Command{"WATCH", "a"}, Command{"BZPOPMIN", "a", 0}, Command{"HELLO", 3},
          Command{"QUIT"}, Command{"XREADGROUP", "GROUP", "g", "c", "BLOCK", 0, "STREAMS", "s", ">"},
          Command{"CLIENT", "tracking", "on"}})
        EXPECT_TRUE(refusal_on_shared(bad)) << bad.args()[0];
    for (const Command& good :
         {Command{"GET", "a"}, Command{"XREAD", "STREAMS", "block", "0"}, Command{"CLIENT", "ID"}, Command{"LPOP", "a"},
          Command{"XREADGROUP", "GROUP", "block", "c", "STREAMS", "s", ">"}, Command{"WAIT", 1, 10}})
        EXPECT_FALSE(refusal_on_shared(good)) << good.args()[0];
}

} // namespace
} // namespace gravity::redis
