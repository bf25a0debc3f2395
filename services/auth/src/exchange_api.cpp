#include "exchange_api.hpp"

#include "client_login.hpp"
#include "exchange_domain.hpp"
#include "exchange_key_check.hpp"
#include "exchange_store.hpp"
#include "good_tokens.hpp"
#include "issue.hpp"
#include "own_tokens.hpp"
#include "proofs.hpp"
#include "reads.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/base/scope.hpp>
#include <gravity/http/address_policy.hpp>
#include <gravity/http/ctx.hpp>
#include <gravity/log/log.hpp>

#include <memory>

namespace gravity::issuer::tokens {
namespace {

using oauth::Refused;
using Subject = std::shared_ptr<const auth::Claims>;

// RFC 8693 section 2.2.2 has this code for whatever is wrong with a token.
Refused bad_subject() { return Refused(oauth::invalid_request, "The subject token is not valid"); }
Refused bad_actor() { return Refused(oauth::invalid_request, "The actor token is not valid"); }

// What speaks for nobody any more is not exchanged, nor what is another project's.
Subject verified_token(Ctx& ctx, const KnownClient& known, const std::string& token, const Refused& otherwise) {
    auto claims = ctx.get<OwnTokens>().verify(token);
    if (!claims || (*claims)->project != known.project || (*claims)->expires_at <= now().unix_seconds()) throw otherwise;
    return *std::move(claims);
}
Subject verified_subject(Ctx& ctx, const KnownClient& known, const std::string& token) { return verified_token(ctx, known, token, bad_subject()); }

// Who acts in the subject's name instead of the client; one that is bound to a key comes with a proof of it. Empty: nobody else.
Task<std::string> acting(Ctx& ctx, const KnownClient& known, const std::string* token, std::string key) {
    if (token == nullptr) co_return std::string();
    const Subject claims = verified_token(ctx, known, *token, bad_actor());
    std::string actor = actor_of(*claims, known.client.id);
    check_binding(*claims, true, key);
    const bool good = co_await ctx.get<GoodTokens>().good(ctx, *claims);
    if (!good) throw bad_actor();
    co_return actor;
}

// Nothing for a client's own token, for which it needs no leave.
Task<std::optional<ExchangePolicy>> leave(Ctx& ctx, const KnownClient& known, const Subject& subject) {
    const auto issued_to = ClientId::parse(subject->client);
    if (!issued_to) throw bad_subject();
    const bool good = co_await ctx.get<GoodTokens>().good(ctx, *subject);
    if (!good) throw bad_subject();
    std::optional<ExchangePolicy> policy;
    if (*issued_to == known.client.id) co_return policy;
    std::function<void(Tx&)> work = [&](Tx& tx) { policy = tx.maybe(exchange_policy_for, known.client.id, *issued_to); };
    pg::Scope scope = scope_of(known);
    co_await ctx.get<Reads>().run(ctx, std::move(scope), std::move(work));
    if (!policy) throw Refused(oauth::unauthorized_client, "No exchange policy lets the client have this client's tokens");
    co_return policy;
}

std::vector<std::string> scopes_within(const auth::Claims& subject, const std::optional<ExchangePolicy>& policy, const std::string* wanted) {
    auto scopes = narrowed(policy ? common_scopes(subject.scopes, texts_of(policy->scopes)) : subject.scopes, wanted);
    if (!scopes) throw Refused(oauth::invalid_scope, "More is asked for than the subject token, or the exchange policy, allows");
    return *std::move(scopes);
}

TokenExchanged exchange_for(const auth::Claims& result) {
    TokenExchanged event;
    event.jti = result.id;
    event.subject = result.subject;
    event.client_id = ClientId::parse(result.client).or_throw();
    event.actors = result.actors;
    event.scopes = result.scopes;
    if (!result.key_thumbprint.empty()) event.key_thumbprint = result.key_thumbprint;
    return event;
}

void announce(Tx& tx, TokenExchanged event) { tx.emit(event, event.jti); }

// Announced before it is out: no token without its announcement. `more` is told beside the token.
Task<Web> handed_out(Ctx& ctx, const KnownClient& known, auth::Claims claims, TokenExchanged event, Json more = Json::object()) {
    pg::Scope scope = scope_of(known);
    co_await ctx.in_scope(std::move(scope), announce, event);
    more["issued_token_type"] = access_token_type;
    Web web = co_await issued(ctx, known.client.token_alg, std::move(claims), std::move(more));
    co_return web;
}

// Where the key was shown, as a gateway says of its callers. It could lift the networks that a key is bound to, so only of whom `project` itself would take it
// is it taken; of others it is as if nobody had said.
std::string shown_from(const oauth::Form& form, const KnownClient& known) {
    const std::string* const network = form.find("network");
    if (network == nullptr) return {};
    if (!http::is_address(*network)) throw Refused(oauth::invalid_request, "network must be an IPv4 or IPv6 address");
    return scope_allows(known.client.scopes, ApiKeys::neighbour.scope) ? *network : std::string();
}

// Who shows a key may do what it opens: no policy is asked for, and no scope of the client's own. Of which keys the client may know, `project` says.
Task<Web> exchange_api_key(Ctx& ctx, const oauth::Form& form, const KnownClient& known, const std::string& key, std::optional<auth::Proof> proof) {
    const std::string network = shown_from(form, known);
    const VerifiedApiKey verified = co_await ctx.get<KeyCheck>().ask(ctx, known, key, network);
    const Timestamp at = now();
    if (!verified.active || verified.exp.value_or(at.unix_seconds() + 1) <= at.unix_seconds()) throw bad_subject();
    auto claims = api_key_claims(ctx.get<Settings>(), verified, known.client.id, at);
    if (!claims) {
        log::error("project told of an API key without its id, its project or scopes that are scopes");
        throw KeyCheck::unavailable();
    }
    auto scopes = narrowed(claims->scopes, form.find("scope"));
    if (!scopes) throw Refused(oauth::invalid_scope, "More is asked for than the API key allows");
    claims->scopes = *std::move(scopes);
    std::string bound_to = co_await ctx.get<Proofs>().use(ctx, known, std::move(proof));
    claims->key_thumbprint = std::move(bound_to);
    TokenExchanged event = exchange_for(*claims);
    Json more = Json::object();
    if (verified.network) more["network"] = *verified.network; // so that nobody hands it to who shows the key elsewhere
    Web web = co_await handed_out(ctx, known, *std::move(claims), std::move(event), std::move(more));
    co_return web;
}

} // namespace

Task<Web> exchange(Ctx& ctx, const oauth::Form& form) {
    auto proof = ctx.get<Proofs>().read(ctx.request());
    const auto proven = co_await ctx.get<ClientLogin>().authenticate(ctx, form);
    const KnownClient& known = *proven;
    check_grant(known.client, GrantType::token_exchange);
    const Settings& settings = ctx.get<Settings>();
    const SubjectToken given = subject_token_of(form, settings);
    if (given.is_api_key) {
        Web of_key = co_await exchange_api_key(ctx, form, known, given.text, std::move(proof));
        co_return of_key;
    }
    const Subject subject = verified_subject(ctx, known, given.text);
    const std::optional<ExchangePolicy> policy = co_await leave(ctx, known, subject);
    std::vector<std::string> scopes = scopes_within(*subject, policy, form.find("scope"));
    const std::string shown_key = proof ? proof->thumbprint : std::string();
    const std::string actor = co_await acting(ctx, known, given.actor, shown_key);
    auth::Claims claims = exchanged_claims(settings, *subject, known.client.id, std::move(scopes), actor, now());
    check_binding(*subject, !policy, shown_key);
    std::string key = co_await ctx.get<Proofs>().use(ctx, known, std::move(proof));
    claims.key_thumbprint = std::move(key);

    TokenExchanged event = exchange_for(claims);
    event.subject_jti = subject->id;
    event.subject_client_id = ClientId::parse(subject->client).or_throw();
    if (policy) event.policy_id = policy->id;
    Web web = co_await handed_out(ctx, known, std::move(claims), std::move(event));
    co_return web;
}

} // namespace gravity::issuer::tokens
