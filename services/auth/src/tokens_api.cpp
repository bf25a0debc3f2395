#include "tokens_api.hpp"

#include "changes.hpp"
#include "client_failures.hpp"
#include "client_login.hpp"
#include "devices_api.hpp"
#include "devices_model.hpp"
#include "exchange_api.hpp"
#include "exchange_domain.hpp"
#include "good_tokens.hpp"
#include "issue.hpp"
#include "oauth.hpp"
#include "opaque.hpp"
#include "own_tokens.hpp"
#include "people_grants.hpp"
#include "proofs.hpp"
#include "resources.hpp"
#include "sign_in_store.hpp"
#include "tokens_domain.hpp"
#include "tokens_store.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/http/ctx.hpp>

namespace gravity::issuer::tokens {
namespace {

using oauth::Form;
using oauth::Refused;

// RFC 6749 section 4.4.
Task<Web> client_credentials(Ctx& ctx, const Form& form) {
    auto proof = ctx.get<Proofs>().read(ctx.request());
    const auto proven = co_await ctx.get<ClientLogin>().authenticate(ctx, form);
    const KnownClient& known = *proven;
    check_grant(known.client, GrantType::client_credentials);
    auto scopes = narrowed(scopes_of(known.client), form.find("scope"));
    if (!scopes) throw Refused(oauth::invalid_scope, "The client does not have every scope that it asks for");
    auth::Claims claims = client_claims(ctx.get<Settings>(), known.client, known.project, *std::move(scopes), now());
    std::string key = co_await ctx.get<Proofs>().use(ctx, known, std::move(proof));
    claims.key_thumbprint = std::move(key);
    Web web = co_await issued(ctx, known.client.token_alg, std::move(claims));
    co_return web;
}

Task<Web> by_grant(Ctx& ctx, const Form& form) {
    const std::string& grant = form.required("grant_type");
    Task<Web> (*answer)(Ctx&, const Form&) = nullptr;
    if (grant == "client_credentials") answer = client_credentials;
    if (grant == exchange_grant) answer = exchange;
    if (grant == "authorization_code") answer = authorization_code;
    if (grant == "refresh_token") answer = refresh_token;
    if (grant == device_grant) answer = device_code;
    if (answer == nullptr) throw Refused(oauth::unsupported_grant_type, "The grant type is not supported");
    check_resource(form, ctx.get<Settings>().token_audience.view()); // before anything that is good once is used up
    Web web = co_await answer(ctx, form);
    co_return web;
}

void set_revoked(Tx& tx, std::string jti, Timestamp until) {
    tx.exec(revoke_token, jti, until);
    changes(tx, Changing::tokens);
}

// A token of another project is none: nothing is told of it.
Task<Web> introspection(Ctx& ctx, const Form& form) {
    const auto proven = co_await ctx.get<ClientLogin>().authenticate(ctx, form);
    const KnownClient& known = *proven;
    check_confidential(known.client);
    const std::string& token = form.required("token");
    const std::string inactive = R"({"active":false})";
    if (token.starts_with(refresh_prefix)) {
        const auto told = co_await introspected_refresh_token(ctx, known, token);
        co_return oauth::answer(told.value_or(inactive));
    }
    const auto claims = ctx.get<OwnTokens>().verify(token);
    if (!claims || (*claims)->project != known.project) co_return oauth::answer(inactive);
    const bool good = co_await ctx.get<GoodTokens>().good(ctx, **claims);
    co_return oauth::answer(good ? introspected(**claims) : inactive);
}

// With a refresh token goes all that it is of.
void end_family(Tx& tx, Bytes hash, ClientId client) {
    if (const auto family = tx.maybe(family_of_token, hash, client)) tx.exec(revoke_family, *family, tx.now());
}

// RFC 7009 section 2: what is no token any more is as good as revoked.
Task<Web> revocation(Ctx& ctx, const Form& form) {
    const auto proven = co_await ctx.get<ClientLogin>().authenticate(ctx, form);
    const KnownClient& known = *proven;
    const std::string& token = form.required("token");
    if (token.starts_with(refresh_prefix)) {
        pg::Scope scope = pg::Scope::project(known.project, known.client.id.to_string());
        co_await ctx.in_scope(std::move(scope), end_family, opaque_hash(token), known.client.id);
        co_return oauth::answer(Json::object());
    }
    const auto claims = ctx.get<OwnTokens>().verify(token);
    if (claims) {
        if ((*claims)->client != known.client.id.to_string()) throw Refused(oauth::unauthorized_client, "The token was issued to another client");
        pg::Scope scope = pg::Scope::project(known.project, known.client.id.to_string());
        const std::string jti = (*claims)->id;
        const Timestamp until = Timestamp::from_unix_seconds((*claims)->expires_at);
        co_await ctx.in_scope(std::move(scope), set_revoked, jti, until);
    }
    co_return oauth::answer(Json::object());
}

} // namespace

Task<Web> token(Ctx& ctx, RawBody body) { return told_client(ctx, std::move(body), by_grant); }
Task<Web> introspect(Ctx& ctx, RawBody body) { return told_client(ctx, std::move(body), introspection); }
Task<Web> revoke(Ctx& ctx, RawBody body) { return told_client(ctx, std::move(body), revocation); }

} // namespace gravity::issuer::tokens
