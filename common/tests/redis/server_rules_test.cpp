#include "redis/command_rules.hpp"
#include "redis/slot_map.hpp"
#include "support.hpp"

#include <algorithm>

/// What the library believes of the commands, compared with what the server says of itself.
namespace gravity::redis::test {
namespace {

bool has_flag(const Value& entry, std::string_view flag) {
    const auto& flags = entry.elements.at(2).elements;
    return std::any_of(flags.begin(), flags.end(), [&](const Value& f) { return f.text == flag; });
}

TEST(RedisServerRules, KeysAreWhereTheServerSaysTheyAre) {
    Server server;
    Loop loop;
    Client client(loop.io, server.url(), options());
    // Tools of Redis' own tests and of its replication, and MIGRATE, whose key is among its options: they need
    // route_by().
    const std::vector<std::string> left_out{"migrate", "pfdebug", "pfselftest", "replconf", "restore-asking"};
    auto reply = loop.wait(client.command(Command{"COMMAND"}));
    std::size_t compared = 0;
    for (const Value& entry : reply.as_array()) {
        const std::string& name = entry.elements.at(0).text;
        if (std::find(left_out.begin(), left_out.end(), name) != left_out.end()) continue;
        const auto arity = entry.elements[1].integer;
        const auto first = entry.elements[3].integer;
        auto last = entry.elements[4].integer;
        const auto step = entry.elements[5].integer;
        Command command{name};
        const auto size = arity > 0 ? arity : std::max<std::int64_t>(-arity, 7); // odd, so that pairs come out even
        for (std::int64_t i = 1; i < size; ++i) command.add("a" + std::to_string(i));
        if (refusal_on_shared(command)) continue;
        Keys known = keys_of(command);
        EXPECT_NE(known.knowledge, Keys::Knowledge::unknown) << name;
        if (has_flag(entry, "movablekeys") || !entry.elements.at(9).elements.empty())
            continue; // each has a test of its own
        std::vector<std::string_view> expected;
        if (last < 0) last += size;
        if (first > 0)
            for (auto at = first; at <= last; at += step)
                expected.push_back(command.args().at(static_cast<std::size_t>(at)));
        EXPECT_EQ(known.keys, expected) << name;
        ++compared;
    }
    EXPECT_GT(compared, 150u);
}

TEST(RedisServerRules, BlockingCommandsAreRefusedOnSharedConnections) {
    Server server;
    Loop loop;
    Client client(loop.io, server.url(), options());
    auto reply = loop.wait(client.command(Command{"COMMAND"}));
    std::size_t blocking = 0;
    for (const Value& entry : reply.as_array()) {
        const std::string& name = entry.elements.at(0).text;
        if (!has_flag(entry, "blocking") || name == "wait")
            continue; // WAIT has a bounded time and serves "strict" writers
        Command command{name, "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", "$"};
        EXPECT_TRUE(refusal_on_shared(command)) << name;
        ++blocking;
    }
    EXPECT_GE(blocking, 10u);
}

} // namespace
} // namespace gravity::redis::test
