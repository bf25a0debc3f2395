#include "login_flows_api.hpp"

#include "failures.hpp"
#include "mailed_codes_store.hpp"
#include "mails.hpp"
#include "problems.hpp"
#include "reads.hpp"
#include "recovery.hpp"
#include "regain_store.hpp"
#include "sign_in_steps.hpp"
#include "sign_up.hpp"
#include "webauthn.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/http/ctx.hpp>

#include <algorithm>

namespace gravity::issuer::flows {
namespace {

using authorization::Arrived;
using authorization::OpenFlow;
using Kind = FlowStepKind;

// ---- what a flow is shown as

ShownFlow shown(const OpenFlow& open) {
    ShownFlow flow;
    flow.id = open.flow.id;
    flow.kind = open.flow.kind;
    flow.client_name = open.visit.client.name.str();
    flow.expires_at = open.flow.expires_at;
    return flow;
}

// The session of this browser, if it is of a sign-in as the flow wants it.
Task<std::optional<Session>> session_there(Ctx& ctx, const OpenFlow& open) {
    std::optional<Session> session;
    if (open.flow.headless) co_return session;
    auto browser = co_await session_of(ctx);
    if (browser && browser->project == open.flow.project && authorization::is_what_was_asked(browser->session, open.flow.request))
        session = std::move(browser->session);
    co_return session;
}

// Who has proven their mailbox, and has passkeys alone.
void add_facts_of_regaining(Tx& tx, const MailedCode& code, FlowFacts& facts) {
    facts.regains = tx.one(has_passkeys_alone, *code.identity_id);
    if (!facts.regains) return;
    facts.app = tx.one(second_factors_of, *code.identity_id).app;
    const auto waiting = tx.maybe(regaining_of, *code.identity_id, now());
    facts.other_waits = waiting && waiting->canonical != code.canonical;
    const bool ready = waiting && !facts.other_waits && waiting->good_from <= now();
    facts.may_add = code.factor_at || ready;
    if (waiting && !facts.other_waits && !ready) facts.wait_until = waiting->good_from;
}

FlowFacts facts_in(Tx& tx, const RunningFlow& flow) {
    FlowFacts facts;
    facts.kind = flow.kind;
    if (flow.identity) {
        const FactorsHeld held = tx.one(second_factors_of, *flow.identity);
        facts.password_proven = held.any();
        facts.app = held.app;
        facts.passkeys = held.passkeys;
    }
    if (flow.kind == FlowKind::sign_in) return facts;
    const auto code = tx.maybe(mailed_code_of, flow.hash, flow.kind == FlowKind::registration ? CodePurpose::registration : CodePurpose::recovery);
    facts.code_sent = code.has_value();
    facts.code_proven = code && code->proven_at;
    if (facts.code_proven && code->identity_id) add_facts_of_regaining(tx, *code, facts);
    return facts;
}

Task<FlowAnswer> now_of(Ctx& ctx, const OpenFlow& open) {
    FlowAnswer answer{shown(open), {}};
    FlowFacts facts;
    std::function<void(Tx&)> work = [&](Tx& tx) { facts = facts_in(tx, open.flow); };
    pg::Scope scope = pg::Scope::project(open.flow.project, "browser");
    co_await ctx.get<Reads>().run(ctx, std::move(scope), std::move(work));
    facts.passkeys_offered = ctx.find<webauthn::RelyingParty>() != nullptr;
    std::optional<Session> session;
    if (open.flow.kind == FlowKind::sign_in) session = co_await session_there(ctx, open);
    if (session) {
        AuthorizeRequest request = open.flow.request;
        co_await authorization::keep_what_is_had(ctx, open.visit, session->identity_id, request);
        facts.consent_due = true;
        answer.flow.scopes = std::move(request.scopes);
    }
    answer.flow.next_steps = next_steps(facts);
    answer.flow.wait_until = facts.wait_until;
    co_return answer;
}

// A flow of a device is gone through at the pages: they show its code.
Task<OpenFlow> flow_of(Ctx& ctx, Header<"Flow-Token"> token) {
    std::string text = token.value.value_or("");
    auto running = co_await running_flow(ctx, std::move(text));
    if (running && running->request.device) running.reset();
    auto open = co_await authorization::open_flow(ctx, std::move(running));
    if (!open) {
        ctx.get<Failures>().note(ctx, {}, {"flow_gone", {}, {}, {}});
        throw Refusal(problems::not_found);
    }
    co_return *std::move(open);
}

// As the store has it after a step.
Task<FlowAnswer> looked_at_again(Ctx& ctx, Header<"Flow-Token"> token) {
    const OpenFlow open = co_await flow_of(ctx, std::move(token));
    FlowAnswer answer = co_await now_of(ctx, open);
    co_return answer;
}

FlowAnswer ended(const OpenFlow& open, const Arrived& arrived) {
    FlowAnswer answer{shown(open), arrived.cookies};
    answer.flow.redirect_to = arrived.back;
    return answer;
}

// Signed in, and asked what the client may know: the session is of the cookie that goes with this answer.
Task<FlowAnswer> answered(Ctx& ctx, const OpenFlow& open, const Arrived& arrived, IdentityId identity) {
    FlowAnswer answer = ended(open, arrived);
    if (arrived.back) co_return answer;
    AuthorizeRequest request = open.flow.request;
    co_await authorization::keep_what_is_had(ctx, open.visit, identity, request);
    answer.flow.scopes = std::move(request.scopes);
    FlowFacts facts;
    facts.consent_due = true;
    facts.passkeys_offered = ctx.find<webauthn::RelyingParty>() != nullptr;
    answer.flow.next_steps = next_steps(facts);
    co_return answer;
}

Task<FlowAnswer> not_right(Ctx& ctx, Header<"Flow-Token"> token) {
    FlowAnswer answer = co_await looked_at_again(ctx, std::move(token));
    answer.flow.fault = FlowFault::not_right;
    answer.flow.trace_id = trace_of(ctx);
    co_return answer;
}

// ---- beginning

void put(oauth::Form::Parameters& parameters, const char* name, const auto& text) {
    if (text) parameters.emplace(name, text->str());
}

oauth::Form request_of(const NewLoginFlow& wanted) {
    oauth::Form::Parameters parameters{{"response_type", "code"},
                                       {"code_challenge_method", "S256"},
                                       {"redirect_uri", wanted.redirect_uri.str()},
                                       {"code_challenge", wanted.code_challenge.str()}};
    put(parameters, "scope", wanted.scope);
    put(parameters, "state", wanted.state);
    put(parameters, "nonce", wanted.nonce);
    put(parameters, "login_hint", wanted.login_hint);
    put(parameters, "acr_values", wanted.acr_values);
    put(parameters, "dpop_jkt", wanted.dpop_jkt);
    return oauth::Form::of(std::move(parameters));
}

AuthorizeRequest asked_for(const Ctx& ctx, const Visit& visit, const oauth::Form& form) {
    try {
        check_may_be_brought(visit.client);
        AuthorizeRequest request = authorize_request(visit.client, form, ctx.get<Settings>().token_audience.view());
        request.two_factors = prompting(form).two_factors;
        return request;
    } catch (const AuthorizeError& error) {
        throw Refusal(client_refused, error.description()).with("error", std::string_view(error.code()));
    }
}

void check_offered(Ctx& ctx, FlowKind kind, ProjectId project) {
    if (kind == FlowKind::registration && !ctx.get<SignUpPolicy>().offered(project)) throw Refusal(not_offered, "Nobody signs up by themselves here.");
    if (kind == FlowKind::recovery && !ctx.get<Mails>().offered()) throw Refusal(not_offered, "No mail is sent from here.");
}

// ---- steps, each by what there is for the pages too

Task<FlowAnswer> by_password(Ctx& ctx, const OpenFlow& open, Header<"Flow-Token"> token, LoginStep in) {
    const auto identity = co_await authorization::try_password(ctx, open, in.login_name->str(), *in.password);
    if (!identity) {
        FlowAnswer answer = co_await not_right(ctx, std::move(token));
        co_return answer;
    }
    const authorization::BehindPassword behind = co_await authorization::behind_password(ctx, open, *identity);
    FlowAnswer answer;
    if (behind.arrived)
        answer = co_await answered(ctx, open, *behind.arrived, *identity);
    else
        answer = co_await looked_at_again(ctx, std::move(token));
    co_return answer;
}

// By a second factor behind a mailed code: the password is set next.
Task<FlowAnswer> by_code_to_regain(Ctx& ctx, const OpenFlow& open, Header<"Flow-Token"> token, LoginStep in) {
    const bool right = co_await recovery::prove_factor(ctx, open.flow, in.code->str());
    FlowAnswer answer;
    if (right)
        answer = co_await looked_at_again(ctx, std::move(token));
    else
        answer = co_await not_right(ctx, std::move(token));
    co_return answer;
}

Task<FlowAnswer> waiting(Ctx& ctx, const OpenFlow& open, Header<"Flow-Token"> token) {
    const auto begun = co_await recovery::wait_by_code(ctx, open.flow);
    if (!begun) throw Refusal(step_not_next);
    FlowAnswer answer = co_await looked_at_again(ctx, std::move(token));
    answer.flow.wait_until = begun->good_from;
    co_return answer;
}

Task<FlowAnswer> by_new_password(Ctx& ctx, const OpenFlow& open, Header<"Flow-Token"> token, LoginStep in) {
    auto codes = co_await recovery::set_by_code(ctx, open.flow, *in.password);
    if (!codes) throw Refusal(step_not_next);
    FlowAnswer answer = co_await looked_at_again(ctx, std::move(token));
    if (!codes->empty()) answer.flow.recovery_codes = *std::move(codes);
    co_return answer;
}

Task<FlowAnswer> by_code(Ctx& ctx, const OpenFlow& open, Header<"Flow-Token"> token, LoginStep in) {
    if (open.flow.kind == FlowKind::recovery) {
        FlowAnswer regained = co_await by_code_to_regain(ctx, open, std::move(token), std::move(in));
        co_return regained;
    }
    const auto arrived = co_await authorization::try_code(ctx, open, in.code->str());
    FlowAnswer answer;
    if (arrived)
        answer = co_await answered(ctx, open, *arrived, *open.flow.identity);
    else
        answer = co_await not_right(ctx, std::move(token));
    co_return answer;
}

Task<FlowAnswer> asking_for_passkey(Ctx& ctx, const OpenFlow& open, FlowAnswer before) {
    before.flow.passkey_options = co_await authorization::passkey_question(ctx, open);
    co_return before;
}

Task<FlowAnswer> by_passkey(Ctx& ctx, const OpenFlow& open, Header<"Flow-Token"> token, LoginStep in) {
    const auto arrived = co_await authorization::try_passkey(ctx, open, in.credential->dump());
    FlowAnswer answer;
    if (arrived)
        answer = co_await answered(ctx, open, arrived->there, arrived->identity);
    else
        answer = co_await not_right(ctx, std::move(token));
    co_return answer;
}

Task<FlowAnswer> by_consent(Ctx& ctx, const OpenFlow& open, LoginStep in) {
    auto session = co_await session_there(ctx, open);
    if (!session) throw Refusal(step_not_next);
    AuthorizeRequest request = open.flow.request;
    Arrived arrived;
    if (*in.allow) {
        co_await authorization::keep_what_is_had(ctx, open.visit, session->identity_id, request);
        authorization::Ending ending{open.flow.hash, true};
        arrived.back = co_await authorization::answered_by_code(ctx, open.flow.project, *std::move(session), std::move(request), std::move(ending));
    } else {
        arrived.back = authorization::refusal(ctx, authorization::way_back_of(request), {"access_denied", "The person refused"});
    }
    co_return ended(open, arrived);
}

Task<FlowAnswer> by_mail_code(Ctx& ctx, const OpenFlow& open, Header<"Flow-Token"> token, LoginStep in) {
    FlowAnswer answer;
    if (open.flow.kind == FlowKind::recovery) {
        const bool right = co_await recovery::prove_code(ctx, open.flow, in.code->str());
        if (right)
            answer = co_await looked_at_again(ctx, std::move(token));
        else
            answer = co_await not_right(ctx, std::move(token));
        co_return answer;
    }
    const auto identity = co_await sign_up(ctx, open.flow, in.code->str());
    if (!identity) {
        answer = co_await not_right(ctx, std::move(token));
        co_return answer;
    }
    const authorization::BehindPassword behind = co_await authorization::behind_password(ctx, open, *identity); // which they have just chosen
    answer = co_await answered(ctx, open, *behind.arrived, *identity);
    co_return answer;
}

Task<FlowAnswer> taken_step(Ctx& ctx, const OpenFlow& open, Header<"Flow-Token"> token, LoginStep in, FlowAnswer before) {
    FlowAnswer answer;
    switch (in.step) {
    case Kind::password: answer = co_await by_password(ctx, open, std::move(token), std::move(in)); co_return answer;
    case Kind::totp:
    case Kind::recovery_code: answer = co_await by_code(ctx, open, std::move(token), std::move(in)); co_return answer;
    case Kind::passkey_challenge: answer = co_await asking_for_passkey(ctx, open, std::move(before)); co_return answer;
    case Kind::passkey: answer = co_await by_passkey(ctx, open, std::move(token), std::move(in)); co_return answer;
    case Kind::consent: answer = co_await by_consent(ctx, open, std::move(in)); co_return answer;
    case Kind::mail_code: answer = co_await by_mail_code(ctx, open, std::move(token), std::move(in)); co_return answer;
    case Kind::account: co_await ask_to_sign_up(ctx, open.flow, in.login_name->str(), *in.password); break;
    case Kind::address: co_await recovery::ask_to_recover(ctx, open.flow, in.login_name->str(), recovery::By::link_and_code); break;
    case Kind::new_password: answer = co_await by_new_password(ctx, open, std::move(token), std::move(in)); co_return answer;
    case Kind::wait: answer = co_await waiting(ctx, open, std::move(token)); co_return answer;
    }
    answer = co_await looked_at_again(ctx, std::move(token));
    co_return answer;
}

} // namespace

Task<FlowBegun> begin(Ctx& ctx, Body<NewLoginFlow> in) {
    auto visit = co_await visit_of(ctx, in->client_id);
    const oauth::Form form = request_of(*in);
    if (!visit || !redirects_home(visit->client, form)) throw Refusal(client_refused);
    if (*in->headless && !visit->client.first_party) throw Refusal(needs_browser);
    check_offered(ctx, *in->kind, visit->project);
    FlowWanted wanted{asked_for(ctx, *visit, form), *in->kind, *in->headless};
    wanted.request.sign_in_after = now();
    BegunFlow begun = co_await begin_flow(ctx, visit->project, std::move(wanted));
    const OpenFlow open{std::move(begun.flow), *std::move(visit)};
    FlowBegun answer;
    answer.answer = co_await now_of(ctx, open);
    answer.answer.flow.flow_token = std::move(begun.token);
    if (begun.cookie) answer.answer.cookies.push_back(*std::move(begun.cookie));
    co_return answer;
}

Task<FlowAnswer> get(Ctx& ctx, Header<"Flow-Token"> token) { return looked_at_again(ctx, std::move(token)); }

Task<FlowAnswer> step(Ctx& ctx, Path<"id", FlowId> id, Header<"Flow-Token"> token, Body<LoginStep> in) {
    const OpenFlow open = co_await flow_of(ctx, token);
    if (open.flow.id != *id) throw Refusal(problems::not_found);
    check_offered(ctx, open.flow.kind, open.flow.project);
    FlowAnswer before = co_await now_of(ctx, open);
    const auto& allowed = before.flow.next_steps;
    if (std::find(allowed.begin(), allowed.end(), in->step) == allowed.end()) throw Refusal(step_not_next);
    FlowAnswer answer = co_await taken_step(ctx, open, std::move(token), std::move(*in), std::move(before));
    co_return answer;
}

} // namespace gravity::issuer::flows
