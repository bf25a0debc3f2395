#include "authorize_api.hpp"

#include "account_pages.hpp"
#include "acr.hpp"
#include "authorize_domain.hpp"
#include "devices_store.hpp"
#include "failures.hpp"
#include "id_tokens.hpp"
#include "keyring.hpp"
#include "logout_store.hpp"
#include "mails.hpp"
#include "pages.hpp"
#include "problems.hpp"
#include "pushed_requests.hpp"
#include "reads.hpp"
#include "relying_party.hpp"
#include "second_factor_store.hpp"
#include "sign_in_steps.hpp"
#include "sign_in_store.hpp"
#include "sign_up.hpp"
#include "told_pages.hpp"

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
bool store_answer(Tx& tx, DeviceId device, ClientId client, std::optional<ApprovedDevice> approved, Bytes flow) {
    if (approved && !tx.maybe(hold_active_identity, approved->identity_id)) return false;
    const bool waiting = approved ? tx.exec(approve_device, *approved, tx.now()) == 1 : tx.exec(deny_device, device, tx.now()) == 1;
    tx.exec(delete_flow, flow);
    if (waiting && approved) tx.exec(note_session_at_client, approved->session_id, client);
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
    const bool waiting = co_await ctx.in_scope(std::move(scope), store_answer, request.device->id, request.client_id, std::move(approved), flow);
    if (!waiting) co_return pages::fault(400, flow_gone);
    co_return pages::device_answered(allowed);
}

Task<Web> sent_to_page(Ctx& ctx, std::string_view page, ProjectId project, AuthorizeRequest request) {
    FlowWanted wanted{std::move(request)};
    const BegunFlow flow = co_await begin_flow(ctx, project, std::move(wanted));
    Web web = pages::to(std::string(page) + "?flow=" + flow.token);
    if (flow.cookie) web.headers.emplace_back("Set-Cookie", *flow.cookie);
    co_return web;
}

struct Hint {
    std::optional<std::string> subject;
    bool proven = true;
};

// Whom the client means (OpenID Connect Core section 3.1.2.1): an ID token may have ended long ago, and be another client's of this provider. Of one whose key
// is gone nobody can tell whether it is ours: a session that is there is not answered by, but whoever it names may sign in, and nobody else.
Hint hinted(Ctx& ctx, const Form& form) {
    const std::string* const hint = form.find("id_token_hint");
    if (hint == nullptr) return {};
    const auto keys = ctx.get<Keyring>().now();
    if (!keys) throw Refusal(keys_not_ready).with_header("Retry-After", "1");
    auto shown = read_id_token(*keys, ctx.get<Settings>(), *hint);
    if (shown) return {std::move(shown->subject), true};
    const auto named = unproven_subject(*keys, ctx.get<Settings>(), *hint);
    if (!named) throw AuthorizeError("invalid_request", "id_token_hint is no ID token of this provider");
    return {named->to_string(), false};
}

