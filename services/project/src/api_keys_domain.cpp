#include "api_keys_domain.hpp"

#include "problems.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/meta/errors.hpp>

#include <algorithm>

namespace gravity::project {

bool ScopeName::accept(std::string_view in, std::string& out, std::string& why) {
    if (in.empty() || in.size() > 100) {
        why = "must have 1 to 100 characters";
        return false;
    }
    if (std::any_of(in.begin(), in.end(), [](char c) { return c < '!' || c > '~' || c == '"' || c == '\\'; })) {
        why = "must be printable ASCII without blanks, quotes and backslashes";
        return false;
    }
    out = in;
    return true;
}

void check(const ApiKeyEdit& key, meta::Errors& errors) {
    if (key.cidrs && (key.cidrs->empty() || key.cidrs->size() > 100)) errors.reject("cidrs", "must have 1 to 100 items, or not be there");
}

void check(const NewApiKey& key, meta::Errors& errors) {
    check(static_cast<const ApiKeyEdit&>(key), errors);
    if (key.scopes.size() > 100) errors.reject("scopes", "must have at most 100 items");
}

void check_scopes(const Caller& maker, const std::vector<ScopeName>& wanted) {
    for (const ScopeName& scope : wanted)
        if (!maker.may(scope.view())) throw Refusal(scope_not_yours, "You lack the scope " + scope.str());
}

std::optional<Timestamp> end_of(const ApiKey& key) {
    if (key.expires_at && key.grace_until) return std::min(*key.expires_at, *key.grace_until);
    return key.expires_at ? key.expires_at : key.grace_until;
}

bool is_live(const ApiKey& key, Timestamp now) {
    const auto end = end_of(key);
    return !key.revoked_at && (!end || *end > now);
}

bool may_come_from(const ApiKey& key, const std::optional<Network>& network) {
    if (!key.cidrs) return true;
    return network && std::any_of(key.cidrs->begin(), key.cidrs->end(), [&](const Network& each) { return each.contains(*network); });
}

bool is_key(const std::optional<ApiKeyAtDoor>& found, const Bytes& hash) {
    const std::string nothing(hash.size(), '\0');
    return constant_time_equal(hash.view(), found ? found->hash.view() : std::string_view(nothing)) && found;
}

Verification verified(const std::optional<ApiKeyAtDoor>& found, const Bytes& hash, const std::optional<Network>& network, Timestamp now) {
    if (!is_key(found, hash) || !is_live(*found, now) || found->project_state != ProjectState::active) return {};
    if (!may_come_from(*found, network) || (found->uses_left && *found->uses_left == 0)) return {};
    Verification answer;
    answer.active = true;
    answer.key_id = found->id;
    answer.sub = "api_key:" + found->id.to_string();
    answer.project = found->project_id;
    answer.env = found->env;
    answer.plan = found->plan;
    if (found->cidrs) answer.network = network;
    std::string scope;
    for (const ScopeName& each : found->scopes) scope += (scope.empty() ? "" : " ") + each.str();
    answer.scope = std::move(scope);
    answer.iat = found->created_at.unix_seconds();
    if (const auto end = end_of(*found)) answer.exp = end->unix_seconds();
    return answer;
}

Introspection introspected(const Verification& verification) {
    Introspection answer;
    answer.active = verification.active;
    if (!answer.active) return answer;
    answer.client_id = answer.sub = verification.sub;
    answer.project = verification.project;
    answer.env = verification.env;
    answer.scope = verification.scope;
    answer.iat = verification.iat;
    answer.exp = verification.exp;
    answer.plan = verification.plan;
    answer.uses_left = verification.uses_left;
    answer.network = verification.network;
    return answer;
}

} // namespace gravity::project
