// Transactions: several operations, all or none.
#include "commands_detail.hpp"
#include "quotes.hpp"

namespace gravity::registry::detail {
namespace {

using Results = std::vector<OperationResult>;
using Verb = KeyOperation::Verb;

// Each operation answers why it failed, in Consul's words; empty if it did not.

std::string write_key(const KeyOperation& operation, View& view, std::int64_t now_us, Results& results) {
    const bool locks = operation.verb == Verb::lock || operation.verb == Verb::unlock;
    if (locks && operation.session.empty()) return "missing session";
    PutKey put{operation.key, operation.value, operation.flags, std::nullopt, LockStep::none, operation.session};
    std::string refusal;
    if (operation.verb == Verb::cas) {
        put.cas = operation.index;
        refusal = "failed to set key " + in_quotes(operation.key) + ", index is stale";
    } else if (operation.verb == Verb::lock) {
        if (is_delayed(operation.key, view, now_us)) return "failed to lock key " + in_quotes(operation.key) + " due to lock delay";
        put.lock = LockStep::acquire;
        refusal = "failed to lock key " + in_quotes(operation.key) + ", lock is already held";
    } else if (operation.verb == Verb::unlock) {
        put.lock = LockStep::release;
        refusal = "failed to unlock key " + in_quotes(operation.key) + ", lock isn't held, or is held by another session";
    }
    const Reply reply = run(put, view, now_us);
    if (reply.status != 200) return reply.text;
    if (!reply.done) return refusal;
    results.push_back(KeyResult{operation.key, view.find<KvEntry>(operation.key), false});
    return {};
}

std::string read_key(const KeyOperation& operation, const View& view, Results& results) {
    const std::string key = in_quotes(operation.key);
    Row<KvEntry> entry = view.find<KvEntry>(operation.key);
    if (operation.verb == Verb::check_not_exists) return entry ? "key " + key + " exists" : std::string();
    if (operation.verb == Verb::get_or_empty && !entry) entry = std::make_shared<const KvEntry>();
    if (operation.verb == Verb::check_index) {
        if (!entry) return "failed to check index, key " + key + " doesn't exist";
        if (static_cast<std::uint64_t>(entry->modify_index) != operation.index)
            return "failed index check for key " + key + ", current modify index " + std::to_string(entry->modify_index) +
                   " != " + std::to_string(operation.index);
    }
    if (operation.verb == Verb::check_session) {
        if (!entry) return "failed to check session, key " + key + " doesn't exist";
        if (entry->session.value_or("") != operation.session)
            return "failed session check for key " + key + ", current session " + in_quotes(entry->session.value_or("")) +
                   " != " + in_quotes(operation.session);
    }
    if (!entry) return "key " + key + " doesn't exist";
    results.push_back(KeyResult{operation.key, std::move(entry), operation.verb == Verb::get || operation.verb == Verb::get_or_empty});
    return {};
}

std::string delete_key(const KeyOperation& operation, View& view, std::int64_t now_us) {
    if (operation.verb == Verb::delete_tree) return run(DeleteTree{operation.key}, view, now_us).text;
    DeleteKey command{operation.key, std::nullopt};
    if (operation.verb == Verb::delete_cas) command.cas = operation.index;
    const Reply reply = run(command, view, now_us);
    return reply.done ? reply.text : "failed to delete key " + in_quotes(operation.key) + ", index is stale";
}

std::string operate(const KeyOperation& operation, View& view, std::int64_t now_us, Results& results) {
    switch (operation.verb) {
    case Verb::set:
    case Verb::cas:
    case Verb::lock:
    case Verb::unlock: return write_key(operation, view, now_us, results);
    case Verb::delete_:
    case Verb::delete_tree:
    case Verb::delete_cas: return delete_key(operation, view, now_us);
    case Verb::get_tree:
        for (auto& [key, entry] : view.with_prefix<KvEntry>(operation.key)) results.push_back(KeyResult{key, entry, true});
        return {};
    default: return read_key(operation, view, results);
    }
}

std::string key_of_row(const Node& node) { return node.name; }
std::string key_of_row(const Instance& instance) { return key_of(instance.node, instance.id); }
std::string key_of_row(const Check& check) { return key_of(check.node, check.id); }

std::string title(const Node& node) { return "node " + in_quotes(node.name); }
std::string title(const Instance& instance) { return "service " + in_quotes(instance.id) + " on node " + in_quotes(instance.node); }
std::string title(const Check& check) { return "check " + in_quotes(check.id) + " on node " + in_quotes(check.node); }

Reply put_row(const Node& node, View& view, std::int64_t) { return put_node(node, view); }
Reply put_row(const Instance& instance, View& view, std::int64_t) {
    if (!view.find<Node>(instance.node)) return {400, "Missing node registration", false};
    put_instance(instance, view);
    return {};
}
Reply put_row(const Check& check, View& view, std::int64_t now_us) {
    if (!view.find<Node>(check.node)) return {400, "Missing node registration", false};
    return put_check(check, false, view, now_us);
}

void remove_row(const Node& node, View& view) { remove_node(node.name, view); }
void remove_row(const Instance& instance, View& view) { remove_instance(instance, view); }
void remove_row(const Check& check, View& view) { view.remove<Check>(key_of(check.node, check.id)); }

template <class R>
std::string operate(const RowOperation<R>& operation, View& view, std::int64_t now_us, Results& results) {
    const std::string key = key_of_row(operation.row);
    const Row<R> before = view.find<R>(key);
    const std::uint64_t index = before ? static_cast<std::uint64_t>(before->modify_index) : 0;
    switch (operation.verb) {
    case RowVerb::get:
        if (!before) return title(operation.row) + " doesn't exist";
        results.push_back(before);
        return {};
    case RowVerb::delete_cas:
        if (before && index != operation.index) return "failed to delete " + title(operation.row) + ", index is stale";
        [[fallthrough]];
    case RowVerb::delete_:
        if (before) remove_row(*before, view);
        return {};
    case RowVerb::cas:
        if (index != operation.index) return "failed to set " + title(operation.row) + ", index is stale";
        [[fallthrough]];
    case RowVerb::set: break;
    }
    const Reply reply = put_row(operation.row, view, now_us);
    if (reply.status != 200) return reply.text;
    results.push_back(view.find<R>(key));
    return {};
}

} // namespace

Reply run(const Transact& command, View& view, std::int64_t now_us) {
    Reply reply;
    for (std::size_t i = 0; i < command.operations.size(); ++i) {
        const std::size_t first = view.changes().size();
        std::string what =
            std::visit([&](const auto& operation) { return operate(operation, view, now_us, reply.results); }, command.operations[i]);
        if (!what.empty()) reply.errors.push_back({i, std::move(what)});
        end_orphaned_sessions(view, first, now_us);
    }
    if (reply.errors.empty()) return reply;
    reply.status = 409;
    reply.done = false;
    reply.results.clear();
    return reply;
}

} // namespace gravity::registry::detail
