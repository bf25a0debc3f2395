// Policies. The built-in ones are there without being in the model.
#include "api_acl.hpp"

#include <gravity/base/uuid.hpp>

namespace gravity::registry::api::routes {
namespace {

constexpr std::size_t max_policy_name_bytes = 128;

struct PolicyIn {
    std::optional<std::string> ID, Name, Description, Rules;
    std::vector<std::string> Datacenters;
};
BOOST_DESCRIBE_STRUCT(PolicyIn, (), (ID, Name, Description, Rules, Datacenters))

const AclPolicy* policy_named(const Model& model, std::string_view name) {
    for (const AclPolicy* policy : {&management_policy(), &read_only_policy()})
        if (policy->name == name) return policy;
    for (const auto& [id, policy] : model.table<AclPolicy>())
        if (policy->name == name) return policy.get();
    return nullptr;
}

AclPolicy policy_from(const PolicyIn& in, const std::string& id) {
    AclPolicy policy;
    policy.id = id;
    policy.name = in.Name.value_or("");
    policy.description = in.Description.value_or("");
    policy.rules = in.Rules.value_or("");
    policy.datacenters = in.Datacenters;
    if (policy.name.empty()) throw ApiError(400, "Invalid Policy: no Name is set");
    if (!is_plain_name(policy.name, max_policy_name_bytes))
        throw ApiError(400, "Invalid Policy: invalid Name. Only alphanumeric characters, '-' and '_' are allowed");
    try {
        parse_policy(policy.rules);
    } catch (const PolicyError& error) {
        throw ApiError(400, std::string("Invalid Policy: ") + error.what());
    }
    return policy;
}

WritePlan put_policy(const Context& context, AclPolicy policy, bool create) {
    const std::string id = policy.id;
    return WritePlan{PutPolicy{std::move(policy), create}, [&model = context.model, id](const Reply& reply) -> Answer {
                         throw_refusal(reply);
                         const AclPolicy* written = policy_of(model, id);
                         if (written == nullptr) absent("policy");
                         return answer_json(policy_out(*written));
                     }};
}

} // namespace

Plan acl_policies(const Context&, const Call&) {
    return ReadPlan{watch::acl, [](const Model& model) -> Answer {
                        ListWriter list;
                        list.add(policy_out(management_policy(), false));
                        list.add(policy_out(read_only_policy(), false));
                        for (const auto& [id, policy] : model.table<AclPolicy>()) list.add(policy_out(*policy, false));
                        return {200, std::move(list).finish()};
                    }};
}

Plan acl_policy_create(const Context& context, const Call& call) {
    const auto in = decode_body<PolicyIn>(call.body);
    if (in.ID && !in.ID->empty()) throw ApiError(400, "Cannot specify the ID when creating a new policy");
    return put_policy(context, policy_from(in, Uuid::v4().to_string()), true);
}

Plan acl_policy_named(const Context&, const Call& call) {
    return ReadPlan{watch::acl, [name = id_in(call, "Missing policy Name")](const Model& model) -> Answer {
                        const AclPolicy* policy = policy_named(model, name);
                        if (policy == nullptr) absent("policy");
                        return answer_json(policy_out(*policy));
                    }};
}

Plan acl_policy_get(const Context&, const Call& call) {
    return ReadPlan{watch::acl, [id = id_in(call, "Missing policy ID")](const Model& model) -> Answer {
                        const AclPolicy* policy = policy_of(model, id);
                        if (policy == nullptr) absent("policy");
                        return answer_json(policy_out(*policy));
                    }};
}

Plan acl_policy_put(const Context& context, const Call& call) {
    const std::string id = id_in(call, "Missing policy ID");
    const auto in = decode_body<PolicyIn>(call.body);
    check_same(in.ID, id, "Policy ID in URL and payload do not match");
    if (built_in_policy(id) != nullptr) throw ApiError(400, "Changing the builtin " + built_in_policy(id)->name + " policy is not permitted");
    return put_policy(context, policy_from(in, id), false);
}

Plan acl_policy_delete(const Context&, const Call& call) { return WritePlan{DeletePolicy{id_in(call, "Missing policy ID")}, true_or_error}; }

} // namespace gravity::registry::api::routes
