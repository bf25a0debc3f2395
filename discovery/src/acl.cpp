#include "acl.hpp"

#include <gravity/auth/sealed.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/json/codec.hpp>

#include <algorithm>

namespace gravity::registry {
namespace {

constexpr std::string_view hash_mark = "sha256:";
constexpr std::string_view platform_mark = "jwt:"; // what accessors of the platform's tokens begin with
constexpr std::string_view bootstrap_needed = "ACL system must be bootstrapped before making any requests that require authorization: ACL not found";

// Everything but the rules themselves.
std::string rules_of_everything(std::string_view grant, std::string_view acl) {
    std::string text;
    for (const std::string_view rule : {"agent", "event", "identity", "key", "node", "query", "service", "session"})
        text += std::string(rule) + "_prefix \"\" { policy = \"" + std::string(grant) + "\" }\n";
    for (const std::string_view rule : {"keyring", "mesh", "operator", "peering"}) text += std::string(rule) + " = \"" + std::string(grant) + "\"\n";
    if (!acl.empty()) text += "acl = \"" + std::string(acl) + "\"\n";
    return text;
}

AclPolicy built_in(std::string id, std::string name, std::string description, std::string rules) {
    AclPolicy policy;
    policy.id = std::move(id);
    policy.name = std::move(name);
    policy.description = std::move(description);
    policy.rules = std::move(rules);
    policy.create_index = policy.modify_index = 1;
    return policy;
}

std::string rules_of(const ServiceIdentity& identity) {
    const std::string& name = identity.ServiceName; // letters, digits, '-' and '_': it needs no escaping
    return "service \"" + name + "\" { policy = \"write\" }\nservice \"" + name +
           "-sidecar-proxy\" { policy = \"write\" }\nservice_prefix \"\" { policy = \"read\" }\nnode_prefix \"\" { policy = \"read\" }\n";
}

std::string rules_of(const NodeIdentity& identity) {
    return "node \"" + identity.NodeName + "\" { policy = \"write\" }\nservice_prefix \"\" { policy = \"read\" }\n";
}

bool counts_in(const std::vector<std::string>& datacenters, const std::string& datacenter) {
    return datacenters.empty() || std::find(datacenters.begin(), datacenters.end(), datacenter) != datacenters.end();
}

// Adds what they say to `rules`; true if they give all permissions.
bool gather(const Model& model, const Grants& grants, const std::string& datacenter, Rules& rules) {
    for (const std::string& id : grants.policies) {
        if (id == management_policy().id) return true;
        const AclPolicy* policy = policy_of(model, id);
        if (policy != nullptr && counts_in(policy->datacenters, datacenter)) rules.merge(parse_policy(policy->rules));
    }
    for (const ServiceIdentity& identity : grants.service_identities)
        if (counts_in(identity.Datacenters.value_or(std::vector<std::string>()), datacenter)) rules.merge(parse_policy(rules_of(identity)));
    for (const NodeIdentity& identity : grants.node_identities)
        if (identity.Datacenter == datacenter) rules.merge(parse_policy(rules_of(identity)));
    return false;
}

bool gather_all(const Model& model, const Grants& grants, const std::string& datacenter, Rules& rules) {
    if (gather(model, grants, datacenter, rules)) return true;
    return std::any_of(grants.roles.begin(), grants.roles.end(), [&](const std::string& id) {
        const AclRole* role = model.find<AclRole>(id);
        return role != nullptr && gather(model, role->grants, datacenter, rules);
    });
}

bool is_over(const AclToken& token, std::int64_t now_us) { return token.expires_us && *token.expires_us <= now_us; }

template <class R>
std::string digest(R row) {
    row.create_index = row.modify_index = 0;
    return sha256(json::encode(row));
}

} // namespace

const AclPolicy& management_policy() {
    static const AclPolicy policy = built_in("00000000-0000-0000-0000-000000000001", "global-management", "Builtin Policy that grants unlimited access",
                                             rules_of_everything("write", "write"));
    return policy;
}

const AclPolicy& read_only_policy() {
    static const AclPolicy policy = built_in("00000000-0000-0000-0000-000000000002", "builtin/global-read-only",
                                             "Builtin Policy that grants unlimited read-only access", rules_of_everything("read", "read"));
    return policy;
}

const AclPolicy* built_in_policy(std::string_view id) {
    for (const AclPolicy* policy : {&management_policy(), &read_only_policy()})
        if (policy->id == id) return policy;
    return nullptr;
}

const AclPolicy* policy_of(const Model& model, std::string_view id) {
    const AclPolicy* fixed = built_in_policy(id);
    return fixed != nullptr ? fixed : model.find<AclPolicy>(id);
}

std::string hash_of_secret(std::string_view secret) { return hex_encode(sha256(secret)); }
std::string platform_accessor(const Caller& caller) { return std::string(platform_mark) + caller.subject; }
std::string kept_secret(std::string_view secret) { return std::string(hash_mark) + hash_of_secret(secret); }
std::string digest_of(const AclPolicy& policy) { return digest(policy); }
std::string digest_of(const AclRole& role) { return digest(role); }
std::string digest_of(const AclToken& token) {
    AclToken told = token;
    told.secret_hash.clear();
    told.sealed.reset();
    return digest(std::move(told));
}

Acl::Acl(AclOptions options) : options_(std::move(options)) {}

Access Acl::compiled(const Model& model, const AclToken& token) {
    if (const std::int64_t index = model.index_of(watch::acl); index != cached_index_) {
        cache_.clear();
        cached_index_ = index;
    }
    if (const auto known = cache_.find(token.accessor); known != cache_.end()) return known->second;
    auto rules = std::make_shared<Rules>();
    Access access;
    try {
        access = gather_all(model, token.grants, options_.datacenter, *rules) ? Access::management(token.accessor)
                                                                              : Access::by_rules(rules, options_.default_allow, token.accessor);
    } catch (const PolicyError& error) { // of a snapshot of another release: what it allows is not known, so nothing is
        throw UnknownToken(std::string("a policy of the token cannot be read: ") + error.what());
    }
    cache_.emplace(token.accessor, access);
    return access;
}

std::optional<Access> Acl::access_by_hash(const Model& model, std::string_view secret_hash, std::int64_t now_us) {
    const AclToken* token = model.token_by_hash(secret_hash);
    if (token == nullptr || is_over(*token, now_us)) return std::nullopt;
    return compiled(model, *token);
}

Access Acl::anonymous_access(const Model& model) {
    if (const AclToken* token = model.find<AclToken>(anonymous_accessor)) return compiled(model, *token);
    return Access::by_rules(std::make_shared<const Rules>(), options_.default_allow, std::string(anonymous_accessor));
}

std::optional<Access> Acl::access_of_accessor(const Model& model, std::string_view accessor, std::int64_t now_us) {
    if (accessor == anonymous_accessor) return anonymous_access(model);
    const AclToken* token = model.find<AclToken>(accessor);
    if (token == nullptr || is_over(*token, now_us)) return std::nullopt;
    return compiled(model, *token);
}

std::optional<Access> Acl::access_of_kept(const Model& model, std::string_view kept, std::int64_t now_us) {
    // Releases before there were access rules kept the secret itself.
    const bool is_hash = kept.starts_with(hash_mark);
    return access_by_hash(model, is_hash ? std::string(kept.substr(hash_mark.size())) : hash_of_secret(kept), now_us);
}

Access Acl::access_of(const Model& model, std::string_view secret, std::int64_t now_us) {
    if (!options_.enabled) return {};
    if (secret.empty()) secret = options_.tokens.default_token;
    if (secret.empty() || secret == anonymous_secret) return anonymous_access(model);
    if (auto access = access_by_hash(model, hash_of_secret(secret), now_us)) return *std::move(access);
    const bool usable = model.find<AclMark>(bootstrap_mark) != nullptr;
    throw UnknownToken(usable ? "ACL not found" : std::string(bootstrap_needed));
}

Access Acl::dns_access(const Model& model, std::int64_t now_us) {
    try {
        return access_of(model, options_.tokens.dns, now_us);
    } catch (const UnknownToken&) {
        // The configured token is not there (yet, or any more): what anybody may see is still answered.
        return access_of(model, anonymous_secret, now_us);
    }
}

Access Acl::access_of(const Caller& caller) const {
    const std::string name = platform_accessor(caller);
    if (!options_.enabled) return {};
    if (caller.may("discovery:admin")) return Access::management(name);
    auto rules = std::make_shared<Rules>();
    if (caller.may("discovery:write"))
        *rules = parse_policy(rules_of_everything("write", ""));
    else if (caller.may("discovery:read"))
        *rules = parse_policy(rules_of_everything("read", ""));
    return Access::by_rules(std::move(rules), options_.default_allow, name);
}

std::optional<std::string> Acl::seal(std::string_view secret, std::string_view accessor) const {
    if (!options_.keys) return std::nullopt;
    return options_.keys->seal(secret, accessor);
}

std::optional<std::string> Acl::secret_of(const AclToken& token) const {
    if (!options_.keys || !token.sealed) return std::nullopt;
    const auto secret = options_.keys->open(*token.sealed, token.accessor);
    if (!secret) return std::nullopt;
    return secret->reveal();
}

std::vector<PermitAlias> changed_permissions(const Model& model, Acl& acl, std::int64_t now_us) {
    std::vector<PermitAlias> changed;
    if (!acl.enabled()) return changed;
    for (const std::string& key : model.aliases()) {
        const Check& check = *model.find<Check>(key);
        const AliasOf& target = *check.definition.alias_of;
        if (!target.owner || target.owner->starts_with(platform_mark)) continue;
        bool permitted = false;
        try {
            const auto access = acl.access_of_accessor(model, *target.owner, now_us);
            permitted = access && access->may(Resource::node, Grant::read, target.node) &&
                        (!target.service_name || access->may(Resource::service, Grant::read, *target.service_name));
        } catch (const UnknownToken&) { // its rules cannot be read: they permit nothing
        }
        if (permitted == target.forbidden.value_or(false)) changed.push_back({check.node, check.id, *target.owner, permitted});
    }
    return changed;
}

bool looks_like_jwt(std::string_view secret) { return secret.starts_with("eyJ") && std::count(secret.begin(), secret.end(), '.') == 2; }

} // namespace gravity::registry
