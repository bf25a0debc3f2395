#include "people_grants.hpp"

#include "changes.hpp"
#include "client_login.hpp"
#include "opaque.hpp"
#include "person_tokens.hpp"
#include "proofs.hpp"
#include "reads.hpp"
#include "refresh_seal.hpp"
#include "sign_in_store.hpp"
#include "tokens_domain.hpp"
#include "tokens_store.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/http/ctx.hpp>

#include <algorithm>

namespace gravity::issuer::tokens {
namespace {

using oauth::Form;
using oauth::Refused;

const Duration retry_window = Duration::seconds(60);

Refused bad_grant(std::string_view why) {
    return Refused(oauth::invalid_grant, "The grant is not valid").because(why);
}

struct Redeemed {
    std::optional<AuthCode> code; // nothing: it is none, or no more
    HeldRoles held;
    std::vector<KnownName> names; // where the ID token is to tell of them
    std::string fault; // that keeps it from being good, for operators
};

// What came of a code that comes twice ends: one of the two who had it stole it (RFC 6749 section 4.1.2).
void end_what_came_of(Tx& tx, const Bytes& hash, const KnownClient& known, Timestamp until) {
    const auto spent = tx.maybe(spent_code, hash);
    if (!spent || spent->client_id != known.client.id) return;
    if (spent->family_id) tx.exec(revoke_family, *spent->family_id, tx.now());
    if (!spent->access_jti) return;
    tx.exec(revoke_token, *spent->access_jti, until);
    changes(tx, Changing::tokens);
}

// A verifier for a code that was asked for without a challenge is of another request (RFC 9700 section 4.8.2).
bool verifier_fits(const std::string& verifier, const std::string& challenge) {
    return challenge.empty() ? verifier.empty() : pkce_matches(verifier, challenge);
}

struct Redemption {
    Bytes hash;
    std::string redirect_uri, verifier, jti, key;
    FirstRefresh refresh;
};

Redeemed redeem(Tx& tx, KnownClient known, Redemption with) {
    Redeemed redeemed;
    redeemed.code = tx.maybe(use_code, with.hash, known.client.id, tx.now(), with.jti);
    if (!redeemed.code) {
        redeemed.fault = "there is no such code, it has ended, or it was used before";
        end_what_came_of(tx, with.hash, known, tx.now() + Duration::hours(1));
        return redeemed;
    }
    const AuthCode& code = *redeemed.code;
    const bool left_out = with.redirect_uri.empty() && !code.code_challenge.empty(); // OAuth 2.1 section 4.1.3: the challenge binds the code
    if (code.redirect_uri != with.redirect_uri && !left_out) redeemed.fault = "redirect_uri is not that of the request";
    if (!verifier_fits(with.verifier, code.code_challenge)) redeemed.fault = "code_verifier does not fit code_challenge";
    if (!code.dpop_jkt.empty() && code.dpop_jkt != with.key) redeemed.fault = "the code is bound to another key";
    if (!tx.one(still_signed_in, code.identity_id, code.session_id, false, tx.now())) redeemed.fault = "the person has signed out, or may sign in no more";
    const bool good = redeemed.fault.empty();
    if (good && wants_roles(code.scopes)) redeemed.held = tx.one(roles_held, code.identity_id);
    if (good && !code.id_token_claims.empty()) redeemed.names = tx.all(names_of, code.identity_id);
    if (good && may_refresh(known)) tx.exec(set_family_of_code, with.hash, begin_family(tx, known, code, with.refresh));
    return redeemed;
}

// ---- refresh

struct Presented {
    std::optional<RefreshToken> token;
    std::optional<RefreshFamily> family;
    HeldRoles held;
    bool good = false; // so far: the person may be signed in still
};

Task<Presented> presented_by(Ctx& ctx, KnownClient known, Bytes hash) {
    Presented presented;
    std::function<void(Tx&)> work = [&](Tx& tx) {
        presented.token = tx.maybe(get_refresh_token, hash);
        if (presented.token) presented.family = tx.maybe(live_family, presented.token->family_id);
        const auto& family = presented.family;
        presented.good = family && tx.one(still_signed_in, family->identity_id, family->session_id, family->offline, now());
        if (presented.good && wants_roles(family->scopes)) presented.held = tx.one(roles_held, family->identity_id);
    };
    pg::Scope scope = scope_of(known);
    co_await ctx.get<Reads>().run(ctx, std::move(scope), std::move(work));
    co_return presented;
}

struct Rotation {
    Bytes hash, next_hash, sealed;
    FamilyId family;
    Duration idle;
};
struct Rotated {
    bool done = false;
    std::optional<Bytes> before; // what the token was exchanged for already
};

// The family's row is what two with one token wait for.
Rotated rotate(Tx& tx, Rotation with) {
    Rotated rotated;
    const auto family = tx.maybe(lock_family, with.family);
    if (!family) return rotated;
    const RefreshToken token = tx.one(get_refresh_token, with.hash);
    if (token.generation == family->generation) {
        const Timestamp idle_end = tx.now() + with.idle;
        tx.exec(use_refresh_token, with.hash, with.sealed, tx.now());
        tx.exec(advance_family, family->id, family->generation + 1);
        tx.exec(insert_refresh_token, with.next_hash, family->id, family->generation + 1, std::min(idle_end, family->expires_at));
        rotated.done = true;
        return rotated;
    }
    if (token.generation + 1 == family->generation && token.used_at && tx.now() - *token.used_at <= retry_window) {
        rotated.before = token.answer;
        return rotated;
    }
    tx.exec(revoke_family, family->id, tx.now());
    tx.emit(RefreshTokenReused{family->id, family->client_id, family->identity_id}, family->id.to_string());
    return rotated;
}

void check_presented(const Presented& presented, const KnownClient& known, std::string_view jkt) {
    if (!presented.token || !presented.family) throw bad_grant("no such refresh token");
    if (presented.family->client_id != known.client.id) throw bad_grant("of another client");
    if (!presented.good) throw bad_grant("signed out");
    if (presented.family->expires_at <= now() || presented.token->expires_at <= now()) throw bad_grant("expired");
    if (!presented.family->dpop_jkt.empty() && presented.family->dpop_jkt != jkt) throw bad_grant("bound to another key");
}

bool may_be_used_now(const Presented& presented, const KnownClient& known) {
    if (!presented.token || !presented.family || !presented.good || presented.family->client_id != known.client.id) return false;
    return presented.token->generation == presented.family->generation && std::min(presented.family->expires_at, presented.token->expires_at) > now();
}

Authentication narrowed_to(const RefreshFamily& family, const Form& form) {
    Authentication who = family;
    auto scopes = narrowed(family.scopes, form.find("scope"));
    if (!scopes) throw Refused(oauth::invalid_scope, "More is asked for than was granted");
    who.scopes = *std::move(scopes);
    return who;
}

} // namespace

Task<Web> authorization_code(Ctx& ctx, const Form& form) {
    auto proof = ctx.get<Proofs>().read(ctx.request());
    const auto proven = co_await ctx.get<ClientLogin>().authenticate(ctx, form);
    const KnownClient& known = *proven;
    check_grant(known.client, GrantType::authorization_code);
    const Settings& settings = ctx.get<Settings>();
    const Secret<> refresh = fresh_opaque(refresh_prefix);
    const auto text = [&](std::string_view name) { return form.find(name) != nullptr ? *form.find(name) : std::string(); };
    const std::string code = form.required("code"), redirect = text("redirect_uri"), jti = Uuid::v4().to_string();
    const std::string by = known.client.require_pkce ? form.required("code_verifier") : text("code_verifier");
    std::string key = co_await ctx.get<Proofs>().use(ctx, known, std::move(proof));
    Redemption with{opaque_hash(code), redirect, by, jti, key, first_refresh(settings, known, refresh.reveal(), key)};
    pg::Scope scope = scope_of(known);
    const Redeemed redeemed = co_await ctx.in_scope(std::move(scope), redeem, known, std::move(with));
    if (!redeemed.fault.empty()) throw bad_grant(redeemed.fault);
    const Bearer bearer = bearer_of(*redeemed.code, known, redeemed.held);
    auth::Claims claims = person_claims(settings, bearer, known, now());
    claims.id = jti;
    claims.key_thumbprint = std::move(key);
    std::string beside = may_refresh(known) ? refresh.reveal() : "";
    IdTokenAsked asked{redeemed.code->nonce, redeemed.code->id_token_claims, redeemed.names};
    Web web = co_await tokens_for(ctx, known, bearer.who, std::move(claims), std::move(asked), std::move(beside));
    co_return web;
}

// The answer is made before the row is locked: signing takes longer than all else here. Whoever comes second throws theirs away.
Task<Web> refresh_token(Ctx& ctx, const Form& form) {
    auto proof = ctx.get<Proofs>().read(ctx.request());
    const auto proven = co_await ctx.get<ClientLogin>().authenticate(ctx, form);
    const KnownClient& known = *proven;
    check_grant(known.client, GrantType::refresh_token);
    const Settings& settings = ctx.get<Settings>();
    const std::string token = form.required("refresh_token");
    std::string key = co_await ctx.get<Proofs>().use(ctx, known, std::move(proof));
    const Presented presented = co_await presented_by(ctx, known, opaque_hash(token));
    check_presented(presented, known, key);
    const Bearer bearer = bearer_of(narrowed_to(*presented.family, form), known, presented.held);
    auth::Claims claims = person_claims(settings, bearer, known, now());
    claims.key_thumbprint = key;
    const Secret<> next = fresh_opaque(refresh_prefix);
    IdTokenAsked asked; // what was asked for with the request was in its first ID token (OpenID Connect Core section 12.2)
    Web web = co_await tokens_for(ctx, known, bearer.who, std::move(claims), std::move(asked), next.reveal());
    Rotation with{opaque_hash(token), opaque_hash(next.reveal()), Bytes(seal_answer(token, key, web.body)), presented.family->id,
                  Duration::days(settings.refresh_idle_days)};
    pg::Scope scope = scope_of(known);
    const Rotated rotated = co_await ctx.in_scope(std::move(scope), rotate, std::move(with));
    if (rotated.done) co_return web;
    const auto before = rotated.before ? open_answer(token, key, rotated.before->view()) : std::nullopt;
    if (!before) throw bad_grant("used before, or now with another key than it was");
    web.body = *before;
    co_return web;
}

Task<std::optional<std::string>> introspected_refresh_token(Ctx& ctx, KnownClient known, std::string token) {
    std::optional<std::string> told;
    const Presented presented = co_await presented_by(ctx, known, opaque_hash(token));
    if (!may_be_used_now(presented, known)) co_return told;
    const RefreshFamily& family = *presented.family;
    Json document = Json::object({{"active", true},
                                  {"iss", ctx.get<Settings>().public_url.str()},
                                  {"sub", family.identity_id.to_string()},
                                  {"client_id", family.client_id.to_string()},
                                  {"scope", joined(family.scopes)},
                                  {"exp", std::min(family.expires_at, presented.token->expires_at).unix_seconds()}});
    if (!family.dpop_jkt.empty()) document["cnf"] = Json::object({{"jkt", family.dpop_jkt}});
    told = document.dump();
    co_return told;
}

} // namespace gravity::issuer::tokens
