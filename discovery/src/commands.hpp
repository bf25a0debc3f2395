#pragma once

#include "view.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// Every change of state is a command. Evaluating one is pure: it reads and writes a View and gets the time told.
namespace gravity::registry {

/// Node, instance and checks in one step. What is already so is not written again, so that a healthy fleet costs no writes.
struct Register {
    std::optional<Node> node; // absent: it must exist
    std::string node_name;
    std::optional<Instance> instance;
    std::vector<Check> checks;     // `service_id` of a check may name an instance that exists already
    bool replace_checks = false;   // the instance's other checks go
    bool keep_status = true;       // a check that exists keeps status and output (a registration repeated must not shake it)
    bool replace_same_address = false; // "no zombies": another id of the same service at the same node, address and port goes
};
/// The node with everything on it; or an instance with its checks; or a check. What is not there is no error, unless `must_exist`.
struct Deregister {
    std::string node;
    std::string service_id;
    std::string check_id;
    bool must_exist = false;
};
/// A result: from a client (TTL) or from the prober. Refused if the check is not of the type, or its definition is no longer that of `probed`.
struct UpdateCheck {
    std::string node;
    std::string check_id;
    Status status = Status::critical;
    std::string output;
    std::optional<CheckDefinition> probed; // absent: from a client, for a TTL check
};
/// The client of a TTL check did not come in time.
struct ExpireCheck {
    std::string node;
    std::string check_id;
};
/// Critical for longer than the check allows: its service goes. Nothing happens if it recovered meanwhile (`since` differs).
struct ReapCritical {
    std::string node;
    std::string check_id;
    std::int64_t since_us = 0;
};
/// An instance out of rotation by hand; with an empty `service_id` the whole node.
struct Maintain {
    std::string node;
    std::string service_id;
    bool enable = false;
    std::string reason;
};
struct PutKey {
    std::string key;
    std::string value;
    std::uint64_t flags = 0;
    std::optional<std::uint64_t> cas; // ModifyIndex it must have; 0: it must not exist
    bool acquire = false;             // for a session that does not exist: sessions come with their own commands
    std::string session;
};
struct DeleteKey {
    std::string key;
    std::optional<std::uint64_t> cas; // not 0
};
struct DeleteTree {
    std::string prefix;
};
struct ReapTombstones {
    std::int64_t up_to = 0; // index
};
struct PutSetting {
    std::string name;
    std::string value;
};

using Command = std::variant<Register, Deregister, UpdateCheck, ExpireCheck, ReapCritical, Maintain, PutKey, DeleteKey, DeleteTree, ReapTombstones,
                             PutSetting>;

/// What came of a command. With a status other than 200 nothing was written, and `text` says why in Consul's words.
struct Reply {
    int status = 200;
    std::string text;
    bool done = true; // false: a precondition (cas) did not hold; no error
};

/// `now_us`: Unix time.
Reply evaluate(const Command& command, View& view, std::int64_t now_us);

/// Consul's wording, which clients look for.
std::string unknown_service(std::string_view id);
std::string unknown_check(std::string_view id);

} // namespace gravity::registry
