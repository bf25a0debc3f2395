#include "pushed_requests.hpp"

#include "client_failures.hpp"
#include "client_login.hpp"
#include "opaque.hpp"
#include "proofs.hpp"
#include "resources.hpp"
#include "sign_in_store.hpp"
#include "visits.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/http/ctx.hpp>

namespace gravity::issuer {
namespace {

using oauth::Form;
using oauth::Refused;

constexpr std::string_view uri_prefix = "urn:ietf:params:oauth:request_uri:gpr_";
const Duration request_life = Duration::seconds(90);

// The codes of the authorization endpoint, where it is the client itself that is told (section 2.3).
constexpr oauth::ErrorCode of_requests[] = {
    {"unauthorized_client"}, {"unsupported_response_type"}, {"invalid_scope"}, {"request_not_supported"}, {"registration_not_supported"}, invalid_target};

Refused refused_as(const AuthorizeError& error) {
    for (const oauth::ErrorCode& code : of_requests)
        if (code.name == error.code()) return Refused(code, error.description());
    return Refused(oauth::invalid_request, error.description());
}

void check_request(const Form& form, const ClientToVisit& client, std::string_view audience) {
    if (form.find("request_uri") != nullptr) throw Refused(oauth::invalid_request, "request_uri cannot be sent ahead");
    if (!redirects_home(client, form)) throw Refused(oauth::invalid_request, "redirect_uri must be one of the client's");
    try {
        authorize_request(client, form, audience);
        prompting(form);
    } catch (const AuthorizeError& error) {
        throw refused_as(error);
    }
}

Json kept(const Form& form, const ClientId& client, const std::string& key) {
    Json parameters = Json::object();
    for (const auto& [name, value] : form.parameters())
        if (name != "client_secret" && name != "client_assertion" && name != "client_assertion_type") parameters[name] = value;
    parameters["client_id"] = client.to_string();
    if (!key.empty()) parameters["dpop_jkt"] = key; // RFC 9449 section 10.1
    return parameters;
}

void store(Tx& tx, Bytes hash, ClientId client, Json parameters) {
    if (tx.exec(insert_pushed, hash, client, parameters, tx.now() + request_life) != 1)
        throw Refused(oauth::invalid_client, "The client could not be authenticated");
}
std::optional<PushedRequest> take(Tx& tx, Bytes hash, ClientId client) { return tx.maybe(take_pushed, hash, client, tx.now()); }

Task<Web> pushed(Ctx& ctx, const Form& form) {
    auto proof = ctx.get<Proofs>().read(ctx.request(), "/oauth2/par");
    const auto proven = co_await ctx.get<ClientLogin>().authenticate(ctx, form);
    const KnownClient& known = *proven;
    const auto visit = co_await visit_of(ctx, known.client.id);
    if (!visit) throw Refused(oauth::invalid_client, "The client could not be authenticated");
    check_request(form, visit->client, ctx.get<Settings>().token_audience.view());
    std::string key;
    if (proof) {
        key = proof->thumbprint;
        if (const std::string* const named = form.find("dpop_jkt"); named != nullptr && *named != key)
            throw Refused(oauth::invalid_dpop_proof, "dpop_jkt is of another key than the proof's");
        pg::Scope scope = scope_of(known);
        co_await ctx.get<Proofs>().use_once(ctx, std::move(scope), *std::move(proof));
    }
    const std::string uri = fresh_opaque(uri_prefix).reveal();
    Json parameters = kept(form, known.client.id, key);
    pg::Scope scope = scope_of(known);
    co_await ctx.in_scope(std::move(scope), store, opaque_hash(uri), known.client.id, std::move(parameters));
    Web web = oauth::answer(Json::object({{"request_uri", uri}, {"expires_in", request_life.count_ms() / 1000}}));
    web.status = 201;
    if (auto nonce = ctx.get<Proofs>().next_nonce()) web.headers.emplace_back("DPoP-Nonce", *std::move(nonce));
    co_return web;
}

} // namespace

bool names_pushed(const Form& form) {
    const std::string* const uri = form.find("request_uri");
    return uri != nullptr && uri->starts_with(uri_prefix);
}

Task<std::optional<Form>> pushed_before(Ctx& ctx, Form form) {
    std::optional<Form> before;
    const std::string* const uri = form.find("request_uri");
    if (!names_pushed(form)) {
        before = std::move(form);
        co_return before;
    }
    const std::string* const named = form.find("client_id");
    std::optional<ClientId> id;
    if (named != nullptr)
        if (const auto parsed = ClientId::parse(*named)) id = *parsed;
    const auto visit = co_await visit_of(ctx, id);
    if (!visit) co_return before;
    pg::Scope scope = pg::Scope::project(visit->project, "browser");
    const auto pushed = co_await ctx.in_scope(std::move(scope), take, opaque_hash(*uri), *id);
    if (!pushed) co_return before;
    Form::Parameters texts;
    for (const auto& [name, value] : pushed->parameters.as_object()) texts.emplace(name, value.as_string());
    before = Form::of(std::move(texts));
    co_return before;
}

} // namespace gravity::issuer

namespace gravity::issuer::authorization {

Task<WebCreated> push(Ctx& ctx, RawBody body) {
    Web web = co_await told_client(ctx, std::move(body), pushed);
    co_return WebCreated{std::move(web)};
}

} // namespace gravity::issuer::authorization
