// Health: who may be sent traffic. The two reads of one service are what gateways and load balancers live on.
#include "api_output.hpp"

#include <algorithm>

namespace gravity::registry::api::routes {
namespace {

struct Wanted {
    bool passing = false;
    std::vector<std::string> tags;
    std::vector<std::pair<std::string, std::string>> node_meta;
    Filter filter;
    bool plain() const { return tags.empty() && node_meta.empty() && filter.is_empty(); }
};

std::string service_entries(const Model& model, const std::string& name, const Wanted& wanted, const Agent& agent) {
    ListWriter list;
    for (const std::string& key : model.instances_of(name)) {
        const Instance* instance = model.find<Instance>(key);
        const Node* node = model.find<Node>(instance->node);
        if (!has_tags(*instance, wanted.tags) || !has_meta(*node, wanted.node_meta)) continue;
        const ServiceEntryOut entry = service_entry_out(*instance, *node, model, agent);
        const auto is_passing = [](const CheckOut& check) { return check.Status == Status::passing; };
        if (wanted.passing && !std::all_of(entry.Checks.begin(), entry.Checks.end(), is_passing)) continue;
        list.add(entry, wanted.filter);
    }
    return std::move(list).finish();
}

} // namespace

Plan health_service(const Context& context, const Call& call) {
    const std::string name = call.rest;
    if (name.empty()) throw ApiError(400, "Missing service name");
    const Wanted wanted{call.query.flag("passing"), call.query.all("tag"), node_meta_of(call.query), filter_of<ServiceEntryOut>(call.query)};
    BodyCache* cache = &context.cache;
    return ReadPlan{watch::service(name), [name, wanted, agent = context.agent, cache](const Model& model) -> Answer {
                        const auto make = [&] { return service_entries(model, name, wanted, agent); };
                        if (!wanted.plain()) return {200, make()};
                        // Everything shown changes the service's index: instances, their nodes, checks of both.
                        return {200, cache->get((wanted.passing ? "p:" : "a:") + name, model.index_of(watch::service(name)), make)};
                    }};
}

Plan health_node(const Context&, const Call& call) {
    const std::string name = call.rest;
    if (name.empty()) throw ApiError(400, "Missing node name");
    return ReadPlan{watch::node(name), [name, filter = filter_of<CheckOut>(call.query)](const Model& model) -> Answer {
                        ListWriter list;
                        each_with_prefix<Check>(model, key_of(name, ""),
                                                [&](const std::string&, const Check& check) { list.add(check_out(check, model), filter); });
                        return {200, std::move(list).finish()};
                    }};
}

Plan health_checks(const Context&, const Call& call) {
    const std::string name = call.rest;
    if (name.empty()) throw ApiError(400, "Missing service name");
    return ReadPlan{watch::service(name), [name, wanted = node_meta_of(call.query), filter = filter_of<CheckOut>(call.query)](const Model& model) -> Answer {
                        ListWriter list;
                        for (const std::string& key : model.instances_of(name)) {
                            const Instance* instance = model.find<Instance>(key);
                            if (!has_meta(*model.find<Node>(instance->node), wanted)) continue;
                            for (const std::string& check : model.checks_of(instance->node, instance->id))
                                list.add(check_out(*model.find<Check>(check), model), filter);
                        }
                        return {200, std::move(list).finish()};
                    }};
}

Plan health_state(const Context&, const Call& call) {
    const std::string state = call.rest;
    if (state != "any" && state != "passing" && state != "warning" && state != "critical")
        throw ApiError(400, "Invalid state: must be any, passing, warning or critical");
    return ReadPlan{watch::checks, [state, wanted = node_meta_of(call.query), filter = filter_of<CheckOut>(call.query)](const Model& model) -> Answer {
                        ListWriter list;
                        for (const auto& [key, check] : model.table<Check>())
                            if ((state == "any" || meta::enum_name(check->status) == state) && has_meta(*model.find<Node>(check->node), wanted))
                                list.add(check_out(*check, model), filter);
                        return {200, std::move(list).finish()};
                    }};
}

} // namespace gravity::registry::api::routes
