// Roles: policies and identities under a name.
#include "api_acl.hpp"

#include <gravity/base/uuid.hpp>

#include <algorithm>

namespace gravity::registry::api::routes {
namespace {

struct RoleIn {
    std::optional<std::string> ID, Name, Description;
    std::vector<LinkIn> Policies;
    std::vector<ServiceIdentity> ServiceIdentities;
    std::vector<NodeIdentity> NodeIdentities;
    std::optional<Json> TemplatedPolicies;
};
BOOST_DESCRIBE_STRUCT(RoleIn, (), (ID, Name, Description, Policies, ServiceIdentities, NodeIdentities, TemplatedPolicies))

WritePlan put_role(const Context& context, const RoleIn& in, const std::string& id, bool create) {
    PutRole command;
    command.create = create;
    AclRole& role = command.role;
    role.id = id;
    role.name = in.Name.value_or("");
    role.description = in.Description.value_or("");
    if (role.name.empty()) throw ApiError(400, "Invalid Role: no Name is set");
    if (!is_plain_name(role.name, max_name_bytes)) throw ApiError(400, "Invalid Role: invalid Name. Only alphanumeric characters, '-' and '_' are allowed");
    read_links(in.Policies, role.grants.policies, command.policy_names);
    read_identities({in.ServiceIdentities, in.NodeIdentities, in.TemplatedPolicies}, false, role.grants);
    return WritePlan{std::move(command), [&model = context.model, id](const Reply& reply) -> Answer {
                         throw_refusal(reply);
                         const AclRole* written = model.find<AclRole>(id);
                         if (written == nullptr) absent("role");
                         return answer_json(role_out(model, *written));
                     }};
}

} // namespace

Plan acl_roles(const Context&, const Call& call) {
    return ReadPlan{watch::acl, [wanted = call.query.get("policy")](const Model& model) -> Answer {
                        ListWriter list;
                        for (const auto& [id, role] : model.table<AclRole>()) {
                            const auto& policies = role->grants.policies;
                            if (wanted.empty() || std::find(policies.begin(), policies.end(), wanted) != policies.end()) list.add(role_out(model, *role));
                        }
                        return {200, std::move(list).finish()};
                    }};
}

Plan acl_role_create(const Context& context, const Call& call) {
    const auto in = decode_body<RoleIn>(call.body);
    if (in.ID && !in.ID->empty()) throw ApiError(400, "Cannot specify the ID when creating a new role");
    return put_role(context, in, Uuid::v4().to_string(), true);
}

Plan acl_role_named(const Context&, const Call& call) {
    return ReadPlan{watch::acl, [name = id_in(call, "Missing role Name")](const Model& model) -> Answer {
                        for (const auto& [id, role] : model.table<AclRole>())
                            if (role->name == name) return answer_json(role_out(model, *role));
                        absent("role");
                    }};
}

Plan acl_role_get(const Context&, const Call& call) {
    return ReadPlan{watch::acl, [id = id_in(call, "Missing role ID")](const Model& model) -> Answer {
                        const AclRole* role = model.find<AclRole>(id);
                        if (role == nullptr) absent("role");
                        return answer_json(role_out(model, *role));
                    }};
}

Plan acl_role_put(const Context& context, const Call& call) {
    const std::string id = id_in(call, "Missing role ID");
    const auto in = decode_body<RoleIn>(call.body);
    check_same(in.ID, id, "Role ID in URL and payload do not match");
    return put_role(context, in, id, false);
}

Plan acl_role_delete(const Context&, const Call& call) { return WritePlan{DeleteRole{id_in(call, "Missing role ID")}, true_or_error}; }

} // namespace gravity::registry::api::routes
