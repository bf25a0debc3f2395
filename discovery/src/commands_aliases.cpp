// Alias checks: in the same commit, and with the same index, as what they stand for.
#include "commands_detail.hpp"

#include <set>
#include <utility>

namespace gravity::registry::detail {
namespace {

constexpr int most_rounds = 8; // aliases of aliases; a ring of them settles or stops

struct Seen {
    Status status = Status::passing;
    std::string output;
};

bool is_there(const AliasOf& target, const View& view) {
    if (target.forbidden.value_or(false)) return false;
    if (target.service_id.empty()) return view.find<Node>(target.node) != nullptr;
    const auto instance = view.find<Instance>(key_of(target.node, target.service_id));
    return instance != nullptr && (!target.service_name || instance->name == *target.service_name);
}

// In Consul's words: its clients show them.
Seen look_at(const AliasOf& target, const Check& alias, const View& view) {
    if (!is_there(target, view)) {
        const std::string what = target.service_id.empty() ? "Node " + target.node + " could not be found"
                                                           : "Service " + target.service_id + " could not be found on node " + target.node;
        return {Status::critical, what};
    }
    Seen seen;
    bool any = false;
    for (const std::string& owner : {std::string(), target.service_id}) {
        for (const Row<Check>& check : view.checks_of(target.node, owner)) {
            if (check->node == alias.node && check->id == alias.id) continue; // not of itself
            any = true;
            if (check->status <= seen.status) continue;
            seen.status = check->status;
            seen.output = "Aliased check \"" + check->name + "\" failing: " + check->output;
        }
        if (target.service_id.empty()) break;
    }
    if (seen.status == Status::passing) seen.output = any ? "All checks passing." : "No checks found.";
    return seen;
}

// Nodes of which something changed.
std::set<std::string, std::less<>> nodes_of(const View& view, std::size_t first) {
    std::set<std::string, std::less<>> nodes;
    const auto add = [&](std::string_view key) { nodes.emplace(key.substr(0, key.find('\0'))); };
    for (std::size_t i = first; i < view.changes().size(); ++i) {
        const Change& change = view.changes()[i];
        if (const auto* check = std::get_if<ChangeOf<Check>>(&change)) add(check->key);
        if (const auto* instance = std::get_if<ChangeOf<Instance>>(&change)) add(instance->key);
        if (const auto* node = std::get_if<ChangeOf<Node>>(&change)) add(node->key);
    }
    return nodes;
}

} // namespace

Reply run(const PermitAlias& command, View& view, std::int64_t) {
    const std::string key = key_of(command.node, command.check_id);
    const Row<Check> before = view.find<Check>(key);
    if (!before || !before->definition.alias_of || before->definition.alias_of->owner != command.owner) return {};
    if (before->definition.alias_of->forbidden.value_or(false) == !command.permitted) return {};
    Check check = *before;
    check.definition.alias_of->forbidden = command.permitted ? std::nullopt : std::optional(true);
    view.put(key, std::move(check)); // and its status follows
    return {};
}

void follow_aliases(View& view, std::size_t first, std::int64_t now_us) {
    for (int round = 0; round < most_rounds; ++round) {
        const auto nodes = nodes_of(view, first);
        if (nodes.empty()) return;
        first = view.changes().size();
        for (const Row<Check>& alias : view.alias_checks()) {
            const AliasOf& target = *alias->definition.alias_of;
            if (!nodes.contains(target.node) && !nodes.contains(alias->node)) continue;
            const Seen seen = look_at(target, *alias, view);
            write_status(*alias, seen.status, seen.output, view, now_us);
        }
    }
}

} // namespace gravity::registry::detail
