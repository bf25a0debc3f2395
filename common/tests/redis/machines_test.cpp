#include "redis/backoff.hpp"
#include "redis/handshake_machine.hpp"
#include "redis/keepalive_machine.hpp"
#include "redis/sentinel_machine.hpp"
#include "redis/subscription_machine.hpp"

#include <gtest/gtest.h>

namespace gravity::redis {
namespace {

using namespace std::chrono_literals;

Value text(std::string t) { return Value::of_string(std::move(t)); }

TEST(RedisBackoff, DoublesUpToTheCapAndIsSpreadOverTheWholeSpan) {
    EXPECT_EQ(reconnect_delay(20ms, 2000ms, 0, 20), 20ms);
    EXPECT_EQ(reconnect_delay(20ms, 2000ms, 0, 21), 0ms);
    EXPECT_EQ(reconnect_delay(20ms, 2000ms, 3, 160), 160ms);
    EXPECT_EQ(reconnect_delay(20ms, 2000ms, 60, 2000), 2000ms); // no overflow however often it failed
    EXPECT_EQ(reconnect_delay(20ms, 2000ms, 4'000'000'000U, 2001), 0ms);
    EXPECT_EQ(reconnect_delay(3000ms, 2000ms, 0, 2000), 2000ms);
}

TEST(KeepaliveMachine, ProbesTheIdleAndGivesUpTheSilent) {
    using Verdict = KeepaliveMachine::Verdict;
    KeepaliveMachine machine(15s, 10s);
    const TimePoint t{1h};
    machine.connected(t);
    EXPECT_EQ(machine.check(t + 14s, 0), Verdict::fine);
    EXPECT_EQ(machine.check(t + 15s, 0), Verdict::ping);
    machine.sending(t + 15s, 0);
    EXPECT_EQ(machine.check(t + 24s, 1), Verdict::fine);
    EXPECT_EQ(machine.check(t + 25s, 1), Verdict::dead);
    machine.sending(t + 24s, 1); // further commands do not hide that nothing comes back
    EXPECT_EQ(machine.check(t + 25s, 2), Verdict::dead);
    machine.received(t + 24s); // a piece of a long reply is a sign of life
    EXPECT_EQ(machine.check(t + 33s, 2), Verdict::fine);
    EXPECT_EQ(machine.next_check(2), t + 34s);
    EXPECT_EQ(machine.next_check(0), t + 39s);
}

using Status = HandshakeMachine::Status;

TEST(HandshakeMachine, SaysEverythingInOneWrite) {
    HandshakeMachine machine({{"ada", "pw"}, "me", 3, true, false});
    std::string expected;
    for (const char* part :
         {"*3\r\n$4\r\nAUTH\r\n$3\r\nada\r\n$2\r\npw\r\n", "*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$2\r\nme\r\n",
          "*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n", "*1\r\n$4\r\nROLE\r\n", "*1\r\n$4\r\nPING\r\n"})
        expected += part;
    EXPECT_EQ(machine.wire(), expected);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(machine.reply(Value::of_status("OK")), Status::more);
    EXPECT_EQ(machine.reply(Value::of_array({text("master"), Value::of_integer(0), Value::of_array({})})),
              Status::more);
    EXPECT_EQ(machine.reply(Value::of_status("PONG")), Status::ready);
    EXPECT_EQ(machine.reply(Value::of_status("PONG")), Status::failed); // nothing more was asked
}

TEST(HandshakeMachine, SaysOnlyWhatIsNeeded) {
    EXPECT_EQ(HandshakeMachine({}).wire(), "*1\r\n$4\r\nPING\r\n");
    EXPECT_EQ(HandshakeMachine({{"", "pw"}, "", 0, false, false}).wire(),
              "*2\r\n$4\r\nAUTH\r\n$2\r\npw\r\n*1\r\n$4\r\nPING\r\n");
    EXPECT_EQ(HandshakeMachine({{}, "", 3, false, true}).wire(), "*1\r\n$4\r\nPING\r\n"); // a Sentinel has no databases
}

TEST(HandshakeMachine, EveryRefusalEndsIt) {
    struct Case {
        HandshakeSettings settings;
        Value reply;
        const char* why;
    };
    const Case cases[] = {
        {{{"", "pw"}, "", 0, false, false}, Value::of_error("WRONGPASS no"), "log-in refused: WRONGPASS no"},
        {{{}, "me", 0, false, false},
         Value::of_error("ERR max number of clients reached"),
         "refused: ERR max number of clients reached"},
        {{{}, "", 99, false, false},
         Value::of_error("ERR DB index is out of range"),
         "database refused: ERR DB index is out of range"},
        {{{}, "", 0, true, false}, Value::of_array({text("slave")}), "the server is not a master"},
        {{{}, "", 0, true, false}, Value::of_array({}), "the server is not a master"},
        {{{}, "", 0, true, false}, Value::of_error("ERR unknown"), "role not told: ERR unknown"},
        {{}, Value::of_error("LOADING wait"), "not ready: LOADING wait"},
    };
    for (const auto& c : cases) {
        HandshakeMachine machine(c.settings);
        EXPECT_EQ(machine.reply(c.reply), Status::failed);
        EXPECT_EQ(machine.why(), c.why);
    }
}

TEST(HandshakeMachine, MissingRightsForNamesAndPingsAreNoObstacle) {
    HandshakeMachine machine({{}, "me", 0, false, false});
    EXPECT_EQ(machine.reply(Value::of_error("NOPERM no")), Status::more);
    EXPECT_EQ(machine.reply(Value::of_error("NOPERM no")), Status::ready);
}

using What = SubscriptionMachine::What;
using ActionKind = SubscriptionMachine::Action::Kind;

Value push(const char* kind, const char* name, Value last) {
    return Value::of_array({text(kind), text(name), std::move(last)});
}

TEST(SubscriptionMachine, AsksOnceAndAgainAfterAReconnect) {
    SubscriptionMachine machine;
    EXPECT_EQ(machine.want({What::channel, "a"}), ""); // not connected
    EXPECT_EQ(machine.connected(), "*2\r\n$9\r\nSUBSCRIBE\r\n$1\r\na\r\n");
    EXPECT_EQ(machine.want({What::channel, "a"}), "");
    EXPECT_EQ(machine.want({What::pattern, "b*"}), "*2\r\n$10\r\nPSUBSCRIBE\r\n$2\r\nb*\r\n");
    EXPECT_EQ(machine.due(), 2u);
    auto action = machine.reply(push("subscribe", "a", Value::of_integer(1)));
    EXPECT_EQ(action.kind, ActionKind::confirmed);
    EXPECT_TRUE(machine.is_confirmed({What::channel, "a"}));
    EXPECT_FALSE(machine.is_confirmed({What::pattern, "b*"}));
    EXPECT_EQ(machine.reply(push("psubscribe", "b*", Value::of_integer(2))).kind, ActionKind::confirmed);
    EXPECT_EQ(machine.due(), 0u);
    machine.disconnected();
    EXPECT_FALSE(machine.is_confirmed({What::channel, "a"}));
    EXPECT_EQ(machine.connected(), "*2\r\n$9\r\nSUBSCRIBE\r\n$1\r\na\r\n*2\r\n$10\r\nPSUBSCRIBE\r\n$2\r\nb*\r\n");
}

TEST(SubscriptionMachine, TellsMessagesFromReplies) {
    SubscriptionMachine machine;
    (void)machine.connected();
    (void)machine.want({What::channel, "a"});
    auto early = machine.reply(push("message", "a", text("hi"))); // may come before the confirmation of something later
    EXPECT_EQ(early.kind, ActionKind::message);
    EXPECT_EQ(early.message.channel, "a");
    EXPECT_EQ(early.message.payload, "hi");
    auto matched = machine.reply(Value::of_array({text("pmessage"), text("b*"), text("bb"), text("ho")}));
    EXPECT_EQ(matched.message.pattern, "b*");
    EXPECT_EQ(matched.message.channel, "bb");
    EXPECT_EQ(machine.due(), 1u);
}

TEST(SubscriptionMachine, OnlyTheLastAnswerCounts) {
    SubscriptionMachine machine;
    (void)machine.connected();
    (void)machine.want({What::channel, "a"});
    EXPECT_NE(machine.forget({What::channel, "a"}), "");
    EXPECT_NE(machine.want({What::channel, "a"}), "");
    EXPECT_EQ(machine.reply(push("subscribe", "a", Value::of_integer(1))).kind, ActionKind::none);
    EXPECT_EQ(machine.reply(push("unsubscribe", "a", Value::of_integer(0))).kind, ActionKind::none);
    EXPECT_FALSE(machine.is_confirmed({What::channel, "a"}));
    EXPECT_EQ(machine.reply(push("subscribe", "a", Value::of_integer(1))).kind, ActionKind::confirmed);
    EXPECT_EQ(machine.forget({What::channel, "never"}), "");
}

TEST(SubscriptionMachine, RefusalBelongsToWhatWasAskedFirst) {
    SubscriptionMachine machine;
    (void)machine.connected();
    (void)machine.want({What::channel, "a"});
    (void)machine.want({What::channel, "b"});
    auto action = machine.reply(Value::of_error("NOPERM no"));
    EXPECT_EQ(action.kind, ActionKind::refused);
    EXPECT_EQ(action.topic.second, "a");
    EXPECT_EQ(action.why, "NOPERM no");
    EXPECT_EQ(machine.reply(push("subscribe", "b", Value::of_integer(1))).kind, ActionKind::confirmed);
    EXPECT_THROW(machine.reply(Value::of_error("ERR unasked")), Error);
}

TEST(SubscriptionMachine, PingIsAnsweredInBothStates) {
    SubscriptionMachine machine;
    (void)machine.connected();
    (void)machine.probe();
    (void)machine.probe();
    EXPECT_EQ(machine.reply(Value::of_status("PONG")).kind, ActionKind::none);
    EXPECT_EQ(machine.reply(Value::of_array({text("pong"), text("")})).kind, ActionKind::none);
    EXPECT_EQ(machine.due(), 0u);
}

TEST(SubscriptionMachine, RefusesWhatWasNotAsked) {
    SubscriptionMachine machine;
    (void)machine.connected();
    EXPECT_THROW(machine.reply(push("subscribe", "x", Value::of_integer(1))), Error);
    EXPECT_THROW(machine.reply(Value::of_status("OK")), Error);
    EXPECT_THROW(machine.reply(Value::of_integer(1)), Error);
    EXPECT_THROW(machine.reply(Value::of_array({})), Error);
    EXPECT_THROW(machine.reply(Value::of_array({text("message"), text("a")})), Error);
    EXPECT_THROW(machine.reply(Value::of_array({text("unsubscribe"), Value(), Value::of_integer(0)})), Error);
}

Value address(const char* host, const char* port) { return Value::of_array({text(host), text(port)}); }
Value sentinel(const char* host, const char* port) {
    return Value::of_array({text("name"), text("x"), text("ip"), text(host), text("port"), text(port)});
}
Endpoint at(const char* host, std::uint16_t port) {
    Endpoint out;
    out.host = host;
    out.port = port;
    return out;
}

TEST(SentinelMachine, AsksInTurnUntilOneKnows) {
    SentinelMachine machine({at("a", 1), at("b", 2), at("c", 3), at("d", 4)}, "main");
    machine.begin();
    EXPECT_EQ(machine.ask(), at("a", 1));
    machine.failed("a:1: refused");
    EXPECT_EQ(machine.ask(), at("b", 2));
    EXPECT_EQ(machine.answered({Value(), Value::of_error("ERR No such master")}), std::nullopt);
    EXPECT_EQ(machine.ask(), at("c", 3));
    EXPECT_EQ(machine.answered({Value::of_error("ERR x"), Value()}), std::nullopt);
    EXPECT_EQ(machine.ask(), at("d", 4));
    EXPECT_EQ(
        machine.answered({address("10.0.0.9", "6390"), Value::of_array({sentinel("b", "2"), sentinel("e", "5")})}),
        at("10.0.0.9", 6390));
    EXPECT_EQ(machine.sentinels(),
              (std::vector{at("d", 4), at("a", 1), at("b", 2), at("c", 3), at("e", 5)})); // the one that knew first
    machine.begin();
    EXPECT_EQ(machine.ask(), at("d", 4));
}

TEST(SentinelMachine, SaysWhyNobodyKnew) {
    SentinelMachine machine({at("a", 1)}, "main");
    machine.begin();
    EXPECT_EQ(machine.answered({Value(), Value()}), std::nullopt);
    EXPECT_EQ(machine.ask(), std::nullopt);
    EXPECT_EQ(machine.why(), "Sentinel a:1: knows no master 'main'");
}

TEST(SentinelMachine, RefusesNonsense) {
    for (const Value& reply : {text("x"), Value::of_array({}), address("", "1"), address("h", "0"), address("h", "x"),
                               address("h", "70000")}) {
        SentinelMachine machine({at("a", 1)}, "main");
        machine.begin();
        EXPECT_EQ(machine.answered({reply, Value()}), std::nullopt);
        EXPECT_EQ(machine.ask(), std::nullopt);
    }
    SentinelMachine machine({at("a", 1)}, "main");
    machine.begin();
    EXPECT_EQ(machine.answered({address("h", "1")}), std::nullopt);
}

TEST(SentinelMachine, LearnsABoundedNumber) {
    SentinelMachine machine({at("a", 1)}, "main");
    machine.begin();
    std::vector<Value> many;
    for (int i = 1; i <= 1000; ++i) many.push_back(sentinel("x", std::to_string(i).c_str()));
    EXPECT_TRUE(machine.answered({address("h", "1"), Value::of_array(std::move(many))}));
    EXPECT_EQ(machine.sentinels().size(), 64u);
}

TEST(SentinelMachine, ReadsSwitchMaster) {
    EXPECT_EQ(switched_master("main 10.0.0.1 6379 10.0.0.2 6380", "main"), at("10.0.0.2", 6380));
    EXPECT_EQ(switched_master("other 10.0.0.1 6379 10.0.0.2 6380", "main"), std::nullopt);
    for (const char* bad : {"", "main", "main 1 2 3", "main a 1 b x", "main a 1 b 2 c"})
        EXPECT_EQ(switched_master(bad, "main"), std::nullopt) << bad;
}

} // namespace
} // namespace gravity::redis
