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

std::optional<std::string> reason_against(const ApiKey& key, ProjectState project, Timestamp now) {
    if (key.revoked_at) return "it was revoked";
    if (!is_live(key, now)) return key.grace_until && *key.grace_until <= now ? "another key has taken its place" : "it has expired";
    if (key.uses_left && *key.uses_left == 0) return "it is used up";
    if (project != ProjectState::active) return "its project is not active";
    return std::nullopt;
}

bool may_come_from(const ApiKey& key, const std::optional<Network>& network) {
    if (!key.cidrs) return true;
    return network && std::any_of(key.cidrs->begin(), key.cidrs->end(), [&](const Network& each) { return each.contains(*network); });
}

bool is_key(const ApiKeyAtDoor* found, const Bytes& hash) {
    static const std::string nothing(32, '\0');
    return constant_time_equal(hash.view(), found != nullptr ? found->hash.view() : std::string_view(nothing)) && found != nullptr;
}

bool is_good(const ApiKeyAtDoor* found, const Bytes& hash, const std::optional<Network>& network, Timestamp now) {
    return is_key(found, hash) && !reason_against(*found, found->project_state, now) && may_come_from(*found, network);
}

Verification told_of(const ApiKeyAtDoor& key, const std::optional<Network>& network) {
    Verification answer;
    answer.active = true;
    answer.key_id = key.id;
    answer.sub = "api_key:" + key.id.to_string();
    answer.project = key.project_id;
    answer.env = key.env;
    answer.plan = key.plan;
    if (key.cidrs) answer.network = network;
    std::string scope;
    for (const ScopeName& each : key.scopes) scope += (scope.empty() ? "" : " ") + each.str();
    answer.scope = std::move(scope);
    answer.iat = key.created_at.unix_seconds();
    if (const auto end = end_of(key)) answer.exp = end->unix_seconds();
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
