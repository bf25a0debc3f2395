// What the access rules' routes have in common, and those that are about the rules as a whole.
#include "api_acl.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/base/uuid.hpp>

#include <algorithm>
#include <iterator>

namespace gravity::registry::api {
namespace {

struct AgentTokenIn {
    std::optional<std::string> Token;
};
BOOST_DESCRIBE_STRUCT(AgentTokenIn, (), (Token))

// As services and nodes may be named where they are identities: what is put into rules needs no escaping then.
bool is_identity_name(std::string_view name) {
    const auto is_end = [](char c) { return ascii::is_digit(c) || (c >= 'a' && c <= 'z'); };
    const auto is_inner = [&](char c) { return is_end(c) || c == '-' || c == '_'; };
    return !name.empty() && name.size() <= max_name_bytes && is_end(name.front()) && is_end(name.back()) && std::all_of(name.begin(), name.end(), is_inner);
}

} // namespace

bool is_plain_name(std::string_view name, std::size_t longest) {
    return name.size() <= longest && std::all_of(name.begin(), name.end(), [](char c) { return ascii::is_alnum(c) || c == '-' || c == '_'; });
}

std::string uuid_in(const std::string& text, const std::string& what) {
    const auto uuid = Uuid::parse(text);
    if (!uuid) throw ApiError(400, what + " is not a valid UUID");
    return uuid->to_string();
}

void read_links(const std::vector<LinkIn>& links, std::vector<std::string>& ids, std::vector<std::string>& names) {
    for (const LinkIn& link : links) {
        if (const std::string id = link.ID.value_or(""); !id.empty())
            ids.push_back(id);
        else
            names.push_back(link.Name.value_or(""));
    }
}

void read_identities(const IdentitiesIn& in, bool local, Grants& grants) {
    if (in.templated && !in.templated->is_null() && !(in.templated->is_array() && in.templated->size() == 0))
        throw ApiError(400, "Templated policies are not supported by this server");
    for (const ServiceIdentity& identity : in.services) {
        if (identity.ServiceName.empty()) throw ApiError(400, "Service identity is missing the service name field");
        if (!is_identity_name(identity.ServiceName))
            throw ApiError(400, "Service identity \"" + identity.ServiceName +
                                    "\" has an invalid name. Only lowercase alphanumeric characters, '-' and '_' are allowed");
        if (local && identity.Datacenters && !identity.Datacenters->empty())
            throw ApiError(400, "Service identity \"" + identity.ServiceName + "\" cannot specify a list of datacenters on a local token");
        grants.service_identities.push_back(identity);
    }
    for (const NodeIdentity& identity : in.nodes) {
        if (identity.NodeName.empty()) throw ApiError(400, "Node identity is missing the node name field");
        if (identity.Datacenter.empty()) throw ApiError(400, "Node identity is missing the datacenter field");
        if (!is_identity_name(identity.NodeName))
            throw ApiError(400, "Node identity has an invalid name. Only lowercase alphanumeric characters, '-' and '_' are allowed");
        grants.node_identities.push_back(identity);
    }
}

ListOut<LinkOut> policies_out(const Model& model, const Grants& grants) {
    std::vector<LinkOut> links;
    for (const std::string& id : grants.policies)
        if (const AclPolicy* policy = policy_of(model, id)) links.push_back({id, policy->name});
    return list_out(std::move(links));
}

PolicyOut policy_out(const AclPolicy& policy, bool with_rules) {
    const std::string hash = base64_encode(digest_of(policy));
    PolicyOut out{policy.id, policy.name, policy.description, {}, list_out(policy.datacenters), hash, policy.create_index, policy.modify_index};
    if (with_rules) out.Rules = policy.rules;
    return out;
}

RoleOut role_out(const Model& model, const AclRole& role) {
    return {role.id, role.name, role.description, policies_out(model, role.grants), list_out(role.grants.service_identities),
            list_out(role.grants.node_identities), base64_encode(digest_of(role)), role.create_index, role.modify_index};
}

[[noreturn]] void absent(const std::string& kind) { throw ApiError(404, "Requested " + kind + " does not exist: ACL not found"); }

std::string id_in(const Call& call, const char* missing) {
    if (call.rest.empty()) throw ApiError(400, missing);
    return call.rest;
}

// The id in the body, if there is one, is that of the path.
void check_same(const std::optional<std::string>& in_body, const std::string& in_path, const char* problem) {
    if (in_body && !in_body->empty() && *in_body != in_path) throw ApiError(400, problem);
}

namespace routes {

Plan acl_replication(const Context&, const Call&) {
    const Json never = "0001-01-01T00:00:00Z";
    return Answer{200, Json::object({{"Enabled", false},
                                     {"Running", false},
                                     {"SourceDatacenter", ""},
                                     {"ReplicationType", ""},
                                     {"ReplicatedIndex", 0},
                                     {"ReplicatedRoleIndex", 0},
                                     {"ReplicatedTokenIndex", 0},
                                     {"LastSuccess", never},
                                     {"LastError", never},
                                     {"LastErrorMessage", ""}})
                           .dump()};
}

Plan agent_token(const Context& context, const Call& call) {
    const std::string token = decode_body<AgentTokenIn>(call.body).Token.value_or("");
    const std::string& kind = call.rest;
    // What a server without gossip and replication does by itself asks nobody.
    static constexpr std::string_view idle[] = {"agent", "acl_agent_token", "agent_recovery", "agent_master", "acl_agent_master_token", "replication",
                                                "acl_replication_token", "config_file_service_registration"};
    if (kind == "default" || kind == "acl_token")
        context.acl->tokens().default_token = token;
    else if (kind == "dns")
        context.acl->tokens().dns = token;
    else if (std::find(std::begin(idle), std::end(idle), kind) == std::end(idle))
        throw ApiError(404, "Token \"" + kind + "\" is unknown");
    return Answer{};
}

} // namespace routes
} // namespace gravity::registry::api
