#include "account_visit.hpp"

#include "account_pages.hpp"
#include "failures.hpp"
#include "grants_store.hpp"
#include "identities_store.hpp"
#include "links_store.hpp"
#include "mails.hpp"
#include "pages.hpp"
#include "passkeys_store.hpp"
#include "password_sign_in.hpp"
#include "problems.hpp"
#include "reads.hpp"
#include "regain_store.hpp"
#include "relying_party.hpp"
#include "second_factor.hpp"
#include "sign_in_flow.hpp"
#include "told_pages.hpp"
#include "trusted_devices.hpp"
#include "trusted_devices_store.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/auth/sealed.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/http/ctx.hpp>

#include <charconv>

namespace gravity::issuer::account {
namespace {

using oauth::Form;

constexpr std::int64_t proof_seconds = 300;

auth::Authenticator authenticator_of(Ctx& ctx) { return ctx.get<auth::MasterKeys>().authenticator("account"); }
auth::Authenticator authenticator_of_proofs(Ctx& ctx) { return ctx.get<auth::MasterKeys>().authenticator("account proof"); }

bool is_fresh_proof(Ctx& ctx, const Visitor& visitor, const std::string& text) {
    const auto until = authenticator_of_proofs(ctx).verify(text, visitor.browser.session.id.to_string());
    if (!until) return false;
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(until->data(), until->data() + until->size(), seconds);
    return error == std::errc() && end == until->data() + until->size() && now().unix_seconds() < seconds;
}

Web refused(Ctx& ctx, const Visitor& visitor, const Refusal& refusal) {
    const int status = refusal.problem().status;
    std::string why = "This does not work at the moment.";
    if (status == too_many_attempts.status) why = "Too many attempts have failed. Please try again later.";
    if (status == password_refused.status) why = refusal.detail();
    for (const Problem& told : {passkey_exists, too_many_passkeys, last_way_in})
        if (refusal.problem().slug == told.slug) why = told.title;
    Web web = overview(ctx, visitor, why, status);
    for (const auto& header : refusal.headers()) web.headers.push_back(header);
    return web;
}

} // namespace

pg::Scope scope_of(const Visitor& visitor) { return pg::Scope::project(visitor.browser.project, visitor.browser.session.identity_id.to_string()); }

Task<std::optional<Visitor>> visitor_of(Ctx& ctx) {
    std::optional<Visitor> visitor;
    auto browser = co_await session_of(ctx);
    if (!browser) co_return visitor;
    visitor.emplace();
    visitor->browser = *std::move(browser);
    const IdentityId id = visitor->browser.session.identity_id;
    visitor->proof = authenticator_of(ctx).sign({}, visitor->browser.session.id.to_string());
    const auto shown = device_of(ctx);
    std::function<void(Tx&)> work = [&](Tx& tx) {
        visitor->identity = tx.maybe(get_identity, id);
        visitor->totp = tx.maybe(totp_of, id);
        visitor->passkeys = tx.all(passkeys_of, id);
        visitor->sessions = tx.all(live_sessions_of, id, now());
        visitor->devices = tx.all(devices_trusted_for, id, now());
        if (shown)
            if (const auto here = tx.maybe(device_for_identity, *shown, id, now())) visitor->device_here = here->id;
        visitor->applications = tx.all(applications_of, id, now());
        visitor->recovery_codes = tx.one(count_recovery_codes, id);
        visitor->regaining = tx.maybe(regaining_of, id, now());
        visitor->unconfirmed = ctx.get<Mails>().offered() && !tx.all(addresses_to_confirm, id).empty();
    };
    pg::Scope scope = scope_of(*visitor);
    co_await ctx.get<Reads>().run(ctx, std::move(scope), std::move(work));
    if (!visitor->identity) visitor.reset();
    co_return visitor;
}

Web overview(Ctx& ctx, const Visitor& visitor, std::string_view fault, int status) {
    pages::Security security;
    security.proof = visitor.proof;
    security.proven = visitor.proven;
    security.name = visitor.identity->login_names.empty() ? "" : visitor.identity->login_names.front().value.str();
    security.app = visitor.totp.has_value();
    security.passkeys = visitor.passkeys;
    security.passkeys_offered = ctx.find<webauthn::RelyingParty>() != nullptr;
    security.recovery_codes = visitor.recovery_codes;
    security.here = visitor.browser.session.id;
    security.sessions = visitor.sessions;
    security.devices = visitor.devices;
    security.device_here = visitor.device_here;
    security.applications = visitor.applications;
    security.unconfirmed = visitor.unconfirmed;
    if (visitor.regaining) security.regained_from = visitor.regaining->good_from;
    return pages::security(security, fault, status);
}

namespace {

Task<Web> done_or_told(Ctx& ctx, std::string text, Action action) {
    std::optional<Form> form;
    try {
        form = Form::parse(authorization::form_type, text);
    } catch (const oauth::Refused& no_form) {
        co_return pages::fault(400, no_form.description());
    }
    auto visitor = co_await visitor_of(ctx);
    if (!visitor) co_return pages::fault(401, "You are not signed in.");
    const bool ours = authenticator_of(ctx).verify(text_in(*form, "proof"), visitor->browser.session.id.to_string()).has_value();
    if (!ours) co_return pages::fault(400, page_gone);
    std::string before = text_in(*form, "proven");
    if (!before.empty() && is_fresh_proof(ctx, *visitor, before)) visitor->proven = std::move(before);
    std::optional<Refusal> refusal;
    try {
        Web web = co_await action(ctx, *visitor, *form);
        co_return web;
    } catch (const Refusal& thrown) {
        refusal = thrown;
    }
    if (refusal->problem().status >= 500) throw *std::move(refusal);
    co_return refused(ctx, *visitor, *refusal);
}

} // namespace

Task<Web> acted(Ctx& ctx, std::string text, Action action) { return pages::told(ctx, done_or_told(ctx, std::move(text), action)); }

Task<bool> proven(Ctx& ctx, const Visitor& visitor, const Form& form) {
    if (!visitor.proven.empty()) co_return true;
    if (visitor.identity->login_names.empty()) co_return false;
    PasswordClaim claim{visitor.identity->login_names.front().value.str(), Secret<>(text_in(form, "password")), address_of(ctx), device_of(ctx)};
    pg::Scope scope = scope_of(visitor);
    const auto signed_in = co_await sign_in_by_password(ctx, scope, std::move(claim));
    if (!signed_in || signed_in->identity != visitor.identity->id) co_return false;
    if (!visitor.totp && visitor.passkeys.empty()) co_return true;
    CodeClaim code{visitor.identity->id, text_in(form, "code"), address_of(ctx), device_of(ctx)};
    const auto by_code = co_await prove_by_code(ctx, std::move(scope), std::move(code));
    co_return by_code.has_value();
}

std::string fresh_proof(Ctx& ctx, const Visitor& visitor) {
    return authenticator_of_proofs(ctx).sign(std::to_string(now().unix_seconds() + proof_seconds), visitor.browser.session.id.to_string());
}

std::string text_in(const Form& form, std::string_view name) { return form.find(name) != nullptr ? *form.find(name) : std::string(); }

} // namespace gravity::issuer::account
