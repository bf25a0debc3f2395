#include "person_tokens.hpp"

#include "acr.hpp"
#include "among.hpp"
#include "id_tokens.hpp"
#include "issue.hpp"
#include "opaque.hpp"
#include "sign_in_store.hpp"
#include "tokens_domain.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/http/ctx.hpp>

#include <algorithm>

namespace gravity::issuer {

Bearer bearer_of(Authentication who, const KnownClient& known, HeldRoles held) {
    who.scopes = scopes_for(who.scopes, scopes_of(known.client), held);
    Bearer bearer{std::move(who), {}};
    if (among(bearer.who.scopes, "roles")) bearer.roles = std::move(held.names);
    return bearer;
}

auth::Claims person_claims(const Settings& settings, const Bearer& bearer, const KnownClient& known, Timestamp now) {
    const Authentication& who = bearer.who;
    auth::Claims claims;
    claims.issuer = settings.public_url.str();
    claims.audience = {settings.token_audience.str()};
    claims.subject = who.identity_id.to_string();
    claims.client = known.client.id.to_string();
    claims.issued_at = now.unix_seconds();
    claims.expires_at = *claims.issued_at + settings.access_token_seconds;
    claims.id = Uuid::v4().to_string();
    claims.project = known.project;
    claims.scopes = who.scopes;
    claims.roles = bearer.roles;
    claims.session = who.session_id.to_string();
    claims.acr = acr_of(who.amr);
    claims.amr = who.amr;
    claims.auth_time = who.auth_time.unix_seconds();
    return claims;
}

bool may_refresh(const KnownClient& known) {
    const auto& grants = known.client.grant_types;
    return std::find(grants.begin(), grants.end(), GrantType::refresh_token) != grants.end();
}

// RFC 9449 section 5: clients that prove who they are are bound by that.
FirstRefresh first_refresh(const Settings& settings, const KnownClient& known, std::string_view token, std::string_view key) {
    const bool bound = known.client.token_endpoint_auth_method == ClientAuth::none;
    return {opaque_hash(token), bound ? std::string(key) : std::string(), Duration::days(settings.refresh_idle_days), Duration::days(settings.refresh_days)};
}

FamilyId begin_family(Tx& tx, const KnownClient& known, const Authentication& who, const FirstRefresh& with) {
    RefreshFamily family;
    static_cast<Authentication&>(family) = who;
    family.id = FamilyId(Uuid::v7());
    family.client_id = known.client.id;
    family.offline = among(who.scopes, "offline_access");
    family.dpop_jkt = with.jkt;
    family.expires_at = tx.now() + with.most;
    tx.exec(insert_family, family);
    tx.exec(insert_refresh_token, with.hash, family.id, 0, std::min(tx.now() + with.idle, family.expires_at));
    return family.id;
}

Task<Web> tokens_for(Ctx& ctx, KnownClient known, Authentication who, auth::Claims claims, IdTokenAsked asked, std::string refresh) {
    auto payload = token_payload(claims);
    if (!payload) throw oauth::Refused(oauth::invalid_scope, "A token does not hold all that the person has; less must be asked for");
    Json more = Json::object();
    if (!refresh.empty()) more["refresh_token"] = std::move(refresh);
    std::string type(access_token_jwt);
    const std::string access = co_await signed_text(ctx.get<Keyring>(), known.client.token_alg, *std::move(payload), std::move(type));
    if (among(who.scopes, "openid")) {
        Json id_token = id_token_claims(ctx.get<Settings>(), who, known.client.id, asked.nonce, access, now());
        add_asked_claims(id_token, asked.claims, who.scopes, asked.names);
        add_roles(id_token, who.scopes, claims.roles);
        std::string text = co_await signed_text(ctx.get<Keyring>(), known.client.id_token_alg, id_token.dump(), "JWT");
        more["id_token"] = std::move(text);
    }
    co_return answer_with(ctx, claims, access, more);
}

} // namespace gravity::issuer
