// Tokens. A secret is shown when it is made; later only to who may write the rules, and only if it can be opened again.
#include "api_acl.hpp"

#include <gravity/base/clock.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/base/uuid.hpp>

#include <algorithm>

namespace gravity::registry::api::routes {
namespace {

constexpr std::int64_t minute_us = 60'000'000;
constexpr std::int64_t shortest_life_us = minute_us, longest_life_us = 24 * 60 * minute_us;
constexpr std::string_view clone_end = "/clone";

struct TokenIn {
    std::optional<std::string> AccessorID, SecretID, Description, AuthMethod, ExpirationTime;
    std::vector<LinkIn> Policies, Roles;
    std::vector<ServiceIdentity> ServiceIdentities;
    std::vector<NodeIdentity> NodeIdentities;
    std::optional<Json> TemplatedPolicies;
    std::optional<bool> Local;
    std::optional<GoDuration> ExpirationTTL;
};
BOOST_DESCRIBE_STRUCT(TokenIn, (),
                      (AccessorID, SecretID, Description, AuthMethod, ExpirationTime, Policies, Roles, ServiceIdentities, NodeIdentities, TemplatedPolicies,
                       Local, ExpirationTTL))

struct BootstrapIn {
    std::optional<std::string> BootstrapSecret;
};
BOOST_DESCRIBE_STRUCT(BootstrapIn, (), (BootstrapSecret))

struct TokenOut {
    std::optional<std::string> ID; // of the bootstrap: the secret, under its name of old
    std::string AccessorID, SecretID, Description;
    ListOut<LinkOut> Policies, Roles;
    ListOut<ServiceIdentity> ServiceIdentities;
    ListOut<NodeIdentity> NodeIdentities;
    bool Local = false;
    std::optional<std::string> ExpirationTime;
    std::string CreateTime, Hash;
    std::int64_t CreateIndex = 0, ModifyIndex = 0;
};
BOOST_DESCRIBE_STRUCT(TokenOut, (),
                      (ID, AccessorID, SecretID, Description, Policies, Roles, ServiceIdentities, NodeIdentities, Local, ExpirationTime, CreateTime, Hash,
                       CreateIndex, ModifyIndex))

std::string life_text(std::int64_t us) { return GoDuration(us).to_string(); }

// When the token ends, if it does. `create`: that it is neither too soon nor too late is checked only then.
std::optional<std::int64_t> end_of(const TokenIn& in, bool create, const std::string& accessor, std::int64_t now_us) {
    const std::int64_t ttl = in.ExpirationTTL ? in.ExpirationTTL->us() : 0;
    std::optional<std::int64_t> end;
    if (const std::string text = in.ExpirationTime.value_or(""); !text.empty()) {
        const auto time = Timestamp::parse(text);
        if (!time) throw ApiError(400, "Request decode failed: /ExpirationTime " + std::string(time.why()));
        end = time->unix_us();
    }
    if (ttl != 0 && !create) throw ApiError(400, "Cannot change expiration time of " + accessor);
    if (ttl != 0 && end) throw ApiError(400, "Token Expiration TTL and Expiration Time cannot both be set");
    if (ttl != 0) end = now_us + ttl;
    if (!end || !create) return end;
    if (*end < now_us) throw ApiError(400, "ExpirationTime cannot be before CreateTime");
    const std::int64_t life = *end - now_us;
    const std::string was = " in the future (was " + life_text(life) + ')';
    if (life > longest_life_us) throw ApiError(400, "ExpirationTime cannot be more than " + life_text(longest_life_us) + was);
    if (life < shortest_life_us) throw ApiError(400, "ExpirationTime cannot be less than " + life_text(shortest_life_us) + was);
    return end;
}

// Links to what has gone meanwhile are left out.
ListOut<LinkOut> roles_out(const Model& model, const Grants& grants) {
    std::vector<LinkOut> links;
    for (const std::string& id : grants.roles)
        if (const AclRole* role = model.find<AclRole>(id)) links.push_back({id, role->name});
    return list_out(std::move(links));
}

std::string time_text(std::int64_t us) { return Timestamp::from_unix_us(us).to_string(); }

TokenOut token_out(const Model& model, const AclToken& token, std::string secret) {
    TokenOut out;
    out.AccessorID = token.accessor;
    out.SecretID = std::move(secret);
    out.Description = token.description;
    out.Policies = policies_out(model, token.grants);
    out.Roles = roles_out(model, token.grants);
    out.ServiceIdentities = list_out(token.grants.service_identities);
    out.NodeIdentities = list_out(token.grants.node_identities);
    out.Local = token.local;
    if (token.expires_us) out.ExpirationTime = time_text(*token.expires_us);
    out.CreateTime = time_text(token.create_time_us);
    out.Hash = base64_encode(digest_of(token));
    out.CreateIndex = token.create_index;
    out.ModifyIndex = token.modify_index;
    return out;
}

// The anonymous token is there before anybody has written it.
const AclToken& anonymous_token() {
    static const AclToken token = [] {
        AclToken made;
        made.accessor = anonymous_accessor;
        made.description = "Anonymous Token";
        made.create_index = made.modify_index = 1;
        return made;
    }();
    return token;
}

const AclToken* token_of(const Model& model, std::string_view accessor, std::int64_t now_us) {
    const AclToken* token = model.find<AclToken>(accessor);
    if (token == nullptr) return accessor == anonymous_accessor ? &anonymous_token() : nullptr;
    return token->expires_us && *token->expires_us <= now_us ? nullptr : token;
}

// As the bearer may see it.
std::string shown_secret(const Context& context, const AclToken& token) {
    if (token.accessor == anonymous_accessor) return std::string(anonymous_secret);
    if (!context.access.may(Resource::acl, Grant::write)) return std::string(hidden_secret);
    return context.acl->secret_of(token).value_or(std::string(hidden_secret));
}

WritePlan put_token(const Context& context, PutToken command, std::string secret) {
    const std::string accessor = command.token.accessor;
    return WritePlan{std::move(command), [context, accessor, secret](const Reply& reply) -> Answer {
                         throw_refusal(reply);
                         const AclToken* token = token_of(context.model, accessor, now().unix_us());
                         if (token == nullptr) absent("token"); // it was to live no longer, or was deleted at once
                         return answer_json(token_out(context.model, *token, secret.empty() ? shown_secret(context, *token) : secret));
                     }};
}

PutToken token_command(const TokenIn& in, bool create, const std::string& accessor) {
    PutToken command;
    command.create = create;
    AclToken& token = command.token;
    const std::int64_t time = now().unix_us();
    if (in.AuthMethod && !in.AuthMethod->empty()) throw ApiError(400, "AuthMethod field is disallowed outside of login");
    token.accessor = accessor;
    token.description = in.Description.value_or("");
    token.local = in.Local.value_or(false);
    token.create_time_us = time;
    token.expires_us = end_of(in, create, accessor, time);
    read_links(in.Policies, token.grants.policies, command.policy_names);
    read_links(in.Roles, token.grants.roles, command.role_names);
    read_identities({in.ServiceIdentities, in.NodeIdentities, in.TemplatedPolicies}, token.local, token.grants);
    return command;
}

void set_secret(const Context& context, AclToken& token, const std::string& secret) {
    token.secret_hash = hash_of_secret(secret);
    token.sealed = context.acl->seal(secret, token.accessor);
}

// With everything that the token's permissions come from.
std::string expanded(const Model& model, const AclToken& token, std::string text, const Acl& acl) {
    ListWriter policies, roles;
    std::vector<std::string> policy_ids = token.grants.policies;
    for (const std::string& id : token.grants.roles) {
        const AclRole* role = model.find<AclRole>(id);
        if (role == nullptr) continue;
        roles.add(role_out(model, *role));
        policy_ids.insert(policy_ids.end(), role->grants.policies.begin(), role->grants.policies.end());
    }
    for (const std::string& id : policy_ids)
        if (const AclPolicy* policy = policy_of(model, id)) policies.add(policy_out(*policy));
    text.pop_back();
    return text + ",\"ExpandedPolicies\":" + std::move(policies).finish() + ",\"ExpandedRoles\":" + std::move(roles).finish() +
           ",\"AgentACLDefaultPolicy\":\"" + (acl.default_allow() ? "allow" : "deny") + "\",\"AgentACLDownPolicy\":\"deny\"}";
}

} // namespace

Plan acl_bootstrap(const Context& context, const Call& call) {
    const std::string given = call.body.empty() ? std::string() : decode_body<BootstrapIn>(call.body).BootstrapSecret.value_or("");
    const std::string secret = given.empty() ? Uuid::v4().to_string() : uuid_in(given, "Invalid bootstrap token: BootstrapSecret");
    BootstrapAcl command;
    AclToken& token = command.token;
    token.accessor = Uuid::v4().to_string();
    token.description = "Bootstrap Token (Global Management)";
    token.grants.policies = {management_policy().id};
    token.create_time_us = now().unix_us();
    set_secret(context, token, secret);
    const std::string accessor = token.accessor;
    return WritePlan{std::move(command), [&model = context.model, accessor, secret](const Reply& reply) -> Answer {
                         throw_refusal(reply);
                         const AclToken* made = model.find<AclToken>(accessor);
                         if (made == nullptr) absent("token");
                         TokenOut out = token_out(model, *made, secret);
                         out.ID = secret;
                         return answer_json(out);
                     }};
}

Plan acl_tokens(const Context& context, const Call& call) {
    const std::string policy = call.query.get("policy"), role = call.query.get("role"), service = call.query.get("servicename"),
                      method = call.query.get("authmethod");
    const auto given = [](const std::string& filter) { return filter.empty() ? 0 : 1; };
    if (given(policy) + given(role) + given(service) + given(method) > 1)
        throw ApiError(400, "can only filter by one of: policy, role, servicename, authmethod");
    return ReadPlan{watch::acl, [context, policy, role, service, method](const Model& model) -> Answer {
                        const std::int64_t time = now().unix_us();
                        const auto has = [](const std::vector<std::string>& ids, const std::string& id) {
                            return id.empty() || std::find(ids.begin(), ids.end(), id) != ids.end();
                        };
                        const auto wanted = [&](const AclToken& token) {
                            const auto& identities = token.grants.service_identities;
                            const bool acts = service.empty() || std::any_of(identities.begin(), identities.end(), [&](const ServiceIdentity& identity) {
                                                  return identity.ServiceName == service;
                                              });
                            return method.empty() && has(token.grants.policies, policy) && has(token.grants.roles, role) && acts;
                        };
                        ListWriter list;
                        const auto add = [&](const AclToken& token) {
                            if (wanted(token)) list.add(token_out(model, token, shown_secret(context, token)));
                        };
                        if (model.find<AclToken>(anonymous_accessor) == nullptr) add(anonymous_token());
                        for (const auto& [accessor, token] : model.table<AclToken>())
                            if (token_of(model, accessor, time) != nullptr) add(*token);
                        return {200, std::move(list).finish()};
                    }};
}

Plan acl_token_create(const Context& context, const Call& call) {
    const auto in = decode_body<TokenIn>(call.body);
    const std::string accessor = in.AccessorID.value_or(""), given = in.SecretID.value_or("");
    const std::string secret = given.empty() ? Uuid::v4().to_string() : uuid_in(given, "Invalid Token: SecretID");
    PutToken command = token_command(in, true, accessor.empty() ? Uuid::v4().to_string() : uuid_in(accessor, "Invalid Token: AccessorID"));
    if (command.token.accessor == secret) throw ApiError(400, "Invalid Token: AccessorID is already in use"); // one of the two is no secret
    set_secret(context, command.token, secret);
    return put_token(context, std::move(command), secret);
}

Plan acl_token_self(const Context& context, const Call&) {
    if (!context.access.failure().empty()) throw ApiError(403, context.access.failure());
    const std::string accessor = context.access.accessor(), secret(context.secret);
    // Who sends none is anonymous, and has nothing that could be shown.
    if (secret.empty()) throw ApiError(403, "ACL not found");
    return ReadPlan{watch::acl, [accessor, secret](const Model& model) -> Answer {
                        const AclToken* token = token_of(model, accessor, now().unix_us());
                        if (token == nullptr) throw ApiError(403, "ACL not found");
                        return answer_json(token_out(model, *token, secret));
                    }};
}

Plan acl_token_get(const Context& context, const Call& call) {
    const std::string accessor = id_in(call, "Missing token ID");
    const bool in_full = call.query.flag("expanded");
    return ReadPlan{watch::acl, [context, accessor, in_full](const Model& model) -> Answer {
                        const AclToken* token = token_of(model, accessor, now().unix_us());
                        if (token == nullptr) absent("token");
                        Answer answer = answer_json(token_out(model, *token, shown_secret(context, *token)));
                        if (in_full) answer.body = expanded(model, *token, std::move(answer.body), *context.acl);
                        return answer;
                    }};
}

Plan acl_token_put(const Context& context, const Call& call) {
    std::string accessor = id_in(call, "Missing token ID");
    const bool clones = std::string_view(accessor).ends_with(clone_end);
    if (clones) accessor.resize(accessor.size() - clone_end.size());
    const TokenIn in = clones && call.body.empty() ? TokenIn() : decode_body<TokenIn>(call.body);
    if (clones) {
        const AclToken* original = token_of(context.model, accessor, now().unix_us());
        if (original == nullptr) absent("token");
        const std::string secret = Uuid::v4().to_string();
        PutToken command;
        command.token = *original;
        command.token.accessor = Uuid::v4().to_string();
        command.token.create_time_us = now().unix_us();
        if (in.Description && !in.Description->empty()) command.token.description = *in.Description;
        std::erase_if(command.token.grants.policies, [&](const std::string& id) { return policy_of(context.model, id) == nullptr; });
        std::erase_if(command.token.grants.roles, [&](const std::string& id) { return context.model.find<AclRole>(id) == nullptr; });
        set_secret(context, command.token, secret);
        return put_token(context, std::move(command), secret);
    }
    check_same(in.AccessorID, accessor, "Token Accessor ID in URL and payload do not match");
    PutToken command = token_command(in, false, uuid_in(accessor, "AccessorID"));
    // A client that read the token, changed something and writes it back sends what it was shown.
    const std::string given = in.SecretID.value_or("");
    const bool same = given.empty() || given == hidden_secret || (accessor == anonymous_accessor && given == anonymous_secret);
    if (!same) command.token.secret_hash = hash_of_secret(given);
    return put_token(context, std::move(command), same ? std::string() : given);
}

Plan acl_token_delete(const Context& context, const Call& call) {
    const std::string accessor = id_in(call, "Missing token ID");
    if (context.access.accessor() == accessor) throw ApiError(400, "Deletion of the request's authorization token is not permitted");
    return WritePlan{DeleteToken{accessor}, true_or_error};
}

} // namespace gravity::registry::api::routes
