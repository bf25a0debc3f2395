#include "account_api.hpp"

#include "account_pages.hpp"
#include "identities_store.hpp"
#include "links_store.hpp"
#include "new_password.hpp"
#include "oauth.hpp"
#include "pages.hpp"
#include "password_pool.hpp"
#include "password_sign_in.hpp"
#include "problems.hpp"
#include "reads.hpp"
#include "recovery_api.hpp"
#include "second_factor.hpp"
#include "second_factor_store.hpp"
#include "sessions.hpp"
#include "sign_in_store.hpp"
#include "totp.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/auth/sealed.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/http/ctx.hpp>

namespace gravity::issuer::account {
namespace {

using oauth::Form;

constexpr std::string_view form_type = "application/x-www-form-urlencoded";
constexpr std::string_view page_gone = "This page has ended. Please open it again.";
constexpr std::string_view not_proven = "Password or code are not right.";

/// Who is at the page.
struct Visitor {
    SignedInBrowser browser;
    std::optional<Identity> identity;
    std::optional<StoredTotp> totp;
    bool unconfirmed = false; // an address could be confirmed
    std::string proof; // that a form is one of ours, for this browser
};

pg::Scope scope_of(const Visitor& visitor) { return pg::Scope::project(visitor.browser.project, visitor.browser.session.identity_id.to_string()); }

auth::Authenticator authenticator_of(Ctx& ctx) { return ctx.get<auth::MasterKeys>().authenticator("account"); }
std::string enrolling(const Visitor& visitor) { return "enrol " + visitor.browser.session.id.to_string(); }

Task<std::optional<Visitor>> visitor_of(Ctx& ctx) {
    std::optional<Visitor> visitor;
    auto browser = co_await session_of(ctx);
    if (!browser) co_return visitor;
    visitor.emplace();
    visitor->browser = *std::move(browser);
    const IdentityId id = visitor->browser.session.identity_id;
    visitor->proof = authenticator_of(ctx).sign({}, visitor->browser.session.id.to_string());
    std::function<void(Tx&)> work = [&](Tx& tx) {
        visitor->identity = tx.maybe(get_identity, id);
        visitor->totp = tx.maybe(totp_of, id);
        visitor->unconfirmed = *ctx.get<Settings>().links_in_events && !tx.all(addresses_to_confirm, id).empty();
    };
    pg::Scope scope = scope_of(*visitor);
    co_await ctx.get<Reads>().run(ctx, std::move(scope), std::move(work));
    if (!visitor->identity) visitor.reset();
    co_return visitor;
}

Web overview(const Visitor& visitor, std::string_view fault = {}, int status = 200) {
    pages::Security security;
    security.proof = visitor.proof;
    security.name = visitor.identity->login_names.empty() ? "" : visitor.identity->login_names.front().value.str();
    security.unconfirmed = visitor.unconfirmed;
    if (visitor.totp) security.recovery_codes = visitor.totp->recovery_codes;
    return pages::security(security, fault, status);
}

Web refused(const Visitor& visitor, const Refusal& refusal) {
    const int status = refusal.problem().status;
    std::string why = "This does not work at the moment.";
    if (status == too_many_attempts.status) why = "Too many attempts have failed. Please try again later.";
    if (status == password_refused.status) why = refusal.detail();
    Web web = overview(visitor, why, status);
    for (const auto& header : refusal.headers()) web.headers.push_back(header);
    return web;
}

IpAddress address_of(const Ctx& ctx) {
    return origin(ctx.request().peer_address, ctx.request().headers.joined("X-Forwarded-For"), ctx.get<Networks>());
}

std::string text_in(const Form& form, std::string_view name) { return form.find(name) != nullptr ? *form.find(name) : std::string(); }

// The password, and the code of the app where there is one. Throws Refusal where too many failed.
Task<bool> proven(Ctx& ctx, const Visitor& visitor, const Form& form) {
    if (visitor.identity->login_names.empty()) co_return false;
    PasswordClaim claim{visitor.identity->login_names.front().value.str(), Secret<>(text_in(form, "password")), address_of(ctx)};
    pg::Scope scope = scope_of(visitor);
    const auto signed_in = co_await sign_in_by_password(ctx, scope, std::move(claim));
    if (!signed_in || signed_in->identity != visitor.identity->id) co_return false;
    if (!visitor.totp) co_return true;
    CodeClaim code{visitor.identity->id, text_in(form, "code"), address_of(ctx)};
    const auto by_code = co_await prove_by_code(ctx, std::move(scope), std::move(code));
    co_return by_code.has_value();
}

using Action = Task<Web> (*)(Ctx&, const Visitor&, const Form&);

// What a form of the page asks for, by the browser that it was given to.
Task<Web> acted(Ctx& ctx, std::string text, Action action) {
    std::optional<Form> form;
    try {
        form = Form::parse(form_type, text);
    } catch (const oauth::Refused& no_form) {
        co_return pages::fault(400, no_form.description());
    }
    const auto visitor = co_await visitor_of(ctx);
    if (!visitor) co_return pages::fault(401, "You are not signed in.");
    const bool ours = authenticator_of(ctx).verify(text_in(*form, "proof"), visitor->browser.session.id.to_string()).has_value();
    if (!ours) co_return pages::fault(400, page_gone);
    std::optional<Refusal> refusal;
    try {
        Web web = co_await action(ctx, *visitor, *form);
        co_return web;
    } catch (const Refusal& thrown) {
        refusal = thrown;
    }
    if (refusal->problem().status >= 500) throw *std::move(refusal);
    co_return refused(*visitor, *refusal);
}

Web enrolment_page(Ctx& ctx, const Visitor& visitor, const Secret<>& secret, std::string_view fault, int status) {
    const std::string& url = ctx.get<Settings>().public_url.str();
    const std::string host = url.substr(url.find("://") + 3);
    const std::string name = visitor.identity->login_names.empty() ? "account" : visitor.identity->login_names.front().value.str();
    pages::Enrolling enrolling_page;
    enrolling_page.proof = visitor.proof;
    enrolling_page.sealed = ctx.get<auth::MasterKeys>().seal(secret.reveal(), enrolling(visitor));
    enrolling_page.secret = totp::base32(secret.reveal());
    enrolling_page.uri = totp::app_uri(secret, host.substr(0, host.find('/')), name).reveal();
    return pages::enrolling(enrolling_page, fault, status);
}

Task<Web> beginning(Ctx& ctx, const Visitor& visitor, const Form&) {
    if (visitor.totp) throw Refusal(totp_exists);
    co_return enrolment_page(ctx, visitor, totp::fresh_secret(), {}, 200);
}

std::optional<std::vector<std::string>> enrolled(Tx& tx, const auth::MasterKeys* keys, Enrolment enrolment) { return enrol_totp(tx, *keys, enrolment); }

Task<Web> confirming(Ctx& ctx, const Visitor& visitor, const Form& form) {
    const auto secret = ctx.get<auth::MasterKeys>().open(text_in(form, "sealed"), enrolling(visitor));
    if (!secret) co_return pages::fault(400, page_gone);
    if (visitor.totp) throw Refusal(totp_exists);
    const bool known = co_await proven(ctx, visitor, form);
    if (!known) co_return enrolment_page(ctx, visitor, *secret, not_proven, 400);
    Enrolment enrolment{visitor.identity->id, *secret, text_in(form, "code")};
    const auth::MasterKeys* const keys = &ctx.get<auth::MasterKeys>();
    pg::Scope scope = scope_of(visitor);
    const auto codes = co_await ctx.in_scope(std::move(scope), enrolled, keys, std::move(enrolment));
    if (!codes) co_return enrolment_page(ctx, visitor, *secret, not_proven, 400);
    co_return pages::recovery_codes(*codes);
}

bool removed(Tx& tx, IdentityId id) { return issuer::remove_totp(tx, id); }

Task<Web> removing(Ctx& ctx, const Visitor& visitor, const Form& form) {
    const bool known = co_await proven(ctx, visitor, form);
    if (!known) co_return overview(visitor, not_proven, 400);
    pg::Scope scope = scope_of(visitor);
    co_await ctx.in_scope(std::move(scope), removed, visitor.identity->id);
    Visitor now = visitor;
    now.totp.reset();
    co_return overview(now);
}

Task<Web> renewing(Ctx& ctx, const Visitor& visitor, const Form& form) {
    bool known = visitor.totp.has_value();
    if (known) known = co_await proven(ctx, visitor, form);
    if (!known) co_return overview(visitor, not_proven, 400);
    pg::Scope scope = scope_of(visitor);
    const auto codes = co_await ctx.in_scope(std::move(scope), renew_recovery_codes, visitor.identity->id);
    if (!codes) throw Refusal(problems::not_found);
    co_return pages::recovery_codes(*codes);
}

Task<Web> confirming_addresses(Ctx& ctx, const Visitor& visitor, const Form&) {
    const std::int64_t sent = co_await recovery::send_confirmations(ctx, visitor.browser.project, visitor.identity->id);
    if (sent == 0) co_return overview(visitor, "There is nothing to confirm, or links are on their way already.", 400);
    co_return pages::done("Look into your mailbox", "A link is on its way. It is good for a day.");
}

// Whoever knew the one before is signed in nowhere any more.
void set_and_end_others(Tx& tx, IdentityId identity, std::string hash, SessionId stays) {
    set_password(tx, identity, std::move(hash));
    end_other_sessions(tx, identity, stays);
}

Task<Web> changing(Ctx& ctx, const Visitor& visitor, const Form& form) {
    const Secret<> wanted(text_in(form, "new_password"));
    check_new_password(wanted, *visitor.identity, ctx.get<Settings>());
    const bool known = co_await proven(ctx, visitor, form);
    if (!known) co_return overview(visitor, not_proven, 400);
    std::string hash = co_await ctx.get<PasswordPool>().hash(ctx.deadline(), wanted);
    pg::Scope scope = scope_of(visitor);
    co_await ctx.in_scope(std::move(scope), set_and_end_others, visitor.identity->id, std::move(hash), visitor.browser.session.id);
    co_return pages::done("Your password is changed", "You are signed out everywhere else.");
}

} // namespace

Task<Web> security(Ctx& ctx) {
    const auto visitor = co_await visitor_of(ctx);
    if (!visitor) co_return pages::fault(401, "You are not signed in. Please sign in at one of your applications first.");
    co_return overview(*visitor);
}

Task<Web> begin_totp(Ctx& ctx, RawBody body) { return acted(ctx, std::move(body.bytes), beginning); }
Task<Web> confirm_totp(Ctx& ctx, RawBody body) { return acted(ctx, std::move(body.bytes), confirming); }
Task<Web> remove_totp(Ctx& ctx, RawBody body) { return acted(ctx, std::move(body.bytes), removing); }
Task<Web> renew_codes(Ctx& ctx, RawBody body) { return acted(ctx, std::move(body.bytes), renewing); }
Task<Web> confirm_addresses(Ctx& ctx, RawBody body) { return acted(ctx, std::move(body.bytes), confirming_addresses); }
Task<Web> change_password(Ctx& ctx, RawBody body) { return acted(ctx, std::move(body.bytes), changing); }

} // namespace gravity::issuer::account
