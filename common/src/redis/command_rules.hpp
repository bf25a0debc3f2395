#pragma once

#include <gravity/redis/command.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What the library knows of the commands of Redis 7: which may travel on a shared connection, and which arguments are
/// keys.
namespace gravity::redis {

/// Why the command cannot go over a connection that others use too; nothing if it can.
std::optional<std::string> refusal_on_shared(const Command& command);

struct Keys {
    enum class Knowledge : std::uint8_t {
        known,
        none,       // takes no key, any node of a cluster will do (PING, PUBLISH, TIME)
        every_node, // concerns the whole data set or the node itself, of which a cluster has several (FLUSHALL, SCAN,
                    // CONFIG)
        unknown,
    };
    Knowledge knowledge = Knowledge::unknown;
    std::vector<std::string_view> keys; // views into the command
};

/// The keys of a command. A malformed one (too few arguments) has as many as are there: the server will say what is
/// wrong with it.
Keys keys_of(const Command& command);

} // namespace gravity::redis
