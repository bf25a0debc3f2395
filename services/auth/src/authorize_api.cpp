#include "authorize_api.hpp"

#include "account_pages.hpp"
#include "acr.hpp"
#include "authorize_domain.hpp"
#include "devices_store.hpp"
#include "pages.hpp"
#include "password_sign_in.hpp"
#include "problems.hpp"
#include "pushed_requests.hpp"
#include "reads.hpp"
#include "relying_party.hpp"
#include "second_factor.hpp"
#include "second_factor_store.hpp"
#include "sign_in_flow.hpp"
#include "sign_in_store.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/http/ctx.hpp>

namespace gravity::issuer::authorization {
namespace {

using oauth::Form;

bool is_fresh(const Session& session, const Prompting& prompting) {
    if (prompting.login || (prompting.two_factors && acr_of(session.amr) != acr_two)) return false;
    return !prompting.max_age || now() - session.auth_time <= Duration::seconds(std::min<std::int64_t>(*prompting.max_age, 10'000'000));
}

// The tokens go to the device, which asks for them; the browser has nowhere to go.
bool store_answer(Tx& tx, DeviceId device, std::optional<ApprovedDevice> approved, Bytes flow) {
    const bool waiting = approved ? tx.exec(approve_device, *approved, tx.now()) == 1 : tx.exec(deny_device, device, tx.now()) == 1;
    tx.exec(delete_flow, flow);
    return waiting;
}

Task<Web> answered_to_device(Ctx& ctx, ProjectId project, Session session, AuthorizeRequest request, Bytes flow, bool allowed) {
    std::optional<ApprovedDevice> approved;
    if (allowed) {
        approved.emplace();
        approved->id = request.device->id;
        approved->identity_id = session.identity_id;
        approved->session_id = session.id;
        approved->scopes = request.scopes;
        approved->amr = session.amr;
        approved->auth_time = session.auth_time;
    }
    pg::Scope scope = pg::Scope::project(project, session.identity_id.to_string());
    const bool waiting = co_await ctx.in_scope(std::move(scope), store_answer, request.device->id, std::move(approved), flow);
    if (!waiting) co_return pages::fault(400, flow_gone);
    co_return pages::device_answered(allowed);
}

Task<Web> sent_to_page(Ctx& ctx, std::string_view page, ProjectId project, AuthorizeRequest request) {
    const BegunFlow flow = co_await begin_flow(ctx, project, std::move(request));
    Web web = pages::to(std::string(page) + "?flow=" + flow.token);
    if (flow.cookie) web.headers.emplace_back("Set-Cookie", *flow.cookie);
    co_return web;
}

Task<Web> at_client(Ctx& ctx, const Form& form, const Visit& visit) {
    AuthorizeRequest request = authorize_request(visit.client, form);
    const Prompting prompts = prompting(form);
    request.two_factors = prompts.two_factors;
    const auto browser = co_await session_of(ctx);
    if (!browser || browser->project != visit.project || !is_fresh(browser->session, prompts)) {
        if (prompts.none) throw AuthorizeError("login_required", "The person has to sign in");
        request.sign_in_after = now();
        Web web = co_await sent_to_page(ctx, "/login", visit.project, std::move(request));
        co_return web;
    }
    co_await keep_what_is_had(ctx, visit, browser->session.identity_id, request);
    const bool asking = co_await needs_consent(ctx, visit, browser->session.identity_id, request);
    if (asking && prompts.none) throw AuthorizeError("consent_required", "The person has to consent");
    if (asking) {
        Web web = co_await sent_to_page(ctx, "/login/consent", visit.project, std::move(request));
        co_return web;
    }
    Web web = co_await answered_by_code(ctx, visit.project, browser->session, std::move(request), Ending());
    co_return web;
}

Task<Web> authorized(Ctx& ctx, std::string text) {
    std::optional<Form> form;
    try {
        form = Form::parse(form_type, text);
    } catch (const oauth::Refused& refused) {
        co_return pages::fault(400, refused.description());
    }
    form = co_await pushed_before(ctx, *std::move(form));
    if (!form) co_return pages::fault(400, flow_gone);
    const std::string* const named = form->find("client_id");
    std::optional<ClientId> id;
    if (named != nullptr)
        if (const auto parsed = ClientId::parse(*named)) id = *parsed;
    const auto visit = co_await visit_of(ctx, id);
    if (!visit) co_return pages::fault(400, "The application that sent you here is not known.");
    if (!redirects_home(visit->client, *form))
        co_return pages::fault(400, "The application that sent you here did not say where to go back to, or may not go there.");
    std::optional<AuthorizeError> error;
    try {
        Web web = co_await at_client(ctx, *form, *visit);
        co_return web;
    } catch (const AuthorizeError& thrown) {
        error = thrown;
    }
    const std::string* const state = form->find("state");
    co_return refusal(ctx, *form->find("redirect_uri"), state != nullptr && state->size() <= 2048 ? *state : "", *error);
}

Web login_again(Ctx& ctx, const Form& form, const OpenFlow& open, std::string_view fault, int status) {
    const std::string* const name = form.find("login_name");
    return pages::login(form.required("flow"), open.visit.client.name.view(), name != nullptr ? *name : open.flow.request.login_hint, fault, status,
                        redirect_origin(open.flow.request.redirect_uri), {*ctx.get<Settings>().links_in_events, ctx.find<webauthn::RelyingParty>() != nullptr});
}

FactorsHeld note_password(Tx& tx, Bytes flow, IdentityId identity) {
    const FactorsHeld factors = tx.one(second_factors_of, identity);
    if (factors.any()) tx.exec(note_first_factor, flow, identity, tx.now());
    return factors;
}

// Who has a second factor is asked for it, whatever the client asked for: for the code of their app, or else for a passkey. Each page leads to the other.
Task<Web> behind_password(Ctx& ctx, const Form& form, const OpenFlow& open, IdentityId identity) {
    pg::Scope scope = pg::Scope::project(open.flow.project, identity.to_string());
    const FactorsHeld factors = co_await ctx.in_scope(std::move(scope), note_password, open.flow.hash, identity);
    const bool by_passkey = factors.passkeys && !factors.app && ctx.find<webauthn::RelyingParty>() != nullptr;
    if (factors.any()) co_return pages::to((by_passkey ? "/login/passkey?flow=" : "/login/code?flow=") + form.required("flow"));
    const AuthorizeRequest& request = open.flow.request;
    if (request.two_factors.value_or(false)) // RFC 9470 section 5
        co_return refusal(ctx, request.redirect_uri, request.state, {"unmet_authentication_requirements", "The person has one factor only"});
    std::vector<std::string> amr{"pwd"};
    Web web = co_await went_on(ctx, form, open, identity, std::move(amr));
    co_return web;
}

Task<Web> tried(Ctx& ctx, const Form& form, const OpenFlow& open) {
    const std::string* const name = form.find("login_name");
    const std::string* const password = form.find("password");
    if (name == nullptr || name->size() > 1000 || password == nullptr) co_return login_again(ctx, form, open, "Please enter your name and your password.", 400);
    PasswordClaim claim{*name, Secret<>(*password), address_of(ctx)};
    pg::Scope scope = pg::Scope::project(open.flow.project, "browser");
    std::optional<SignedIn> signed_in;
    std::optional<Refusal> refused;
    try {
        signed_in = co_await sign_in_by_password(ctx, std::move(scope), std::move(claim));
    } catch (const Refusal& refusal) {
        refused = refusal;
    }
    if (refused) {
        constexpr std::string_view too_often = "Too many sign-ins have failed. Please try again later.";
        const bool often = refused->problem().status == too_many_attempts.status;
        Web web = login_again(ctx, form, open, often ? too_often : "This does not work at the moment. Please try again.",
                              refused->problem().status);
        for (const auto& header : refused->headers()) web.headers.push_back(header);
        co_return web;
    }
    if (!signed_in) co_return login_again(ctx, form, open, "Name or password are not right.", 400);
    Web web = co_await behind_password(ctx, form, open, signed_in->identity);
    co_return web;
}

Task<Web> code_again(Ctx& ctx, const Form& form, const OpenFlow& open, std::string fault, int status) {
    bool passkey = false;
    std::function<void(Tx&)> work = [&](Tx& tx) { passkey = tx.one(second_factors_of, *open.flow.identity).passkeys; };
    pg::Scope scope = pg::Scope::project(open.flow.project, "browser");
    if (ctx.find<webauthn::RelyingParty>() != nullptr) co_await ctx.get<Reads>().run(ctx, std::move(scope), std::move(work));
    co_return pages::code(form.required("flow"), fault, status, redirect_origin(open.flow.request.redirect_uri), passkey);
}

Task<Web> tried_code(Ctx& ctx, const Form& form, const OpenFlow& open) {
    if (!open.flow.identity) co_return pages::to("/login?flow=" + form.required("flow"));
    const std::string* const code = form.find("code");
    if (code == nullptr || code->size() > 1000) {
        Web web = co_await code_again(ctx, form, open, "Please enter the code that your app shows.", 400);
        co_return web;
    }
    CodeClaim claim{*open.flow.identity, *code, address_of(ctx)};
    pg::Scope scope = pg::Scope::project(open.flow.project, "browser");
    std::optional<std::vector<std::string>> proven;
    std::optional<Refusal> refused;
    try {
        proven = co_await prove_by_code(ctx, std::move(scope), std::move(claim));
    } catch (const Refusal& refusal) {
        if (refusal.problem().status != too_many_attempts.status) throw;
        refused = refusal;
    }
    if (refused) {
        Web web = co_await code_again(ctx, form, open, "Too many codes were not right. Please try again later.", refused->problem().status);
        for (const auto& header : refused->headers()) web.headers.push_back(header);
        co_return web;
    }
    if (!proven) {
        Web web = co_await code_again(ctx, form, open, "This code is not right, or was used before.", 400);
        co_return web;
    }
    std::vector<std::string> amr{"pwd"};
    amr.insert(amr.end(), proven->begin(), proven->end());
    Web web = co_await went_on(ctx, form, open, *open.flow.identity, std::move(amr));
    co_return web;
}

Task<Web> decided(Ctx& ctx, const Form& form, const OpenFlow& open, Session session, AuthorizeRequest request) {
    const std::string* const decision = form.find("decision");
    const bool allowed = decision != nullptr && *decision == "allow";
    if (request.device) {
        Web web = co_await answered_to_device(ctx, open.flow.project, std::move(session), std::move(request), open.flow.hash, allowed);
        co_return web;
    }
    if (allowed) {
        Ending ending{open.flow.hash, true};
        Web web = co_await answered_by_code(ctx, open.flow.project, std::move(session), std::move(request), std::move(ending));
        co_return web;
    }
    co_return refusal(ctx, request.redirect_uri, request.state, {"access_denied", "The person refused"});
}

Task<Web> shown_login(Ctx& ctx, const Form& form, const OpenFlow& open) { co_return login_again(ctx, form, open, {}, 200); }

// Whoever had to sign in anew does not come round it by the address of the next page.
bool is_what_was_asked(const Session& session, const AuthorizeRequest& request) {
    if (request.two_factors.value_or(false) && acr_of(session.amr) != acr_two) return false;
    return !request.sign_in_after || session.auth_time >= *request.sign_in_after;
}

Task<Web> shown_code(Ctx& ctx, const Form& form, const OpenFlow& open) {
    if (!open.flow.identity) co_return pages::to("/login?flow=" + form.required("flow"));
    Web web = co_await code_again(ctx, form, open, {}, 200);
    co_return web;
}

Task<Web> with_session(Ctx& ctx, const Form& form, const OpenFlow& open, bool deciding) {
    const auto browser = co_await session_of(ctx);
    if (!browser || browser->project != open.flow.project || !is_what_was_asked(browser->session, open.flow.request))
        co_return pages::to("/login?flow=" + form.required("flow"));
    AuthorizeRequest request = open.flow.request;
    co_await keep_what_is_had(ctx, open.visit, browser->session.identity_id, request);
    if (!deciding)
        co_return pages::consent(form.required("flow"), open.visit.client.name.view(), request.scopes, redirect_origin(request.redirect_uri),
                                 request.device ? request.device->user_code : "");
    Web web = co_await decided(ctx, form, open, browser->session, std::move(request));
    co_return web;
}
Task<Web> shown_consent(Ctx& ctx, const Form& form, const OpenFlow& open) { return with_session(ctx, form, open, false); }
Task<Web> decided_consent(Ctx& ctx, const Form& form, const OpenFlow& open) { return with_session(ctx, form, open, true); }

} // namespace

Task<WebSeeOther> authorize(Ctx& ctx) { return sent_on(authorized(ctx, ctx.request().query)); }
Task<WebSeeOther> authorize_by_form(Ctx& ctx, RawBody body) { return sent_on(authorized(ctx, std::move(body.bytes))); }
Task<Web> login_page(Ctx& ctx) { return with_flow(ctx, ctx.request().query, shown_login); }
Task<WebSeeOther> login(Ctx& ctx, RawBody body) { return sent_on(with_flow(ctx, std::move(body.bytes), tried)); }
Task<Web> code_page(Ctx& ctx) { return with_flow(ctx, ctx.request().query, shown_code); }
Task<WebSeeOther> code(Ctx& ctx, RawBody body) { return sent_on(with_flow(ctx, std::move(body.bytes), tried_code)); }
Task<Web> consent_page(Ctx& ctx) { return with_flow(ctx, ctx.request().query, shown_consent); }
Task<WebSeeOther> consent(Ctx& ctx, RawBody body) { return sent_on(with_flow(ctx, std::move(body.bytes), decided_consent)); }

} // namespace gravity::issuer::authorization
