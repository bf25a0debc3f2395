// The catalog: all nodes and services, also those that other registrars put there.
#include "api_access.hpp"
#include "api_input.hpp"
#include "api_output.hpp"

#include <set>

namespace gravity::registry::api::routes {
namespace {

std::string required(const std::string& text, const char* missing) {
    if (text.empty()) throw ApiError(400, missing);
    return text;
}

void check_datacenter(const std::optional<std::string>& datacenter, const Context& context) {
    if (datacenter && !datacenter->empty() && *datacenter != context.agent.datacenter) throw ApiError(500, "No path to datacenter");
}

// What the registration changes, and what it takes the place of, must both be the bearer's to write.
void demand_registration(const Context& context, const Register& command) {
    const Access& access = context.access;
    if (access.may_everything()) return;
    const Node* known = context.model.find<Node>(command.node.name);
    const bool as_it_is = known != nullptr && (command.keep_node || (known->address == command.node.address && known->meta == command.node.meta &&
                                                                     known->tagged_addresses == command.node.tagged_addresses &&
                                                                     (command.node.id.empty() || command.node.id == known->id)));
    if (!as_it_is) demand(access, Resource::node, Grant::write, command.node.name);
    if (command.instance) {
        demand(access, Resource::service, Grant::write, command.instance->name);
        if (const Instance* other = context.model.find<Instance>(key_of(command.node.name, command.instance->id)))
            demand(access, Resource::service, Grant::write, other->name);
    }
    for (Check check : command.checks) {
        if (command.instance && command.instance->id == check.service_id)
            check.service_name = command.instance->name;
        else if (const Instance* owner = context.model.find<Instance>(key_of(check.node, check.service_id)))
            check.service_name = owner->name;
        demand_write(access, check);
        if (const Check* other = context.model.find<Check>(key_of(check.node, check.id))) demand_write(access, *other);
    }
}

// Who may write the node may take away everything on it. What is not there is no error, and needs no more.
void demand_deregistration(const Context& context, const Deregister& command) {
    const Access& access = context.access;
    if (access.may(Resource::node, Grant::write, command.node)) return;
    const Instance* instance = context.model.find<Instance>(key_of(command.node, command.service_id));
    const Check* check = context.model.find<Check>(key_of(command.node, command.check_id));
    if (!command.service_id.empty() && instance != nullptr)
        demand(access, Resource::service, Grant::write, instance->name);
    else if (command.service_id.empty() && !command.check_id.empty() && check != nullptr)
        demand_write(access, *check);
    else
        deny(access, Resource::node, Grant::write, command.node);
}

} // namespace

Plan catalog_register(const Context& context, const Call& call) {
    const auto in = decode_body<CatalogRegisterIn>(call.body);
    check_datacenter(in.Datacenter, context);
    Register command;
    command.keep_status = false;
    Node& node = command.node;
    node.name = required(in.Node.value_or(""), "Must provide node (Node)");
    if (node.name.size() > 512) throw ApiError(400, "Node name is longer than 512 bytes");
    node.id = in.ID.value_or("");
    node.address = in.Address.value_or("");
    command.keep_node = in.SkipNodeUpdate.value_or(false);
    if (!command.keep_node) required(node.address, "Must provide address (Address) if SkipNodeUpdate is not set");
    check_meta(in.NodeMeta, "Node");
    node.meta = in.NodeMeta;
    node.tagged_addresses = in.TaggedAddresses;
    if (in.Service) command.instance = instance_from(*in.Service, node.name);
    std::vector<CatalogCheckIn> checks;
    if (in.Check) checks.push_back(*in.Check);
    checks.insert(checks.end(), in.Checks.begin(), in.Checks.end());
    for (const CatalogCheckIn& check : checks) {
        if (check.Node && !check.Node->empty() && *check.Node != node.name) throw ApiError(400, "check node does not match Node");
        command.checks.push_back(check_from(check, node.name));
    }
    demand_registration(context, command);
    const std::string key = command.instance ? key_of(node.name, command.instance->id) : std::string();
    return WritePlan{std::move(command), true_or_error, key, Renewed::instance};
}

Plan catalog_deregister(const Context& context, const Call& call) {
    const auto in = decode_body<CatalogDeregisterIn>(call.body);
    check_datacenter(in.Datacenter, context);
    Deregister command{required(in.Node.value_or(""), "Must provide node (Node)"), in.ServiceID.value_or(""), in.CheckID.value_or(""), false};
    demand_deregistration(context, command);
    return WritePlan{std::move(command), true_or_error};
}

Plan catalog_datacenters(const Context& context, const Call&) { return Answer{200, Json::array({Json(context.agent.datacenter)}).dump()}; }

Plan catalog_nodes(const Context& context, const Call& call) {
    return ReadPlan{watch::nodes,
                    [agent = context.agent, access = context.access, wanted = node_meta_of(call.query), near = near_of(context, call),
                     filter = filter_of<NodeOut>(call.query)](const Model& model) -> Answer {
                        ListWriter nodes;
                        Sieve sieve(access);
                        std::vector<const Node*> seen;
                        for (const auto& [name, node] : model.table<Node>())
                            if (has_meta(*node, wanted) && sieve.node(name)) seen.push_back(node.get());
                        Nearness(model, near).order(seen, [](const Node* node) -> const std::string& { return node->name; });
                        for (const Node* node : seen) nodes.add(node_out(*node, agent), filter);
                        return sieve.mark({200, std::move(nodes).finish()});
                    }};
}

Plan catalog_services(const Context& context, const Call& call) {
    return ReadPlan{watch::services,
                    [agent = context.agent, access = context.access, wanted = node_meta_of(call.query),
                     filter = filter_of<ServiceNodeOut>(call.query)](const Model& model) -> Answer {
                        ObjectWriter services;
                        Sieve sieve(access);
                        for (const auto& [name, keys] : model.services()) {
                            if (!sieve.service(name)) continue;
                            std::set<std::string> tags;
                            bool any = false;
                            for (const std::string& key : keys) {
                                const Instance* instance = model.find<Instance>(key);
                                const Node* node = wanted.empty() && filter.is_empty() ? nullptr : model.find<Node>(instance->node);
                                if (node != nullptr && !has_meta(*node, wanted)) continue;
                                if (node != nullptr && !filter.is_empty() && !passes(service_node_out(*instance, *node, agent), filter)) continue;
                                any = true;
                                tags.insert(instance->tags.begin(), instance->tags.end());
                            }
                            if (any) services.add(name, std::vector<std::string>(tags.begin(), tags.end()));
                        }
                        return sieve.mark({200, std::move(services).finish()});
                    }};
}

Plan catalog_service(const Context& context, const Call& call) {
    const std::string name = required(call.rest, "Missing service name");
    return ReadPlan{watch::service(name),
                    [name, agent = context.agent, access = context.access, tags = call.query.all("tag"), wanted = node_meta_of(call.query),
                     near = near_of(context, call), filter = filter_of<ServiceNodeOut>(call.query)](const Model& model) -> Answer {
                        ListWriter list;
                        Sieve sieve(access);
                        std::vector<const Instance*> instances;
                        for (const std::string& key : model.instances_of(name)) instances.push_back(model.find<Instance>(key));
                        Nearness(model, near).order(instances, [](const Instance* one) -> const std::string& { return one->node; });
                        for (const Instance* instance : instances) {
                            const Node* node = model.find<Node>(instance->node);
                            if (!has_tags(*instance, tags) || !has_meta(*node, wanted) || !sieve.instance(*instance)) continue;
                            list.add(service_node_out(*instance, *node, agent), filter);
                        }
                        return sieve.mark({200, std::move(list).finish()});
                    },
                    {},
                    name};
}

Plan catalog_node(const Context& context, const Call& call) {
    const std::string name = required(call.rest, "Missing node name");
    return ReadPlan{watch::node(name),
                    [name, agent = context.agent, access = context.access, filter = filter_of<ServiceOut>(call.query)](const Model& model) -> Answer {
                        const Node* node = model.find<Node>(name);
                        Sieve sieve(access);
                        if (node == nullptr || !sieve.node(name)) return sieve.mark({200, "null"}); // as Consul
                        ObjectWriter services;
                        each_with_prefix<Instance>(model, key_of(name, ""), [&](const std::string&, const Instance& instance) {
                            const ServiceOut out = service_out(instance);
                            if (passes(out, filter) && sieve.service(instance.name)) services.add(instance.id, out);
                        });
                        ObjectWriter out;
                        out.add("Node", node_out(*node, agent));
                        out.add_raw("Services", std::move(services).finish());
                        return sieve.mark({200, std::move(out).finish()});
                    }};
}

Plan catalog_node_services(const Context& context, const Call& call) {
    const std::string name = required(call.rest, "Missing node name");
    return ReadPlan{watch::node(name),
                    [name, agent = context.agent, access = context.access, filter = filter_of<ServiceOut>(call.query)](const Model& model) -> Answer {
                        const Node* node = model.find<Node>(name);
                        ListWriter services;
                        Sieve sieve(access);
                        if (node != nullptr && !sieve.node(name)) node = nullptr;
                        each_with_prefix<Instance>(model, key_of(name, ""), [&](const std::string&, const Instance& instance) {
                            if (node != nullptr && sieve.service(instance.name)) services.add(service_out(instance), filter);
                        });
                        ObjectWriter out;
                        if (node != nullptr)
                            out.add("Node", node_out(*node, agent));
                        else
                            out.add_raw("Node", "null");
                        out.add_raw("Services", std::move(services).finish());
                        return sieve.mark({200, std::move(out).finish()});
                    }};
}

} // namespace gravity::registry::api::routes
