#pragma once

#include "view.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// Every change of state is a command. Evaluating one is pure: it reads and writes a View and gets the time told.
namespace gravity::registry {

/// Node, instance and checks in one step. What is already so is not written again, so that a healthy fleet costs no writes.
struct Register {
    Node node;
    bool keep_node = false;        // one that exists is left as it is
    bool own_node = false;         // it is this daemon's: what was on it under its former name is moved
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
    bool lease_ended = false; // the cause, for its history
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
enum class LockStep : unsigned char {
    none,
    acquire,
    release
};
struct PutKey {
    std::string key;
    std::string value;
    std::uint64_t flags = 0;
    std::optional<std::uint64_t> cas; // ModifyIndex it must have; 0: it must not exist
    LockStep lock = LockStep::none;   // by `session`
    std::string session;
};
struct DeleteKey {
    std::string key;
    std::optional<std::uint64_t> cas; // 0 deletes nothing
};
struct DeleteTree {
    std::string prefix;
};
/// Of what is removed because its time is over, a command takes so many rows and leaves the others for the next: a store may bound what is written in one go.
inline constexpr std::size_t all_rows = static_cast<std::size_t>(-1);
struct ReapTombstones {
    std::int64_t up_to = 0; // index
    std::size_t at_most = all_rows;
};
/// Whether the owner of an alias check may (still) see what it stands for. Nothing happens if the check has another owner by now.
struct PermitAlias {
    std::string node;
    std::string check_id;
    std::string owner;
    bool permitted = true;
};
/// Of a node that is there; else nothing happens, as with Consul.
struct PutCoordinate {
    Coordinate coordinate;
};
struct PutSetting {
    std::string name;
    std::string value;
};

/// Node and checks of the session must exist, and none of them may be critical.
struct CreateSession {
    Session session;
};
/// By its client, or because its TTL ran out. One that is not there is no error.
struct EndSession {
    std::string id;
};
/// Whether it lives, in order with what may have ended it; the TTL itself is the timekeeper's.
struct RenewSession {
    std::string id;
};
/// Forgets the lock-delays that are over.
struct ReapLockDelays {
    std::size_t at_most = all_rows;
};

/// The histories of what has been gone for long; one whose owner came back meanwhile stays.
struct ForgetHistories {
    std::vector<std::string> owners; // their keys
    std::size_t at_most = all_rows;
};

/// What stands in this daemon's configuration is registered; what stood there before and does no longer, goes.
struct Configure {
    std::string node;
    std::vector<Register> services; // without their node
    std::vector<Check> checks;
};

struct FireEvent {
    Event event; // its sequence is given here
};
struct PutQuery {
    QueryDefinition definition; // with its id
    bool must_exist = false;
};
struct DeleteQuery {
    std::string id;
};
/// The first token with all permissions, once: refused when there was one. `only_if_new`: instead nothing happens if its secret is a token already.
struct BootstrapAcl {
    AclToken token;
    bool only_if_new = false;
};
/// One that exists keeps its secret, when it was made and when it ends. Links are ids, or names where there is no id.
struct PutToken {
    AclToken token;
    std::vector<std::string> policy_names, role_names;
    bool create = true;
};
struct DeleteToken {
    std::string accessor;
};
/// Tokens whose time is over go.
struct ReapTokens {
    std::size_t at_most = all_rows;
};
struct PutPolicy {
    AclPolicy policy;
    bool create = true;
};
struct DeletePolicy {
    std::string id;
};
struct PutRole {
    AclRole role;
    std::vector<std::string> policy_names;
    bool create = true;
};
struct DeleteRole {
    std::string id;
};
/// Everything but the settings gives way to these rows.
struct Restore {
    std::vector<Change> rows;
    std::int64_t index = 0; // of what they were taken from
};

struct KeyOperation {
    enum class Verb : unsigned char {
        set,
        cas,
        lock,
        unlock,
        get,
        get_or_empty,
        get_tree,
        check_index,
        check_session,
        check_not_exists,
        delete_,
        delete_tree,
        delete_cas
    };
    Verb verb = Verb::get;
    std::string key;
    std::string value;
    std::uint64_t flags = 0;
    std::uint64_t index = 0; // for cas, delete_cas and check_index
    std::string session;
};
enum class RowVerb : unsigned char {
    get,
    set,
    cas,
    delete_,
    delete_cas
};
/// On a node, an instance or a check; for reading and deleting only what names it is looked at.
template <class R>
struct RowOperation {
    RowVerb verb = RowVerb::get;
    R row;
    std::uint64_t index = 0; // for cas and delete_cas
};
using Operation = std::variant<KeyOperation, RowOperation<Node>, RowOperation<Instance>, RowOperation<Check>>;

/// All of them or none. Each sees what those before it did.
struct Transact {
    std::vector<Operation> operations;
};

using Command = std::variant<Register, Deregister, UpdateCheck, ExpireCheck, ReapCritical, Maintain, PutKey, DeleteKey, DeleteTree, ReapTombstones,
                             PutSetting, CreateSession, EndSession, RenewSession, ReapLockDelays, Transact, FireEvent, PutQuery,
                             DeleteQuery, BootstrapAcl, PutToken, DeleteToken, ReapTokens, PutPolicy, DeletePolicy, PutRole, DeleteRole, Restore,
                             ForgetHistories, Configure, PermitAlias, PutCoordinate>;

/// A key in the answer of a transaction.
struct KeyResult {
    std::string key;
    Row<KvEntry> entry;
    bool with_value = false;
};
using OperationResult = std::variant<KeyResult, Row<Node>, Row<Instance>, Row<Check>>;
struct OperationError {
    std::size_t operation = 0;
    std::string what;
};

/// What came of a command. With a status other than 200 nothing was written, and `text` says why in Consul's words.
struct Reply {
    int status = 200;
    std::string text;
    bool done = true; // false: a precondition (cas, a lock that another holds) did not hold; no error
    std::vector<OperationResult> results{}; // of a transaction
    std::vector<OperationError> errors{};   // of a transaction; with status 409
};

/// `now_us`: Unix time.
Reply evaluate(const Command& command, View& view, std::int64_t now_us);

/// Consul's wording, which clients look for.
std::string unknown_service(std::string_view id);
std::string unknown_check(std::string_view id);

} // namespace gravity::registry
