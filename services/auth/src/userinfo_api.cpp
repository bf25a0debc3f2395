#include "userinfo_api.hpp"

#include "among.hpp"
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

// What is answered instead (RFC 6750 section 3.1, RFC 9449 section 7.1). Without a code: nothing came that could be wrong.
struct Challenge {
    int status = 401;
    std::string_view error;
    bool by_dpop = false; // the scheme that the error is about
};

Web challenged(const Challenge& challenge) {
    const std::string error = challenge.error.empty() ? "" : "error=\"" + std::string(challenge.error) + "\"";
    const std::string bearer = "Bearer", dpop = "DPoP algs=\"ES256 EdDSA Ed25519 RS256\"";
    const std::string field = challenge.by_dpop ? dpop + ", " + error + ", " + bearer : bearer + (error.empty() ? "" : " ") + error + ", " + dpop;
    Web web = oauth::answer(Json::object({{"error", challenge.error.empty() ? "invalid_token" : challenge.error}}));
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
        if (!presented.token.empty()) throw Challenge{400, "invalid_request"};
        presented.token = *token;
    }
    return presented;
}

Task<void> check_key(Ctx& ctx, Presented presented, std::shared_ptr<const auth::Claims> claims) {
    if (claims->key_thumbprint.empty() != !presented.by_dpop) throw Challenge{401, "invalid_token", true}; // bound ones come with their key, and no others
    if (!presented.by_dpop) co_return;
    bool proven = true;
    try {
        co_await ctx.get<Proofs>().admit(ctx, "/oauth2/userinfo", presented.token, std::move(claims));
    } catch (const oauth::Refused&) {
        proven = false;
    }
    if (!proven) throw Challenge{401, oauth::invalid_dpop_proof.name, true};
}

Task<Web> told(Ctx& ctx, Presented presented) {
    if (presented.token.empty()) throw Challenge();
    const auto verified = ctx.get<OwnTokens>().verify(presented.token);
    if (!verified) throw Challenge{401, "invalid_token", presented.by_dpop};
    const auto claims = *verified;
    const auto identity = IdentityId::parse(claims->subject);
    const auto session = SessionId::parse(claims->session);
    const auto client = ClientId::parse(claims->client);
    if (!identity || !session || !client || claims->session.empty()) throw Challenge{401, "invalid_token", presented.by_dpop};
    co_await check_key(ctx, presented, claims);
    if (!among(claims->scopes, "openid")) throw Challenge{403, "insufficient_scope", presented.by_dpop};
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
    if (!good) throw Challenge{401, "invalid_token", presented.by_dpop};
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
    } catch (const oauth::Refused&) { // a form that is none
        challenge = Challenge{400, "invalid_request"};
    }
    co_return challenged(*challenge);
}

} // namespace

Task<Web> userinfo(Ctx& ctx) { return answered(ctx, RawBody()); }
Task<Web> userinfo_by_form(Ctx& ctx, RawBody body) { return answered(ctx, std::move(body)); }

} // namespace gravity::issuer::people
