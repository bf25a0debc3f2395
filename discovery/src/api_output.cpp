#include "api_output.hpp"

#include "go_duration.hpp"

#include <gravity/base/encoding.hpp>

#include <algorithm>

namespace gravity::registry::api {
namespace {

AddressesOut addresses_out(const Instance& instance) {
    AddressesOut out;
    for (const auto& [tag, address] : instance.tagged_addresses) out[tag] = {address.address, address.port};
    return out;
}

std::optional<std::string> lease_out(const Instance& instance) {
    if (instance.lease_us == 0) return std::nullopt;
    return GoDuration(instance.lease_us).to_string();
}

std::string duration_out(std::int64_t us) { return us == 0 ? std::string() : GoDuration(us).to_string(); }

void set_duration(std::optional<std::string>& out, std::int64_t us) {
    if (us != 0) out = GoDuration(us).to_string();
}

DefinitionOut definition_out(const CheckDefinition& definition) {
    DefinitionOut out;
    switch (definition.type) {
    case CheckType::http: out.HTTP = definition.target; break;
    case CheckType::udp: out.UDP = definition.target; break;
    case CheckType::script: out.ScriptArgs = definition.args; break;
    case CheckType::tcp:
        out.TCP = definition.target;
        out.TCPUseTLS = definition.use_tls;
        break;
    case CheckType::grpc:
        out.GRPC = definition.target;
        out.GRPCUseTLS = definition.use_tls;
        break;
    case CheckType::h2ping:
        out.H2PING = definition.target;
        out.H2PingUseTLS = definition.use_tls;
        break;
    default: break;
    }
    if (definition.alias_of) {
        out.AliasNode = definition.alias_of->node;
        if (!definition.alias_of->service_id.empty()) out.AliasService = definition.alias_of->service_id;
    }
    if (!definition.method.empty()) out.Method = definition.method;
    if (!definition.body.empty()) out.Body = definition.body;
    if (!definition.header.empty()) out.Header = definition.header;
    out.DisableRedirects = definition.disable_redirects;
    out.TLSServerName = definition.tls_server_name;
    if (definition.tls_skip_verify) out.TLSSkipVerify = true;
    set_duration(out.Interval, definition.interval_us);
    set_duration(out.Timeout, definition.timeout_us);
    set_duration(out.DeregisterCriticalServiceAfter, definition.deregister_after_us);
    return out;
}

} // namespace

NodeOut node_out(const Node& node, const Agent& agent) {
    NodeOut out;
    out.ID = node.id;
    out.Node = node.name;
    out.Address = node.address;
    out.Datacenter = agent.datacenter;
    out.TaggedAddresses = node.tagged_addresses;
    out.Meta = node.meta;
    out.CreateIndex = node.create_index;
    out.ModifyIndex = node.modify_index;
    return out;
}

ServiceOut service_out(const Instance& instance) {
    ServiceOut out;
    out.ID = instance.id;
    out.Service = instance.name;
    out.Tags = instance.tags;
    out.Address = instance.address;
    out.TaggedAddresses = addresses_out(instance);
    out.Meta = instance.meta;
    out.Port = instance.port;
    out.Weights = {instance.weight_passing, instance.weight_warning};
    out.EnableTagOverride = instance.enable_tag_override;
    out.SocketPath = instance.socket_path;
    out.Locality = instance.locality;
    out.LeaseTTL = lease_out(instance);
    out.CreateIndex = instance.create_index;
    out.ModifyIndex = instance.modify_index;
    return out;
}

AgentServiceOut agent_service_out(const Instance& instance, const Agent& agent) {
    AgentServiceOut out;
    out.ID = instance.id;
    out.Service = instance.name;
    out.Tags = instance.tags;
    out.Meta = instance.meta;
    out.Port = instance.port;
    out.Address = instance.address;
    out.TaggedAddresses = addresses_out(instance);
    out.Weights = {instance.weight_passing, instance.weight_warning};
    out.EnableTagOverride = instance.enable_tag_override;
    out.SocketPath = instance.socket_path;
    out.Locality = instance.locality;
    out.LeaseTTL = lease_out(instance);
    out.Datacenter = agent.datacenter;
    return out;
}

ServiceNodeOut service_node_out(const Instance& instance, const Node& node, const Agent& agent) {
    ServiceNodeOut out;
    out.ID = node.id;
    out.Node = node.name;
    out.Address = node.address;
    out.Datacenter = agent.datacenter;
    out.TaggedAddresses = node.tagged_addresses;
    out.NodeMeta = node.meta;
    out.ServiceID = instance.id;
    out.ServiceName = instance.name;
    out.ServiceTags = instance.tags;
    out.ServiceAddress = instance.address;
    out.ServiceTaggedAddresses = addresses_out(instance);
    out.ServiceMeta = instance.meta;
    out.ServicePort = instance.port;
    out.ServiceWeights = {instance.weight_passing, instance.weight_warning};
    out.ServiceEnableTagOverride = instance.enable_tag_override;
    out.ServiceSocketPath = instance.socket_path;
    out.ServiceLocality = instance.locality;
    out.CreateIndex = instance.create_index;
    out.ModifyIndex = instance.modify_index;
    return out;
}

CheckOut check_out(const Check& check, const Model& model) {
    CheckOut out;
    out.Node = check.node;
    out.CheckID = check.id;
    out.Name = check.name;
    out.Status = check.status;
    out.Notes = check.notes;
    out.Output = check.output;
    out.ServiceID = check.service_id;
    out.ServiceName = check.service_name;
    if (!check.service_id.empty())
        if (const Instance* instance = model.find<Instance>(key_of(check.node, check.service_id))) out.ServiceTags = instance->tags;
    const CheckDefinition& definition = check.definition;
    if (definition.type != CheckType::none) out.Type = meta::enum_name(definition.type);
    out.Interval = duration_out(definition.interval_us);
    out.Timeout = duration_out(definition.timeout_us);
    out.Definition = definition_out(definition);
    out.CreateIndex = check.create_index;
    out.ModifyIndex = check.modify_index;
    return out;
}

ServiceEntryOut service_entry_out(const Instance& instance, const Node& node, const Model& model, const Agent& agent) {
    ServiceEntryOut entry;
    entry.Node = node_out(node, agent);
    entry.Service = service_out(instance);
    for (const std::string& owner : {std::string(), instance.id})
        for (const std::string& key : model.checks_of(instance.node, owner)) entry.Checks.push_back(check_out(*model.find<Check>(key), model));
    return entry;
}

SessionOut session_out(const Session& session) {
    SessionOut out;
    out.ID = session.id;
    out.Name = session.name;
    out.Node = session.node;
    out.LockDelay = session.lock_delay_us * 1000;
    out.Behavior = session.behavior;
    out.TTL = session.ttl;
    out.NodeChecks = session.node_checks;
    if (!session.service_checks.empty()) out.ServiceChecks.emplace();
    for (const std::string& id : session.service_checks) out.ServiceChecks->push_back({id, ""});
    out.CreateIndex = session.create_index;
    out.ModifyIndex = session.modify_index;
    return out;
}

void throw_refusal(const Reply& reply) {
    if (reply.status != 200) throw ApiError(reply.status, reply.text);
}

Answer true_or_error(const Reply& reply) {
    throw_refusal(reply);
    return {200, "true"};
}

void append_key(std::string& out, std::string_view key, const KvEntry& entry, bool with_value) {
    out += "{\"LockIndex\":" + std::to_string(entry.lock_index) + ",\"Key\":";
    append_json_string(out, key);
    out += ",\"Flags\":" + std::to_string(static_cast<std::uint64_t>(entry.flags)) + ",\"Value\":";
    if (!with_value || entry.value.size() == 0)
        out += "null"; // as Consul writes an empty value
    else
        out += '"' + base64_encode(entry.value.view()) + '"';
    if (entry.session) {
        out += ",\"Session\":";
        append_json_string(out, *entry.session);
    }
    out += ",\"CreateIndex\":" + std::to_string(entry.create_index) + ",\"ModifyIndex\":" + std::to_string(entry.modify_index) + '}';
}

void ObjectWriter::begin(std::string_view name) {
    text_ += text_.size() == 1 ? "" : ",";
    append_json_string(text_, name);
    text_ += ':';
}

NearWish near_of(const Context& context, const Call& call) { return {call.query.get("near"), context.agent.node, dns::parse_address(call.sender)}; }

Filter filter_of(const Query& query, const meta::Type& item) {
    try {
        return Filter::parse(query.get("filter"), item);
    } catch (const FilterError& error) {
        throw ApiError(400, error.what());
    }
}

bool has_tags(const Instance& instance, const std::vector<std::string>& wanted) {
    return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& tag) {
        return std::find(instance.tags.begin(), instance.tags.end(), tag) != instance.tags.end();
    });
}

std::vector<std::pair<std::string, std::string>> node_meta_of(const Query& query) {
    std::vector<std::pair<std::string, std::string>> wanted;
    for (const std::string& text : query.all("node-meta")) {
        const auto colon = text.find(':');
        wanted.emplace_back(text.substr(0, colon), colon == std::string::npos ? "" : text.substr(colon + 1));
    }
    return wanted;
}

bool has_meta(const Node& node, const std::vector<std::pair<std::string, std::string>>& wanted) {
    for (const auto& [key, value] : wanted) {
        const auto found = node.meta.find(key);
        if (found == node.meta.end() || found->second != value) return false;
    }
    return true;
}

} // namespace gravity::registry::api
