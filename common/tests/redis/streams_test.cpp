#include "support.hpp"

#include <gravity/redis/streams.hpp>

namespace gravity::redis::test {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

class RedisStreams : public ::testing::Test {
protected:
    std::string add(std::string_view value, XAddOptions how = {}) {
        return loop.wait(xadd(client, "s", Fields{{"v", std::string(value)}}, how)).value_or("");
    }
    static std::vector<std::string> values(const std::vector<StreamBatch>& batches) {
        std::vector<std::string> out;
        for (const auto& batch : batches)
            for (const auto& entry : batch.entries) out.emplace_back(entry.get("v").value_or("-"));
        return out;
    }
    using Strings = std::vector<std::string>;

    Server server;
    Loop loop;
    Client client{loop.io, server.url(), options()};
};

TEST_F(RedisStreams, AppendsAndTrims) {
    EXPECT_EQ(loop.wait(xadd(client, "s", Fields{{"a", "1"}, {"b", ""}, {"a", "2"}}, {.id = "5-1"})), "5-1");
    EXPECT_EQ(loop.wait(xadd(client, "absent", Fields{{"a", "1"}}, {.no_create = true})), std::nullopt);
    for (int i = 0; i < 10; ++i) add(std::to_string(i), {.max_length = 4, .exact = true});
    EXPECT_EQ(loop.wait(client.command(Command{"XLEN", "s"})).integer, 4);
    EXPECT_EQ(loop.error_of(xadd(client, "s", Fields{{"a", "1"}}, {.id = "1-1"})).kind(), ErrorKind::server);
}

TEST_F(RedisStreams, GroupReadsNewThenPendingThenAcknowledges) {
    EXPECT_TRUE(loop.wait(create_group(client, "s", "g", "0")));
    EXPECT_FALSE(loop.wait(create_group(client, "s", "g", "0")));
    GroupReader reader(client, "g", "c1", {"s"});
    add("1");
    add("2");
    auto got = loop.wait(reader.read(10, 1s));
    ASSERT_EQ(values(got), (Strings{"1", "2"}));
    EXPECT_EQ(got[0].stream, "s");
    EXPECT_EQ(values(loop.wait(reader.read_pending(10))), (Strings{"1", "2"}));
    EXPECT_EQ(values(loop.wait(reader.read_pending(10, got[0].entries[0].id))), (Strings{"2"}));
    EXPECT_EQ(loop.wait(xack(client, "s", "g", {got[0].entries[0].id, got[0].entries[1].id})), 2);
    EXPECT_EQ(loop.wait(xack(client, "s", "g", {})), 0);
    EXPECT_TRUE(values(loop.wait(reader.read_pending(10))).empty());
    EXPECT_TRUE(loop.wait(reader.read(10, 1ms)).empty());
}

TEST_F(RedisStreams, WaitingReadHoldsUpNobody) {
    loop.wait(create_group(client, "s", "g"));
    GroupReader reader(client, "g", "c1", {"s"});
    auto waiting = loop.start(reader.read(10, 30s));
    auto blocked = [&] {
        return loop.wait(client.command(Command{"INFO", "clients"})).text.find("blocked_clients:1") !=
               std::string::npos;
    };
    loop.until(blocked); // the client's own commands are answered meanwhile
    add("x");
    EXPECT_EQ(values(loop.wait(waiting)), (Strings{"x"}));
}

TEST_F(RedisStreams, GivenUpReadTakesNothing) {
    loop.wait(create_group(client, "s", "g"));
    GroupReader reader(client, "g", "c1", {"s"});
    boost::asio::cancellation_signal signal;
    auto waiting = loop.start(reader.read(10, 30s), signal.slot());
    auto blocked = [&](const char* count) {
        return [this, count] {
            return loop.wait(client.command(Command{"INFO", "clients"}))
                       .text.find(std::string("blocked_clients:") + count) != std::string::npos;
        };
    };
    loop.until(blocked("1"));
    signal.emit(boost::asio::cancellation_type::all);
    loop.until([&] { return waiting->done; });
    loop.until(blocked("0"));
    add("x");
    EXPECT_EQ(values(loop.wait(reader.read(10, 10s))), (Strings{"x"})); // as new, not lost as pending
}

TEST_F(RedisStreams, ReaderSurvivesARestart) {
    Server durable({"appendonly yes", "appendfsync always"});
    Client other(loop.io, durable.url(), options());
    loop.wait(create_group(other, "s", "g"));
    GroupReader reader(other, "g", "c1", {"s"});
    auto waiting = loop.start(reader.read(10, 30s));
    auto blocked = [&] {
        return loop.wait(other.command(Command{"INFO", "clients"})).text.find("blocked_clients:1") != std::string::npos;
    };
    loop.until(blocked);
    durable.kill();
    Error error = loop.error_of(waiting);
    EXPECT_EQ(error.kind(), ErrorKind::connection_lost);
    EXPECT_TRUE(error.maybe_executed());
    durable.start();
    loop.wait(xadd(other, "s", Fields{{"v", "after"}}));
    EXPECT_EQ(values(loop.wait(reader.read(10, 10s))), (Strings{"after"}));
}

TEST_F(RedisStreams, AbandonedEntriesAreTakenOver) {
    loop.wait(create_group(client, "s", "g"));
    GroupReader dead(client, "g", "dead", {"s"});
    auto first = add("1");
    add("2");
    add("3");
    loop.wait(dead.read(10, 1s));
    EXPECT_TRUE(loop.wait(xautoclaim(client, "s", "g", "live", 1h)).entries.empty()); // not idle for long enough
    loop.wait(client.command(Command{"XDEL", "s", first}));
    auto claimed = loop.wait(xautoclaim(client, "s", "g", "live", 0ms, "0-0", 2));
    EXPECT_EQ(claimed.deleted_ids, (Strings{first}));
    ASSERT_EQ(claimed.entries.size(), 1u);
    EXPECT_EQ(claimed.entries[0].get("v"), "2");
    auto rest = loop.wait(xautoclaim(client, "s", "g", "live", 0ms, claimed.next, 10));
    ASSERT_EQ(rest.entries.size(), 1u);
    EXPECT_EQ(rest.entries[0].get("v"), "3");
    EXPECT_EQ(rest.next, "0-0");
}

TEST_F(RedisStreams, DeletedPendingEntryIsMarked) {
    loop.wait(create_group(client, "s", "g"));
    GroupReader reader(client, "g", "c", {"s"});
    auto id = add("1");
    loop.wait(reader.read(10, 1s));
    loop.wait(client.command(Command{"XDEL", "s", id}));
    auto pending = loop.wait(reader.read_pending(10));
    ASSERT_EQ(pending.at(0).entries.size(), 1u);
    EXPECT_TRUE(pending[0].entries[0].deleted);
    EXPECT_EQ(pending[0].entries[0].id, id);
}

TEST_F(RedisStreams, MissingGroupIsAnError) {
    GroupReader reader(client, "nobody", "c", {"s"});
    EXPECT_EQ(loop.error_of(reader.read(1, 1ms)).code(), "NOGROUP");
    EXPECT_THROW(GroupReader(client, "g", "c", {}), Error);
}

TEST_F(RedisStreams, CloseEndsAWaitingRead) {
    loop.wait(create_group(client, "s", "g"));
    GroupReader reader(client, "g", "c", {"s"});
    auto waiting = loop.start(reader.read(1, 30s));
    auto blocked = [&] {
        return loop.wait(client.command(Command{"INFO", "clients"})).text.find("blocked_clients:1") !=
               std::string::npos;
    };
    loop.until(blocked);
    reader.close();
    EXPECT_EQ(loop.error_of(waiting).kind(), ErrorKind::closed);
}

TEST(RedisStreamReplies, AreCheckedBeforeUse) {
    auto text = [](const char* t) { return Value::of_string(t); };
    auto entry = [&](std::vector<Value> flat) {
        return Value::of_array({text("1-1"), Value::of_array(std::move(flat))});
    };
    EXPECT_EQ(parse_entries(Value::of_array({entry({text("a"), text("b")}), Value()})).size(), 1u);
    EXPECT_THROW(parse_entries(Value::of_array({entry({text("a")})})), Error);
    EXPECT_THROW(parse_entries(Value::of_array({Value::of_array({text("1-1")})})), Error);
    EXPECT_THROW(parse_entries(text("x")), Error);
    EXPECT_TRUE(parse_batches(Value()).empty());
    EXPECT_THROW(parse_batches(Value::of_array({Value::of_array({text("s")})})), Error);
    EXPECT_THROW(parse_batches(Value::of_integer(1)), Error);
}

} // namespace
} // namespace gravity::redis::test
