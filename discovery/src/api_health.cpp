// Health: who may be sent traffic. The two reads of one service are what gateways and load balancers live on.
#include "api_access.hpp"
#include "api_output.hpp"

#include <algorithm>

namespace gravity::registry::api::routes {
namespace {

struct Wanted {
    bool passing = false;
    std::vector<std::string> tags;
    std::vector<std::pair<std::string, std::string>> node_meta;
    Filter filter;
    NearWish near;
    bool plain() const { return tags.empty() && node_meta.empty() && filter.is_empty() && near.node.empty(); }
};

std::string service_entries(const Model& model, const std::string& name, const Wanted& wanted, const Agent& agent, Sieve& sieve) {
    ListWriter list;
    std::vector<const Instance*> instances;
    for (const std::string& key : model.instances_of(name)) instances.push_back(model.find<Instance>(key));
    Nearness(model, wanted.near).order(instances, [](const Instance* one) -> const std::string& { return one->node; });
    for (const Instance* instance : instances) {
        const Node* node = model.find<Node>(instance->node);
        if (!has_tags(*instance, wanted.tags) || !has_meta(*node, wanted.node_meta) || !sieve.instance(*instance)) continue;
        const ServiceEntryOut entry = service_entry_out(*instance, *node, model, agent);
        const auto is_passing = [](const CheckOut& check) { return check.Status == Status::passing; };
        if (wanted.passing && !std::all_of(entry.Checks.begin(), entry.Checks.end(), is_passing)) continue;
        list.add(entry, wanted.filter);
    }
    return std::move(list).finish();
}

std::string check_list(std::vector<const Check*> checks, const Model& model, const NearWish& near, const Filter& filter) {
    Nearness(model, near).order(checks, [](const Check* one) -> const std::string& { return one->node; });
    ListWriter list;
    for (const Check* check : checks) list.add(check_out(*check, model), filter);
    return std::move(list).finish();
}

} // namespace

Plan health_service(const Context& context, const Call& call) {
    const std::string name = call.rest;
    if (name.empty()) throw ApiError(400, "Missing service name");
    const Wanted wanted{call.query.flag("passing"), call.query.all("tag"), node_meta_of(call.query), filter_of<ServiceEntryOut>(call.query),
                        near_of(context, call)};
    BodyCache* cache = &context.cache;
    return ReadPlan{watch::service(name), [name, wanted, agent = &context.agent, access = context.access, cache](const Model& model) -> Answer {
                        Sieve sieve(access);
                        const auto make = [&] { return service_entries(model, name, wanted, *agent, sieve); };
                        const bool sees_all = access.may(Resource::service, Grant::read, name) && access.may_all(Resource::node, Grant::read);
                        if (!wanted.plain() || !sees_all) {
                            std::string body = make();
                            return sieve.mark({200, std::move(body)});
                        }
                        // Everything shown changes the service's index: instances, their nodes, checks of both.
                        return {200, cache->get((wanted.passing ? "p:" : "a:") + name, model.index_of(watch::service(name)), make)};
                    },
                    {},
                    name};
}

Plan health_node(const Context& context, const Call& call) {
    const std::string name = call.rest;
    if (name.empty()) throw ApiError(400, "Missing node name");
    return ReadPlan{watch::node(name), [name, access = context.access, filter = filter_of<CheckOut>(call.query)](const Model& model) -> Answer {
                        ListWriter list;
                        Sieve sieve(access);
                        each_with_prefix<Check>(model, key_of(name, ""), [&](const std::string&, const Check& check) {
                            if (sieve.check(check)) list.add(check_out(check, model), filter);
                        });
                        return sieve.mark({200, std::move(list).finish()});
                    }};
}

Plan health_checks(const Context& context, const Call& call) {
    const std::string name = call.rest;
    if (name.empty()) throw ApiError(400, "Missing service name");
    return ReadPlan{watch::service(name),
                    [name, access = context.access, wanted = node_meta_of(call.query), near = near_of(context, call),
                     filter = filter_of<CheckOut>(call.query)](const Model& model) -> Answer {
                        Sieve sieve(access);
                        std::vector<const Check*> checks;
                        for (const std::string& key : model.instances_of(name)) {
                            const Instance* instance = model.find<Instance>(key);
                            if (!has_meta(*model.find<Node>(instance->node), wanted) || !sieve.instance(*instance)) continue;
                            for (const std::string& check : model.checks_of(instance->node, instance->id)) checks.push_back(model.find<Check>(check));
                        }
                        return sieve.mark({200, check_list(std::move(checks), model, near, filter)});
                    },
                    {},
                    name};
}

Plan health_state(const Context& context, const Call& call) {
    const std::string state = call.rest;
    if (state != "any" && state != "passing" && state != "warning" && state != "critical")
        throw ApiError(400, "Invalid state: must be any, passing, warning or critical");
    return ReadPlan{watch::checks,
                    [state, access = context.access, wanted = node_meta_of(call.query), near = near_of(context, call),
                     filter = filter_of<CheckOut>(call.query)](const Model& model) -> Answer {
                        Sieve sieve(access);
                        std::vector<const Check*> checks;
                        for (const auto& [key, check] : model.table<Check>())
                            if ((state == "any" || meta::enum_name(check->status) == state) && has_meta(*model.find<Node>(check->node), wanted) &&
                                sieve.check(*check))
                                checks.push_back(check.get());
                        return sieve.mark({200, check_list(std::move(checks), model, near, filter)});
                    }};
}

} // namespace gravity::registry::api::routes
