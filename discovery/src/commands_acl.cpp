// Tokens, policies and roles: what must hold between them.
#include "acl.hpp"
#include "commands_detail.hpp"
#include "quotes.hpp"

#include <algorithm>

namespace gravity::registry::detail {
namespace {

constexpr std::string_view reserved_prefix = "00000000-0000-0000-0000-0000000000";

Reply refusal(std::string text, int status = 400) { return {status, std::move(text), false}; }

template <class R>
Row<R> named(const View& view, std::string_view name) {
    for (const auto& [id, row] : view.with_prefix<R>(""))
        if (row->name == name) return row;
    return nullptr;
}

bool has_policy(const View& view, const std::string& id) { return built_in_policy(id) != nullptr || view.find<AclPolicy>(id); }

// Empty if there is none of the name.
std::string policy_named(const View& view, const std::string& name) {
    for (const AclPolicy* policy : {&management_policy(), &read_only_policy()})
        if (policy->name == name) return policy->id;
    const Row<AclPolicy> policy = named<AclPolicy>(view, name);
    return policy ? policy->id : std::string();
}

void add_once(std::vector<std::string>& ids, std::string id) {
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(std::move(id));
}

// Names become ids, each once; the text says what is not there.
std::string link_policies(const View& view, std::vector<std::string>& ids, const std::vector<std::string>& names) {
    std::vector<std::string> linked;
    for (const std::string& id : ids) {
        if (!has_policy(view, id)) return "No such ACL policy with ID " + in_quotes(id);
        add_once(linked, id);
    }
    for (const std::string& name : names) {
        std::string id = policy_named(view, name);
        if (id.empty()) return "No such ACL policy with name " + in_quotes(name);
        add_once(linked, std::move(id));
    }
    ids = std::move(linked);
    return {};
}

std::string link_roles(const View& view, std::vector<std::string>& ids, const std::vector<std::string>& names) {
    std::vector<std::string> linked;
    for (const std::string& id : ids) {
        if (!view.find<AclRole>(id)) return "No such ACL role with ID " + in_quotes(id);
        add_once(linked, id);
    }
    for (const std::string& name : names) {
        const Row<AclRole> role = named<AclRole>(view, name);
        if (!role) return "No such ACL role with name " + in_quotes(name);
        add_once(linked, role->id);
    }
    ids = std::move(linked);
    return {};
}

bool has_secret(const View& view, const std::string& hash) {
    const auto tokens = view.with_prefix<AclToken>("");
    return std::any_of(tokens.begin(), tokens.end(), [&](const auto& one) { return one.second->secret_hash == hash; });
}

Reply check_new(const AclToken& token, const View& view) {
    if (token.accessor.starts_with(reserved_prefix))
        return refusal("Invalid Token: AccessorID - UUIDs with the prefix " + in_quotes(reserved_prefix) + " are reserved");
    if (view.find<AclToken>(token.accessor)) return refusal("Invalid Token: AccessorID is already in use");
    if (has_secret(view, token.secret_hash)) return refusal("Invalid Token: SecretID is already in use");
    return {};
}

// What an update does not change comes from the token that is there.
Reply keep_identity(AclToken& token, const View& view, std::int64_t now_us) {
    const Row<AclToken> before = view.find<AclToken>(token.accessor);
    if (!before && token.accessor == anonymous_accessor) { // it is there before it is written for the first time
        token.secret_hash.clear();
        token.sealed.reset();
        token.create_time_us = now_us;
        return {};
    }
    if (!before || (before->expires_us && *before->expires_us <= now_us)) return refusal("Cannot find token " + in_quotes(token.accessor), 404);
    if (!token.secret_hash.empty() && token.secret_hash != before->secret_hash) return refusal("Changing a token's SecretID is not permitted");
    if (token.local != before->local) return refusal("Cannot toggle local mode of " + token.accessor);
    if (token.expires_us && token.expires_us != before->expires_us) return refusal("Cannot change expiration time of " + token.accessor);
    token.secret_hash = before->secret_hash;
    token.sealed = before->sealed;
    token.expires_us = before->expires_us;
    token.create_time_us = before->create_time_us;
    return {};
}

template <class R>
Reply put_named(R row, bool create, const std::string& kind, View& view) {
    if (!create && !view.find<R>(row.id)) return refusal("Cannot find " + kind + ' ' + row.id, 404);
    const Row<R> other = named<R>(view, row.name);
    const bool built_in_name = std::is_same_v<R, AclPolicy> && (row.name == management_policy().name || row.name == read_only_policy().name);
    if (built_in_name || (other && other->id != row.id)) {
        const std::string title = kind == "policy" ? "Policy" : "Role";
        return refusal("Invalid " + title + ": A " + title + " with Name " + in_quotes(row.name) + " already exists");
    }
    const std::string id = row.id;
    view.put(id, std::move(row));
    return {};
}

Reply absent(const std::string& kind) { return refusal("Requested " + kind + " does not exist: ACL not found", 404); }

} // namespace

Reply run(const BootstrapAcl& command, View& view, std::int64_t) {
    const Row<AclMark> mark = view.find<AclMark>(bootstrap_mark);
    if (command.only_if_new && has_secret(view, command.token.secret_hash)) return {};
    if (!command.only_if_new && mark)
        return refusal("Permission denied: ACL bootstrap no longer allowed (reset index: " + std::to_string(mark->modify_index) + ")", 403);
    if (Reply reply = check_new(command.token, view); reply.status != 200) return reply;
    view.put(command.token.accessor, command.token);
    if (!mark) view.put(std::string(bootstrap_mark), AclMark());
    return {};
}

Reply run(const PutToken& command, View& view, std::int64_t now_us) {
    AclToken token = command.token;
    if (Reply reply = command.create ? check_new(token, view) : keep_identity(token, view, now_us); reply.status != 200) return reply;
    if (std::string why = link_policies(view, token.grants.policies, command.policy_names); !why.empty()) return refusal(std::move(why));
    if (std::string why = link_roles(view, token.grants.roles, command.role_names); !why.empty()) return refusal(std::move(why));
    const std::string accessor = token.accessor;
    view.put(accessor, std::move(token));
    return {};
}

Reply run(const DeleteToken& command, View& view, std::int64_t) {
    if (command.accessor == anonymous_accessor) return refusal("Delete operation not permitted on the anonymous token");
    if (!view.find<AclToken>(command.accessor)) return absent("token");
    view.remove<AclToken>(command.accessor);
    return {};
}

Reply run(const ReapTokens& command, View& view, std::int64_t now_us) {
    std::size_t left = command.at_most;
    for (const auto& [accessor, token] : view.with_prefix<AclToken>("")) {
        if (!token->expires_us || *token->expires_us > now_us) continue;
        if (left-- == 0) break;
        view.remove<AclToken>(accessor);
    }
    return {};
}

Reply run(const PutPolicy& command, View& view, std::int64_t) {
    if (const AclPolicy* fixed = built_in_policy(command.policy.id)) return refusal("Changing the builtin " + fixed->name + " policy is not permitted");
    return put_named(command.policy, command.create, "policy", view);
}

Reply run(const DeletePolicy& command, View& view, std::int64_t) {
    if (const AclPolicy* fixed = built_in_policy(command.id))
        return refusal("Delete operation not permitted on the built-in " + fixed->name + " policy");
    if (!view.find<AclPolicy>(command.id)) return absent("policy");
    view.remove<AclPolicy>(command.id); // tokens and roles that name it have it no more: ids are never given twice
    return {};
}

Reply run(const PutRole& command, View& view, std::int64_t) {
    AclRole role = command.role;
    if (std::string why = link_policies(view, role.grants.policies, command.policy_names); !why.empty()) return refusal(std::move(why));
    return put_named(std::move(role), command.create, "role", view);
}

Reply run(const DeleteRole& command, View& view, std::int64_t) {
    if (!view.find<AclRole>(command.id)) return absent("role");
    view.remove<AclRole>(command.id);
    return {};
}

} // namespace gravity::registry::detail
