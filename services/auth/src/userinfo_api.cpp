#include "userinfo_api.hpp"

#include "among.hpp"
#include "failures.hpp"
#include "id_tokens.hpp"
#include "own_tokens.hpp"
#include "proofs.hpp"
#include "reads.hpp"
#include "sign_in_store.hpp"
#include "tokens_store.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/auth/dpop.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/http/ctx.hpp>

namespace gravity::issuer::people {
namespace {

using oauth::Form;

constexpr std::string_view form_type = "application/x-www-form-urlencoded";
constexpr std::string_view insufficient_scope = "insufficient_scope";

// What is answered instead (RFC 6750 section 3.1, RFC 9449 section 7.1). Without a code: nothing came that could be wrong.
struct Challenge {
    int status = 401;
    std::string_view error{};
    bool by_dpop = false; // the scheme that the error is about
    std::string why{};    // for operators
    std::shared_ptr<const auth::Claims> of{}; // of a token of ours
};

// Whose it would have been is known where the token is one of ours.
void note_challenge(Ctx& ctx, const Challenge& challenge) {
    if (challenge.error.empty()) return;
    FailedCheck check{std::string(challenge.error), {}, {}, {}};
    if (!challenge.why.empty()) check.detail = challenge.why;
    std::optional<ProjectId> project;
    if (challenge.of) {
        project = challenge.of->project;
        if (const auto client = ClientId::parse(challenge.of->client)) check.client_id = *client;
        if (const auto identity = IdentityId::parse(challenge.of->subject)) check.identity_id = *identity;
    }
    ctx.get<Failures>().note(ctx, project, std::move(check));
}

// A scheme alone is no challenge of RFC 6750 (section 3): it has to say something.
Web challenged(Ctx& ctx, const Challenge& challenge) {
    std::string error = challenge.error.empty() ? "" : ", error=\"" + std::string(challenge.error) + "\"";
    if (challenge.error == insufficient_scope) error += ", scope=\"openid\"";
    const std::string bearer = "Bearer realm=\"gravity\"", dpop = "DPoP algs=\"ES256 EdDSA Ed25519 RS256\"";
    const std::string field = challenge.by_dpop ? dpop + error + ", " + bearer : bearer + error + ", " + dpop;
    Web web = oauth::answer(Json::object({{"error", challenge.error.empty() ? "invalid_token" : challenge.error}, {"trace_id", trace_of(ctx)}}));
    web.status = challenge.status;
    web.headers.emplace_back("WWW-Authenticate", field);
    return web;
}

struct Presented {
    std::string token; // empty: none came
    bool by_dpop = false;
};

// Throws Challenge for one that comes in two ways at once.
Presented presented_by(const http::Request& request, const RawBody& body) {
    Presented presented;
    if (request.headers.count("Authorization") > 0) {
        const auto field = auth::presented_token(request);
        if (!field) throw Challenge();
        presented = {std::string(field->token), field->by_dpop};
    }
    if (!ascii::iequals(ascii::trim(body.content_type.substr(0, body.content_type.find(';'))), form_type)) return presented;
    const Form form = Form::parse(body.content_type, body.bytes);
    if (const std::string* const token = form.find("access_token")) {
        if (!presented.token.empty()) throw Challenge{400, "invalid_request", false, "the token comes in two ways at once"};
        presented.token = *token;
    }
    return presented;
}

Task<void> check_key(Ctx& ctx, Presented presented, std::shared_ptr<const auth::Claims> claims) {
    if (claims->key_thumbprint.empty() != !presented.by_dpop) // bound ones come with their key, and no others
        throw Challenge{401, "invalid_token", true, "it does not come as it is bound, by DPoP or as a bearer token", std::move(claims)};
    if (!presented.by_dpop) co_return;
    std::optional<oauth::Refused> refused;
    try {
        co_await ctx.get<Proofs>().admit(ctx, "/oauth2/userinfo", presented.token, claims);
    } catch (const oauth::Refused& error) {
        refused = error;
    }
    if (refused) throw Challenge{401, oauth::invalid_dpop_proof.name, true, refused->why(), std::move(claims)};
}

Task<Web> told(Ctx& ctx, Presented presented) {
    if (presented.token.empty()) throw Challenge();
    const auto verified = ctx.get<OwnTokens>().verify(presented.token);
    if (!verified) throw Challenge{401, "invalid_token", presented.by_dpop, std::string(auth::to_string(verified.error()))};
    const auto claims = *verified;
    const auto identity = IdentityId::parse(claims->subject);
    const auto session = SessionId::parse(claims->session);
    const auto client = ClientId::parse(claims->client);
    if (!identity || !session || !client || claims->session.empty()) throw Challenge{401, "invalid_token", presented.by_dpop, "it is no person's", claims};
    co_await check_key(ctx, presented, claims);
    if (!among(claims->scopes, "openid")) throw Challenge{403, insufficient_scope, presented.by_dpop, "it lacks the scope openid", claims};
    const bool offline = among(claims->scopes, "offline_access");
    bool good = false;
    std::vector<KnownName> names;
    HeldRoles held;
    std::function<void(Tx&)> work = [&](Tx& tx) {
        good = tx.one(token_good, claims->id, *client) && tx.one(still_signed_in, *identity, *session, offline, now());
        names = tx.all(names_of, *identity);
        if (among(claims->scopes, "roles")) held = tx.one(roles_held, *identity);
    };
    pg::Scope scope = pg::Scope::project(claims->project, client->to_string());
    co_await ctx.get<Reads>().run(ctx, std::move(scope), std::move(work));
    if (!good) throw Challenge{401, "invalid_token", presented.by_dpop, "it was revoked, or the person has signed out or may sign in no more", claims};
    Json document = Json::object({{"sub", claims->subject}});
    add_names(document, claims->scopes, names);
    add_roles(document, claims->scopes, held.names);
    co_return oauth::answer(document);
}

Task<Web> answered(Ctx& ctx, RawBody body) {
    std::optional<Challenge> challenge;
    try {
        Presented presented = presented_by(ctx.request(), body);
        Web web = co_await told(ctx, std::move(presented));
        co_return web;
    } catch (const Challenge& thrown) {
        challenge = thrown;
    } catch (const oauth::Refused& refused) { // a form that is none
        challenge = Challenge{400, "invalid_request", false, refused.description()};
    }
    note_challenge(ctx, *challenge);
    co_return challenged(ctx, *challenge);
}

} // namespace

Task<Web> userinfo(Ctx& ctx) { return answered(ctx, RawBody()); }
Task<Web> userinfo_by_form(Ctx& ctx, RawBody body) { return answered(ctx, std::move(body)); }

} // namespace gravity::issuer::people
