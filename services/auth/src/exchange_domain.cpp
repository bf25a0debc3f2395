#include "exchange_domain.hpp"

#include "resources.hpp"

#include <gravity/base/scope.hpp>
#include <gravity/meta/errors.hpp>

#include <algorithm>

namespace gravity::issuer {
namespace {

using oauth::Refused;

constexpr std::size_t longest_chain = 8; // of actors: what every verifier reads (auth/claims.hpp)
constexpr std::int64_t longest_of_keys = 300; // seconds: a key may be revoked, and what came of it is known to nobody
constexpr std::string_view subject_of_keys = "api_key:";

bool is_of_access_tokens(std::string_view type) { return type == access_token_type || type == jwt_type; }

} // namespace

void check(const NewExchangePolicy& policy, meta::Errors& errors) {
    if (policy.scopes.empty() || policy.scopes.size() > 100) errors.reject("scopes", "must have 1 to 100 items");
    if (policy.client_id == policy.subject_client_id) errors.reject("subject_client_id", "must be another client: its own tokens a client exchanges anyway");
}

SubjectToken subject_token_of(const oauth::Form& form, const Settings& settings) {
    const std::string& token = form.required("subject_token");
    const std::string& type = form.required("subject_token_type");
    if (!is_of_access_tokens(type) && type != api_key_type)
        throw Refused(oauth::invalid_request, "subject_token_type must be that of access tokens or of API keys");
    if (const auto* wanted = form.find("requested_token_type"); wanted != nullptr && *wanted != access_token_type)
        throw Refused(oauth::invalid_request, "requested_token_type must be that of access tokens");
    const std::string* const actor = form.find("actor_token");
    const std::string* const actor_type = form.find("actor_token_type");
    if ((actor == nullptr) != (actor_type == nullptr)) throw Refused(oauth::invalid_request, "actor_token and actor_token_type come together");
    if (actor_type != nullptr && !is_of_access_tokens(*actor_type)) throw Refused(oauth::invalid_request, "actor_token_type must be that of access tokens");
    if (actor != nullptr && type == api_key_type) throw Refused(oauth::invalid_request, "With an API key it is the client itself that acts");
    for (const std::string_view audience : form.all("audience"))
        if (audience != settings.token_audience.view()) throw Refused(invalid_target, "No tokens are issued for this audience");
    return {token, type == api_key_type, actor};
}

std::string actor_of(const auth::Claims& actor, ClientId client) {
    if (actor.client != client.to_string()) throw Refused(oauth::invalid_request, "The actor token was issued to another client");
    if (!actor.actors.empty()) throw Refused(oauth::invalid_request, "The actor token is one of delegation itself");
    return actor.subject;
}

std::vector<std::string> common_scopes(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    std::vector<std::string> common;
    for (const std::string& scope : a)
        if (scope_allows(b, scope)) common.push_back(scope);
    for (const std::string& scope : b)
        if (scope_allows(a, scope)) common.push_back(scope);
    std::sort(common.begin(), common.end());
    common.erase(std::unique(common.begin(), common.end()), common.end());
    return common;
}

auth::Claims exchanged_claims(const Settings& settings, const auth::Claims& subject, ClientId client, std::vector<std::string> scopes, const std::string& actor,
                              Timestamp now) {
    const std::string id = client.to_string();
    auth::Claims claims = subject;
    claims.audience = {settings.token_audience.str()};
    claims.client = id;
    claims.id = Uuid::v4().to_string();
    claims.not_before.reset();
    claims.issued_at = now.unix_seconds();
    claims.expires_at = std::min<std::int64_t>(subject.expires_at, *claims.issued_at + settings.access_token_seconds);
    claims.scopes = std::move(scopes);
    claims.roles.clear();
    claims.key_thumbprint.clear();
    if (subject.client == id && actor.empty()) return claims;
    if (claims.actors.size() >= longest_chain) throw Refused(oauth::invalid_request, "The token has been handed on too often");
    claims.actors.insert(claims.actors.begin(), actor.empty() ? id : actor);
    return claims;
}

std::optional<auth::Claims> api_key_claims(const Settings& settings, const VerifiedApiKey& key, ClientId client, Timestamp now) {
    const auto scopes = parse_scopes(key.scope.value_or(""));
    const bool named = key.sub && key.sub->size() > subject_of_keys.size() && key.sub->starts_with(subject_of_keys);
    if (!named || !key.project || !key.project->is_set() || !scopes) return std::nullopt;
    auth::Claims claims;
    claims.issuer = settings.public_url.str();
    claims.audience = {settings.token_audience.str()};
    claims.subject = *key.sub;
    claims.issued_at = now.unix_seconds();
    claims.expires_at = *claims.issued_at + std::min<std::int64_t>(settings.access_token_seconds, longest_of_keys);
    if (key.exp) claims.expires_at = std::min(claims.expires_at, *key.exp);
    claims.id = Uuid::v4().to_string();
    claims.project = *key.project;
    claims.environment = key.env.value_or("");
    claims.plan = key.plan.value_or("");
    claims.scopes = *scopes;
    claims.client = client.to_string();
    claims.actors = {claims.client};
    return claims;
}

void check_binding(const auth::Claims& subject, bool own, std::string_view key) {
    if (subject.key_thumbprint.empty()) return;
    if (key.empty()) throw Refused(oauth::invalid_dpop_proof, "A token that is shown is bound to a key, and what comes of it too: a DPoP proof is needed");
    if (own && key != subject.key_thumbprint) throw Refused(oauth::invalid_dpop_proof, "The DPoP proof is of another key than the token is bound to");
}

} // namespace gravity::issuer
