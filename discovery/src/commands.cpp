#include "commands.hpp"

#include "commands_detail.hpp"

namespace gravity::registry {

std::string unknown_service(std::string_view id) {
    return "Unknown service ID \"" + std::string(id) + "\". Ensure that the service ID is passed, not the service name.";
}
std::string unknown_check(std::string_view id) {
    return "Unknown check ID \"" + std::string(id) + "\". Ensure that the check ID is passed, not the check name.";
}

Reply evaluate(const Command& command, View& view, std::int64_t now_us) {
    view.begin_command();
    const std::size_t first = view.changes().size();
    Reply reply = std::visit([&](const auto& specific) { return detail::run(specific, view, now_us); }, command);
    if (reply.status != 200) {
        view.roll_back();
        return reply;
    }
    detail::follow_aliases(view, first, now_us);
    detail::end_orphaned_sessions(view, first, now_us);
    detail::record_transitions(command, view, first, now_us);
    return reply;
}

namespace detail {
namespace {

// The new instance has taken the place of an old one that could not say good-bye: one process holds an address and port at a time. Only within a
// service, because one port may well offer several.
void remove_predecessors(const Instance& instance, View& view) {
    if (instance.address.empty() || instance.port == 0) return;
    for (const Row<Instance>& other : view.instances_of(instance.name)) {
        if (other->node == instance.node && other->id != instance.id && other->address == instance.address && other->port == instance.port)
            remove_instance(*other, view);
    }
}

} // namespace

void put_instance(const Instance& instance, View& view) {
    const std::string key = key_of(instance.node, instance.id);
    const Row<Instance> before = view.find<Instance>(key);
    if (before && same(instance, *before)) return;
    if (before && before->name != instance.name) {
        for (const Row<Check>& check : view.checks_of(instance.node, instance.id)) {
            Check renamed = *check;
            renamed.service_name = instance.name;
            view.put(key_of(check->node, check->id), std::move(renamed));
        }
    }
    view.put(key, instance);
}

Reply put_check(Check check, bool keep_status, View& view, std::int64_t now_us) {
    if (!check.service_id.empty()) {
        const Row<Instance> owner = view.find<Instance>(key_of(check.node, check.service_id));
        if (!owner) return {400, "ServiceID \"" + check.service_id + "\" does not exist", false};
        check.service_name = owner->name;
    }
    const std::string key = key_of(check.node, check.id);
    const Row<Check> before = view.find<Check>(key);
    if (before && keep_status) {
        check.status = before->status;
        check.output = before->output;
    }
    set_status(check, check.status, before.get(), now_us);
    if (before && same(check, *before)) return {};
    view.put(key, std::move(check));
    return {};
}

void set_status(Check& check, Status status, const Check* before, std::int64_t now_us) {
    check.status = status;
    if (status != Status::critical)
        check.critical_since_us = 0;
    else if (before != nullptr && before->critical_since_us != 0)
        check.critical_since_us = before->critical_since_us;
    else
        check.critical_since_us = now_us;
}

void remove_instance(const Instance& instance, View& view) {
    for (const Row<Check>& check : view.checks_of(instance.node, instance.id)) view.remove<Check>(key_of(check->node, check->id));
    view.remove<Instance>(key_of(instance.node, instance.id));
}

Reply run(const PutCoordinate& command, View& view, std::int64_t) {
    const Coordinate& wanted = command.coordinate;
    if (!view.find<Node>(wanted.node)) return {};
    const Row<Coordinate> before = view.find<Coordinate>(wanted.node);
    Coordinate as_before = wanted;
    if (before) as_before.modify_index = before->modify_index;
    if (!before || !equal(as_before, *before)) view.put(wanted.node, wanted);
    return {};
}

Reply run(const Register& command, View& view, std::int64_t now_us) {
    if (!command.keep_node || !view.find<Node>(command.node.name))
        if (Reply reply = put_node(command.node, view, command.own_node); reply.status != 200) return reply;
    if (command.instance) {
        if (command.replace_same_address) remove_predecessors(*command.instance, view);
        put_instance(*command.instance, view);
    }
    for (const Check& check : command.checks)
        if (Reply reply = put_check(check, command.keep_status, view, now_us); reply.status != 200) return reply;
    if (command.instance && command.replace_checks) {
        for (const Row<Check>& check : view.checks_of(command.instance->node, command.instance->id)) {
            bool listed = check->id.starts_with(service_maintenance_prefix); // ended by hand only, like it began
            for (const Check& wanted : command.checks) listed = listed || wanted.id == check->id;
            if (!listed) view.remove<Check>(key_of(check->node, check->id));
        }
    }
    return {};
}

Reply run(const Deregister& command, View& view, std::int64_t) {
    if (!command.service_id.empty()) {
        const Row<Instance> instance = view.find<Instance>(key_of(command.node, command.service_id));
        if (instance)
            remove_instance(*instance, view);
        else if (command.must_exist)
            return {404, unknown_service(command.service_id), false};
    } else if (!command.check_id.empty()) {
        const std::string key = key_of(command.node, command.check_id);
        if (view.find<Check>(key))
            view.remove<Check>(key);
        else if (command.must_exist)
            return {404, unknown_check(command.check_id), false};
    } else if (view.find<Node>(command.node)) {
        remove_node(command.node, view);
    }
    return {};
}

Reply run(const Maintain& command, View& view, std::int64_t now_us) {
    const bool whole_node = command.service_id.empty();
    Check check;
    check.node = command.node;
    check.service_id = command.service_id;
    if (whole_node) {
        check.id = node_maintenance_id;
        check.name = "Node Maintenance Mode";
    } else {
        const Row<Instance> instance = view.find<Instance>(key_of(command.node, command.service_id));
        if (!instance) return {404, unknown_service(command.service_id), false};
        check.id = std::string(service_maintenance_prefix) + command.service_id;
        check.name = "Service Maintenance Mode";
        check.service_name = instance->name;
    }
    const std::string key = key_of(check.node, check.id);
    const bool enabled = view.find<Check>(key) != nullptr;
    if (!command.enable && enabled) view.remove<Check>(key);
    if (!command.enable || enabled) return {};
    const std::string_view what = whole_node ? "node" : "service";
    check.notes = !command.reason.empty() ? command.reason
                                          : "Maintenance mode is enabled for this " + std::string(what) +
                                                ", but no reason was provided. This is a default message.";
    set_status(check, Status::critical, nullptr, now_us);
    view.put(key, std::move(check));
    return {};
}

Reply run(const PutSetting& command, View& view, std::int64_t) {
    const Row<Setting> before = view.find<Setting>(command.name);
    Setting setting;
    setting.value = command.value;
    if (!before || before->value != command.value) view.put(command.name, std::move(setting));
    return {};
}

} // namespace detail
} // namespace gravity::registry
