#include "sign_in_flow.hpp"

#include "acr.hpp"
#include "failures.hpp"
#include "form_post.hpp"
#include "logout_store.hpp"
#include "oauth.hpp"
#include "opaque.hpp"
#include "pages.hpp"
#include "reads.hpp"
#include "redirects.hpp"
#include "sign_in_store.hpp"
#include "told_pages.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/http/ctx.hpp>

namespace gravity::issuer::authorization {

using oauth::Form;

namespace {

const Duration code_life = Duration::seconds(60);

// Behind it the client is told; `iss` by RFC 9207.
std::string answer_uri(Ctx& ctx, const WayBack& way, Parameters parameters) {
    parameters.emplace_back("state", way.state);
    parameters.emplace_back("iss", ctx.get<Settings>().public_url.str());
    return way.form_post ? form_post_uri(ctx, way.redirect, parameters) : with_parameters(way.redirect, parameters);
}

void store_code(Tx& tx, AuthCode code, Bytes hash, Ending ending) {
    if (tx.exec(insert_code, code, hash) != 1) throw Refusal(problems::conflict);
    if (ending.consented) tx.exec(save_consent, code.identity_id, code.client_id, code.scopes, tx.now());
    if (ending.flow) tx.exec(delete_flow, *ending.flow);
    tx.exec(note_session_at_client, code.session_id, code.client_id);
}

} // namespace

Task<std::optional<OpenFlow>> open_flow(Ctx& ctx, std::optional<RunningFlow> flow) {
    std::optional<OpenFlow> open;
    if (!flow) co_return open;
    auto visit = co_await visit_of(ctx, flow->request.client_id);
    if (visit) open = OpenFlow{*std::move(flow), *std::move(visit)};
    co_return open;
}

WayBack way_back_of(const AuthorizeRequest& request) { return {request.redirect_uri, request.state, request.form_post.value_or(false)}; }

std::string refusal(Ctx& ctx, const WayBack& way, const AuthorizeError& error) {
    return answer_uri(ctx, way, {{"error", error.code()}, {"error_description", error.description()}, {"trace_id", trace_of(ctx)}});
}

bool is_what_was_asked(const Session& session, const AuthorizeRequest& request) {
    if (request.subject && *request.subject != session.identity_id.to_string()) return false;
    if (request.two_factors.value_or(false) && acr_of(session.amr) != acr_two) return false;
    return !request.sign_in_after || session.auth_time >= *request.sign_in_after;
}

Task<bool> needs_consent(Ctx& ctx, const Visit& visit, IdentityId identity, const AuthorizeRequest& request) {
    if (request.device) co_return true; // whoever sent the person its code is not known to them (RFC 8628 section 5.4)
    if (request.ask_consent) co_return true; // whichever client it is (OpenID Connect Core section 3.1.2.1)
    if (visit.client.first_party) co_return false;
    bool given = false;
    std::function<void(Tx&)> work = [&](Tx& tx) { given = tx.one(has_consented, identity, visit.client.id, request.scopes); };
    pg::Scope scope = pg::Scope::project(visit.project, identity.to_string());
    co_await ctx.get<Reads>().run(ctx, std::move(scope), std::move(work));
    co_return !given;
}

Task<void> keep_what_is_had(Ctx& ctx, const Visit& visit, IdentityId identity, AuthorizeRequest& request) {
    if (!wants_roles(request.scopes)) co_return;
    HeldRoles held;
    std::function<void(Tx&)> work = [&](Tx& tx) { held = tx.one(roles_held, identity); };
    pg::Scope scope = pg::Scope::project(visit.project, identity.to_string());
    co_await ctx.get<Reads>().run(ctx, std::move(scope), std::move(work));
    request.scopes = scopes_for(request.scopes, request.scopes, held); // the client's limit was held against it
}

Task<std::string> answered_by_code(Ctx& ctx, ProjectId project, Session session, AuthorizeRequest request, Ending ending) {
    const Secret<> text = fresh_opaque("gac_");
    AuthCode code;
    code.identity_id = session.identity_id;
    code.session_id = session.id;
    code.scopes = request.scopes;
    code.amr = session.amr;
    code.auth_time = session.auth_time;
    code.client_id = request.client_id;
    code.redirect_uri = request.redirect_uri;
    code.code_challenge = request.code_challenge;
    code.nonce = request.nonce;
    code.dpop_jkt = request.dpop_jkt.value_or("");
    if (request.id_token_claims) code.id_token_claims = *request.id_token_claims;
    code.expires_at = now() + code_life;
    pg::Scope scope = pg::Scope::project(project, session.identity_id.to_string());
    co_await ctx.in_scope(std::move(scope), store_code, std::move(code), opaque_hash(text.reveal()), std::move(ending));
    co_return answer_uri(ctx, way_back_of(request), {{"code", text.reveal()}});
}

// Whoever it is stays in this browser who they were.
std::optional<Arrived> somebody_else(Ctx& ctx, const OpenFlow& open, IdentityId identity) {
    const AuthorizeRequest& asked = open.flow.request;
    if (!asked.subject || *asked.subject == identity.to_string()) return std::nullopt;
    ctx.get<Failures>().note(ctx, open.flow.project, {"login_required", "somebody else than id_token_hint says", asked.client_id, identity});
    return Arrived{refusal(ctx, way_back_of(asked), {"login_required", "Somebody else has signed in"}), {}};
}

Task<Arrived> arrived(Ctx& ctx, const OpenFlow& open, IdentityId identity, std::vector<std::string> amr) {
    auto elsewhere = somebody_else(ctx, open, identity);
    if (elsewhere) co_return *std::move(elsewhere);
    Arrived arrived;
    StartedSession started = co_await start_session(ctx, open.flow, identity, std::move(amr));
    arrived.cookies = std::move(started.cookies);
    AuthorizeRequest request = open.flow.request;
    co_await keep_what_is_had(ctx, open.visit, identity, request);
    const bool asking = co_await needs_consent(ctx, open.visit, identity, request);
    if (asking) co_return arrived;
    Ending ending{open.flow.hash, false};
    arrived.back = co_await answered_by_code(ctx, open.flow.project, std::move(started.session), std::move(request), std::move(ending));
    co_return arrived;
}

Web page_of(const Arrived& arrived, std::string_view flow_token) {
    Web web = pages::on_from_form(arrived.back ? *arrived.back : "/login/consent?flow=" + std::string(flow_token));
    for (const std::string& cookie : arrived.cookies) web.headers.emplace_back("Set-Cookie", cookie);
    return web;
}

namespace {

Task<Web> gone_on(Ctx& ctx, std::string text, FlowStep go_on) {
    std::optional<std::string> fault;
    try {
        const Form form = Form::parse(form_type, text);
        const std::string* const token = form.find("flow");
        std::string wanted = token != nullptr ? *token : std::string();
        auto running = co_await running_in_browser(ctx, std::move(wanted));
        const auto open = co_await open_flow(ctx, std::move(running));
        if (!open) {
            ctx.get<Failures>().note(ctx, {}, {"flow_gone", {}, {}, {}});
            co_return pages::fault(400, flow_gone);
        }
        Web web = co_await go_on(ctx, form, *open);
        co_return web;
    } catch (const oauth::Refused& refused) {
        fault = refused.description();
    }
    co_return pages::fault(400, *fault);
}

} // namespace

Task<Web> with_flow(Ctx& ctx, std::string text, FlowStep go_on) { return pages::told(ctx, gone_on(ctx, std::move(text), go_on)); }

Task<WebSeeOther> sent_on(Task<Web> answer) {
    Web web = co_await std::move(answer);
    co_return WebSeeOther{std::move(web)};
}

} // namespace gravity::issuer::authorization
