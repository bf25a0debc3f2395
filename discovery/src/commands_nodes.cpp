// Nodes: their IDs, their names, and what goes with them.
#include "commands_detail.hpp"

#include <gravity/base/ascii.hpp>

namespace gravity::registry::detail {
namespace {

Row<Node> node_of_id(const std::string& id, const View& view) {
    for (const auto& [name, node] : view.with_prefix<Node>(""))
        if (node->id == id) return node;
    return nullptr;
}

// Whoever registers a node by hand gives it no such check, and so may register it anew under another ID.
bool is_alive(const Node& node, const View& view) {
    const Row<Check> check = view.find<Check>(key_of(node.name, std::string(serf_health_id)));
    return check && check->status != Status::critical;
}

template <class R>
void move_row(const std::string& key, const R& row, const std::string& to, View& view) {
    R moved = row;
    moved.node = to;
    view.remove<R>(key);
    view.put(key_of(to, row.id), std::move(moved));
}

void move_what_is_on(const std::string& from, const std::string& to, View& view) {
    for (const Row<Session>& session : view.sessions_of_node(from)) { // first: a session ends with its node and its checks
        Session moved = *session;
        moved.node = to;
        view.put(session->id, std::move(moved));
    }
    if (const Row<Coordinate> place = view.find<Coordinate>(from)) {
        Coordinate moved = *place;
        moved.node = to;
        view.put(to, std::move(moved));
    }
    const std::string prefix = key_of(from, "");
    for (const auto& [key, instance] : view.with_prefix<Instance>(prefix)) move_row(key, *instance, to, view);
    for (const auto& [key, check] : view.with_prefix<Check>(prefix)) move_row(key, *check, to, view);
}

} // namespace

Reply put_node(const Node& node, View& view, bool own) {
    const Row<Node> before = view.find<Node>(node.name);
    Node wanted = node;
    if (wanted.id.empty() && before) wanted.id = before->id;
    if (before && same(wanted, *before)) return {};
    Row<Node> former;
    if (!wanted.id.empty() && (!before || before->id != wanted.id)) {
        former = node_of_id(wanted.id, view);
        for (const auto& [name, other] : view.with_prefix<Node>("")) {
            if (own || other->id == wanted.id || !ascii::iequals(name, wanted.name) || !is_alive(*other, view)) continue;
            if (other->id.empty() && !former) continue; // it is given its ID
            const std::string whose = former ? '"' + wanted.id + "\" (" + wanted.address + ")" : '"' + wanted.id + '"';
            const std::string by = other->id + " with name " + name + " (" + other->address + ")";
            return {400, "Error while renaming Node ID: " + whose + ": Node name " + wanted.name + " is reserved by node " + by, false};
        }
    }
    view.put(node.name, std::move(wanted));
    if (former && own) move_what_is_on(former->name, node.name, view);
    if (former) remove_node(former->name, view);
    return {};
}

void remove_node(const std::string& name, View& view) {
    const std::string prefix = key_of(name, "");
    for (const auto& [key, check] : view.with_prefix<Check>(prefix)) view.remove<Check>(key);
    for (const auto& [key, instance] : view.with_prefix<Instance>(prefix)) view.remove<Instance>(key);
    if (view.find<Coordinate>(name)) view.remove<Coordinate>(name);
    view.remove<Node>(name);
}

} // namespace gravity::registry::detail