Task<Web> at_client(Ctx& ctx, const Form& form, const Visit& visit, bool ahead) {
    if (!ahead) check_may_be_brought(visit.client);
    if (form.repeats_any()) throw AuthorizeError("invalid_request", "A parameter is given twice");
    AuthorizeRequest request = authorize_request(visit.client, form, ctx.get<Settings>().token_audience.view());
    const Prompting prompts = prompting(form);
    request.two_factors = prompts.two_factors;
    const Hint hint = hinted(ctx, form);
    if (hint.subject && request.subject.value_or(*hint.subject) != *hint.subject)
        throw AuthorizeError("invalid_request", "id_token_hint and claims mean different people");
    if (hint.subject) request.subject = hint.subject;
    const auto browser = co_await session_of(ctx);
    const bool there = browser && browser->project == visit.project && hint.proven;
    if (!there || !is_fresh(browser->session, prompts) || !is_what_was_asked(browser->session, request)) {
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
    const std::string back = co_await answered_by_code(ctx, visit.project, browser->session, std::move(request), Ending());
    co_return pages::to(back);
}

Task<Web> authorized(Ctx& ctx, std::string text) {
    std::optional<Form> form;
    try {
        form = Form::of_browser(text);
        for (const std::string_view name : {"client_id", "redirect_uri", "request_uri"}) // who is asking has to be sure before they are told
            if (form->repeats(name)) throw oauth::Refused(oauth::invalid_request, std::string(name) + " is given twice");
    } catch (const oauth::Refused& refused) {
        co_return pages::fault(400, refused.description());
    }
    const bool ahead = names_pushed(*form);
    form = co_await pushed_before(ctx, *std::move(form));
    if (!form) co_return pages::fault(400, flow_gone);
    const std::string* const named = form->find("client_id");
    std::optional<ClientId> id;
    if (named != nullptr)
        if (const auto parsed = ClientId::parse(*named)) id = *parsed;
    const auto visit = co_await visit_of(ctx, id);
    Failures& failures = ctx.get<Failures>();
    if (!visit) {
        failures.note(ctx, {}, {"unknown_client", {}, id, {}});
        co_return pages::fault(400, "The application that sent you here is not known.");
    }
    if (!redirects_home(visit->client, *form)) {
        failures.note(ctx, visit->project, {"redirect_uri", "it is missing, or none of the client's", id, {}});
        co_return pages::fault(400, "The application that sent you here did not say where to go back to, or may not go there.");
    }
    std::optional<AuthorizeError> error;
    std::optional<Refusal> refused;
    try {
        Web web = co_await at_client(ctx, *form, *visit, ahead);
        co_return web;
    } catch (const AuthorizeError& thrown) {
        error = thrown;
    } catch (const Refusal& refusal) {
        if (refusal.problem().status != too_many_flows.status) throw;
        refused = refusal;
    }
    if (refused) co_return pages::refused(*refused, "Too many sign-ins were begun. Please try again later.");
    failures.note(ctx, visit->project, {error->code(), error->description(), id, {}});
    const std::string* const state = form->find("state");
    const bool known = state != nullptr && state->size() <= 2048 && !form->repeats("state");
    const WayBack way{*form->find("redirect_uri"), known ? *state : "", wants_form_post(*form)};
    co_return pages::to(refusal(ctx, way, *error));
}

Web login_again(Ctx& ctx, const Form& form, const OpenFlow& open, std::string_view fault, int status) {
    const std::string* const name = form.find("login_name");
    pages::OtherWays others;
    others.recovery = ctx.get<Mails>().offered();
    others.passkey = ctx.find<webauthn::RelyingParty>() != nullptr;
    others.sign_up = ctx.get<SignUpPolicy>().offered(open.flow.project);
    return pages::login(form.required("flow"), open.visit.client.name.view(), name != nullptr ? *name : open.flow.request.login_hint, fault, status,
                        redirect_origin(open.flow.request.redirect_uri), others);
}

// For the code of their app, or else for a passkey. Each page leads to the other.
Web second_page(Ctx& ctx, const FactorsHeld& factors, const std::string& flow) {
    const bool by_passkey = factors.passkeys && !factors.app && ctx.find<webauthn::RelyingParty>() != nullptr;
    return pages::to((by_passkey ? "/login/passkey?flow=" : "/login/code?flow=") + flow);
}

Task<Web> tried(Ctx& ctx, const Form& form, const OpenFlow& open) {
    const std::string* const name = form.find("login_name");
    const std::string* const password = form.find("password");
    if (name == nullptr || name->size() > 1000 || password == nullptr) co_return login_again(ctx, form, open, "Please enter your name and your password.", 400);
    std::optional<IdentityId> identity;
    std::optional<Refusal> refused;
    try {
        Secret<> typed(*password);
        identity = co_await try_password(ctx, open, *name, std::move(typed));
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
    if (!identity) co_return login_again(ctx, form, open, "Name or password are not right.", 400);
    const BehindPassword behind = co_await behind_password(ctx, open, *identity);
    if (behind.arrived) co_return page_of(*behind.arrived, form.required("flow"));
    co_return second_page(ctx, behind.asked_for, form.required("flow"));
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
    std::optional<Arrived> there;
    std::optional<Refusal> refused;
    try {
        there = co_await try_code(ctx, open, *code);
    } catch (const Refusal& refusal) {
        if (refusal.problem().status != too_many_attempts.status) throw;
        refused = refusal;
    }
    if (refused) {
        Web web = co_await code_again(ctx, form, open, "Too many codes were not right. Please try again later.", refused->problem().status);
        for (const auto& header : refused->headers()) web.headers.push_back(header);
        co_return web;
    }
    if (!there) {
        Web web = co_await code_again(ctx, form, open, "This code is not right, or was used before.", 400);
        co_return web;
    }
    co_return page_of(*there, form.required("flow"));
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
        const std::string back = co_await answered_by_code(ctx, open.flow.project, std::move(session), std::move(request), std::move(ending));
        co_return pages::on_from_form(back);
    }
    co_return pages::on_from_form(refusal(ctx, way_back_of(request), {"access_denied", "The person refused"}));
}

Task<Web> shown_login(Ctx& ctx, const Form& form, const OpenFlow& open) { co_return login_again(ctx, form, open, {}, 200); }

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

Task<WebSeeOther> authorize(Ctx& ctx) { return sent_on(pages::told(ctx, authorized(ctx, ctx.request().query))); }
Task<WebSeeOther> authorize_by_form(Ctx& ctx, RawBody body) { return sent_on(pages::told(ctx, authorized(ctx, std::move(body.bytes)))); }
Task<Web> login_page(Ctx& ctx) { return with_flow(ctx, ctx.request().query, shown_login); }
Task<WebSeeOther> login(Ctx& ctx, RawBody body) { return sent_on(with_flow(ctx, std::move(body.bytes), tried)); }
Task<Web> code_page(Ctx& ctx) { return with_flow(ctx, ctx.request().query, shown_code); }
Task<WebSeeOther> code(Ctx& ctx, RawBody body) { return sent_on(with_flow(ctx, std::move(body.bytes), tried_code)); }
Task<Web> consent_page(Ctx& ctx) { return with_flow(ctx, ctx.request().query, shown_consent); }
Task<WebSeeOther> consent(Ctx& ctx, RawBody body) { return sent_on(with_flow(ctx, std::move(body.bytes), decided_consent)); }

} // namespace gravity::issuer::authorization
