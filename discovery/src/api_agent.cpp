// The agent's API: what a service tells about itself, and what runs on this node.
#include "api_access.hpp"
#include "api_input.hpp"
#include "api_output.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

namespace gravity::registry::api::routes {
namespace {

Answer empty_or_error(const Reply& reply) {
    if (reply.status != 200) throw ApiError(reply.status, reply.text);
    return {};
}

// The node in full, so that an agent whose node was removed from the catalog brings it back.
Node own_node(const Context& context) {
    Node node;
    if (const Node* known = context.model.find<Node>(context.agent.node)) return *known;
    node.name = context.agent.node;
    node.id = context.agent.node_id;
    node.address = context.agent.address;
    return node;
}

bool is_own_service(const Instance& instance) { return instance.name == "consul" && instance.id == "consul"; }

std::string name_in(const Call& call, const char* missing) {
    if (call.rest.empty()) throw ApiError(400, missing);
    return call.rest;
}

bool enable_of(const Query& query) {
    const std::string text = query.get("enable");
    if (text.empty()) throw ApiError(400, "Missing value for enable");
    if (text != "true" && text != "false" && text != "1" && text != "0") throw ApiError(400, "Invalid value for enable: \"" + text + "\"");
    return text == "true" || text == "1";
}

// What is there already under the id belongs to somebody, too. What is not there is refused by the command.

void demand_service(const Context& context, const std::string& id) {
    const Instance* known = context.model.find<Instance>(key_of(context.agent.node, id));
    if (known != nullptr) demand(context.access, Resource::service, Grant::write, known->name);
}

void demand_check(const Context& context, const std::string& id) {
    const Check* known = context.model.find<Check>(key_of(context.agent.node, id));
    if (known != nullptr) demand_write(context.access, *known);
}

// Who has an alias check sees by it how something else is, so he must be one who may see that. Which service it is, is kept with it: the id may come to
// be another's. So is his token, which may lose the permission. What is not there yet is taken to have its id for a name, as most do. `together`: what is
// registered along with it.
void demand_target(const Context& context, Check& check, const Instance* together = nullptr) {
    std::optional<AliasOf>& target = check.definition.alias_of;
    if (!target || context.access.may_everything()) return;
    demand(context.access, Resource::node, Grant::read, target->node);
    target->owner = context.access.accessor();
    if (target->service_id.empty()) return;
    const bool is_together = together != nullptr && together->node == target->node && together->id == target->service_id;
    const Instance* known = is_together ? together : context.model.find<Instance>(key_of(target->node, target->service_id));
    target->service_name = known != nullptr ? known->name : target->service_id;
    demand(context.access, Resource::service, Grant::read, *target->service_name);
}

Plan set_ttl(const Context& context, const Call& call, Status status, std::string output) {
    const std::string id = name_in(call, "Missing check ID");
    demand_check(context, id);
    UpdateCheck command{context.agent.node, id, status, std::move(output), std::nullopt};
    return WritePlan{std::move(command), empty_or_error, key_of(context.agent.node, id), Renewed::check};
}

std::string hash_of(std::string_view text) { return hex_encode(sha256(text)).substr(0, 16); }

} // namespace

Plan agent_services(const Context& context, const Call& call) {
    const Filter filter = filter_of<AgentServiceOut>(call.query);
    ObjectWriter services;
    Sieve sieve(context.access);
    each_with_prefix<Instance>(context.model, key_of(context.agent.node, ""), [&](const std::string&, const Instance& instance) {
        if (is_own_service(instance) || !sieve.service(instance.name)) return;
        const AgentServiceOut out = agent_service_out(instance, context.agent);
        if (passes(out, filter)) services.add(instance.id, out);
    });
    return sieve.mark({200, std::move(services).finish()});
}

Plan agent_service(const Context& context, const Call& call) {
    const std::string id = name_in(call, "Missing service ID");
    return ReadPlan{watch::node(context.agent.node), [id, agent = context.agent, access = context.access](const Model& model) -> Answer {
                        const Instance* instance = model.find<Instance>(key_of(agent.node, id));
                        if (instance == nullptr || is_own_service(*instance)) throw ApiError(404, "unknown service ID: " + id);
                        demand(access, Resource::service, Grant::read, instance->name);
                        AgentServiceOut out = agent_service_out(*instance, agent);
                        out.ContentHash = hash_of(json::encode(out));
                        Answer answer = answer_json(out);
                        answer.hash = *out.ContentHash;
                        return answer;
                    }};
}

Plan agent_register_service(const Context& context, const Call& call) {
    Register command = registration_from(decode_body<AgentServiceIn>(call.body), context.agent.node, context.agent.registrable_scripts());
    command.node = own_node(context);
    demand(context.access, Resource::service, Grant::write, command.instance->name);
    demand_service(context, command.instance->id);
    for (Check& check : command.checks) {
        demand_check(context, check.id);
        demand_target(context, check, &*command.instance);
    }
    command.replace_checks = call.query.flag("replace-existing-checks");
    const std::string key = key_of(context.agent.node, command.instance->id);
    return WritePlan{std::move(command), empty_or_error, key, Renewed::instance};
}

Plan agent_deregister_service(const Context& context, const Call& call) {
    const std::string id = name_in(call, "Missing service ID");
    demand_service(context, id);
    return WritePlan{Deregister{context.agent.node, id, "", true}, empty_or_error};
}

Plan agent_service_maintenance(const Context& context, const Call& call) {
    const std::string id = name_in(call, "Missing service ID");
    demand_service(context, id);
    return WritePlan{Maintain{context.agent.node, id, enable_of(call.query), call.query.get("reason")}, empty_or_error};
}

Plan agent_maintenance(const Context& context, const Call& call) {
    return WritePlan{Maintain{context.agent.node, "", enable_of(call.query), call.query.get("reason")}, empty_or_error};
}

Plan agent_checks(const Context& context, const Call& call) {
    const Filter filter = filter_of<CheckOut>(call.query);
    ObjectWriter checks;
    Sieve sieve(context.access);
    each_with_prefix<Check>(context.model, key_of(context.agent.node, ""), [&](const std::string&, const Check& check) {
        if (check.id == serf_health_id) return;
        if (!(check.service_name.empty() ? sieve.node(check.node) : sieve.service(check.service_name))) return;
        const CheckOut out = check_out(check, context.model);
        if (passes(out, filter)) checks.add(check.id, out);
    });
    return sieve.mark({200, std::move(checks).finish()});
}

Plan agent_register_check(const Context& context, const Call& call) {
    Check check = check_from(decode_body<AgentCheckIn>(call.body), context.agent.node, context.agent.registrable_scripts());
    if (check.name.empty()) throw ApiError(400, "Missing check name");
    if (check.id == serf_health_id) throw ApiError(400, "The check ID serfHealth is the agent's own");
    const Instance* owner = context.model.find<Instance>(key_of(context.agent.node, check.service_id));
    if (owner != nullptr) check.service_name = owner->name; // one that is not there is refused by the command
    demand_write(context.access, check);
    demand_check(context, check.id);
    demand_target(context, check);
    Register command;
    command.node = own_node(context);
    const std::string key = key_of(context.agent.node, check.id);
    command.checks.push_back(std::move(check));
    return WritePlan{std::move(command), empty_or_error, key, Renewed::check};
}

Plan agent_deregister_check(const Context& context, const Call& call) {
    const std::string id = name_in(call, "Missing check ID");
    if (id == serf_health_id) throw ApiError(404, unknown_check(id));
    demand_check(context, id);
    return WritePlan{Deregister{context.agent.node, "", id, true}, empty_or_error};
}

Plan agent_check_pass(const Context& context, const Call& call) { return set_ttl(context, call, Status::passing, call.query.get("note")); }
Plan agent_check_warn(const Context& context, const Call& call) { return set_ttl(context, call, Status::warning, call.query.get("note")); }
Plan agent_check_fail(const Context& context, const Call& call) { return set_ttl(context, call, Status::critical, call.query.get("note")); }

Plan agent_check_update(const Context& context, const Call& call) {
    const auto in = decode_body<CheckUpdateIn>(call.body);
    const std::string text = in.Status.value_or("");
    return set_ttl(context, call, status_from(text, "Invalid check status: '" + text + "'"), in.Output.value_or(""));
}

namespace {

Json member_document(const Agent& agent) {
    return Json::object({{"Name", agent.node},
                         {"Addr", agent.address},
                         {"Port", agent.port},
                         {"Tags", Json::object({{"dc", agent.datacenter},
                                                {"id", agent.node_id},
                                                {"role", "consul"},
                                                {"build", agent.version},
                                                {"bootstrap", "1"},
                                                {"port", std::to_string(agent.server_port)}})},
                         {"Status", 1}, // alive
                         {"ProtocolMin", 1},
                         {"ProtocolMax", 5},
                         {"ProtocolCur", 2},
                         {"DelegateMin", 2},
                         {"DelegateMax", 5},
                         {"DelegateCur", 4}});
}

} // namespace

Plan agent_self(const Context& context, const Call&) {
    const Agent& agent = context.agent;
    const Json config = Json::object({{"Datacenter", agent.datacenter},
                                      {"PrimaryDatacenter", agent.datacenter},
                                      {"NodeName", agent.node},
                                      {"NodeID", agent.node_id},
                                      {"Revision", ""},
                                      {"Server", true},
                                      {"Version", agent.version}});
    const Json stats = Json::object(
        {{"agent", Json::object({{"services", std::to_string(context.model.table<Instance>().size())},
                                 {"checks", std::to_string(context.model.table<Check>().size())}})},
         {"consul", Json::object({{"server", "true"}, {"leader", "true"}, {"leader_addr", agent.server_address()}})}});
    const auto gossip = [&](int port) { return Json("tcp://" + agent.address_at(port)); }; // where others would be joined
    const Json debug = Json::object({{"SerfAdvertiseAddrLAN", gossip(serf_lan_port)}, {"SerfAdvertiseAddrWAN", gossip(serf_wan_port)}});
    const Json self = Json::object(
        {{"Config", config}, {"DebugConfig", debug}, {"Member", member_document(agent)}, {"Stats", stats}, {"Meta", Json::object()}});
    return Answer{200, self.dump()};
}

Plan agent_members(const Context& context, const Call&) {
    Sieve sieve(context.access);
    Json members = Json::array();
    if (sieve.node(context.agent.node)) members.push_back(member_document(context.agent));
    return sieve.mark({200, members.dump()});
}

Plan status_leader(const Context& context, const Call&) { return Answer{200, Json(context.agent.server_address()).dump()}; }

Plan status_peers(const Context& context, const Call&) { return Answer{200, Json::array({Json(context.agent.server_address())}).dump()}; }

} // namespace gravity::registry::api::routes
