#include "account_api.hpp"

#include "account_pages.hpp"
#include "account_visit.hpp"
#include "identities_store.hpp"
#include "new_password.hpp"
#include "pages.hpp"
#include "password_pool.hpp"
#include "problems.hpp"
#include "recovery_api.hpp"
#include "regain.hpp"
#include "second_factor.hpp"
#include "sign_in_store.hpp"
#include "told_pages.hpp"
#include "totp.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/auth/sealed.hpp>
#include <gravity/http/ctx.hpp>

namespace gravity::issuer::account {
namespace {

using oauth::Form;

std::string enrolling(const Visitor& visitor) { return "enrol " + visitor.browser.session.id.to_string(); }

Web enrolment_page(Ctx& ctx, const Visitor& visitor, const Secret<>& secret, std::string_view fault, int status) {
    const std::string& url = ctx.get<Settings>().public_url.str();
    const std::string host = url.substr(url.find("://") + 3);
    const std::string name = visitor.identity->login_names.empty() ? "account" : visitor.identity->login_names.front().value.str();
    pages::Enrolling enrolling_page;
    enrolling_page.proof = visitor.proof;
    enrolling_page.proven = visitor.proven;
    enrolling_page.sealed = ctx.get<auth::MasterKeys>().seal(secret.reveal(), enrolling(visitor));
    enrolling_page.secret = totp::base32(secret.reveal());
    enrolling_page.uri = totp::app_uri(secret, host.substr(0, host.find('/')), name).reveal();
    return pages::enrolling(enrolling_page, fault, status);
}

// Who has another second factor proves that first: the code of the page behind it is the new app's.
Task<Web> beginning(Ctx& ctx, const Visitor& visitor, const Form& form) {
    if (visitor.totp) throw Refusal(totp_exists);
    Visitor now = visitor;
    if (!visitor.passkeys.empty()) {
        const bool known = co_await proven(ctx, visitor, form);
        if (!known) co_return overview(ctx, visitor, not_proven, 400);
        now.proven = fresh_proof(ctx, visitor);
    }
    co_return enrolment_page(ctx, now, totp::fresh_secret(), {}, 200);
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
    if (!known) co_return overview(ctx, visitor, not_proven, 400);
    pg::Scope scope = scope_of(visitor);
    co_await ctx.in_scope(std::move(scope), removed, visitor.identity->id);
    Visitor now = visitor;
    now.totp.reset();
    if (now.passkeys.empty()) now.recovery_codes = 0;
    co_return overview(ctx, now);
}

Task<Web> renewing(Ctx& ctx, const Visitor& visitor, const Form& form) {
    bool known = visitor.totp.has_value() || !visitor.passkeys.empty();
    if (known) known = co_await proven(ctx, visitor, form);
    if (!known) co_return overview(ctx, visitor, not_proven, 400);
    pg::Scope scope = scope_of(visitor);
    const auto codes = co_await ctx.in_scope(std::move(scope), renew_recovery_codes, visitor.identity->id);
    if (!codes) throw Refusal(problems::not_found);
    co_return pages::recovery_codes(*codes);
}

Task<Web> confirming_addresses(Ctx& ctx, const Visitor& visitor, const Form&) {
    const std::int64_t sent = co_await recovery::send_confirmations(ctx, visitor.browser.project, visitor.identity->id);
    if (sent == 0) co_return overview(ctx, visitor, "There is nothing to confirm, or links are on their way already.", 400);
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
    if (!known) co_return overview(ctx, visitor, not_proven, 400);
    std::string hash = co_await ctx.get<PasswordPool>().hash(ctx.deadline(), wanted);
    pg::Scope scope = scope_of(visitor);
    co_await ctx.in_scope(std::move(scope), set_and_end_others, visitor.identity->id, std::move(hash), visitor.browser.session.id);
    co_return pages::done("Your password is changed", "You are signed out everywhere else.");
}

// Nobody has to prove anything for it: whoever does it harms nobody but who waits.
void no_more_regained(Tx& tx, IdentityId identity) {
    if (tx.maybe(lock_identity, identity)) regain::cancel(tx, identity);
}

Task<Web> stopping(Ctx& ctx, const Visitor& visitor, const Form&) {
    pg::Scope scope = scope_of(visitor);
    co_await ctx.in_scope(std::move(scope), no_more_regained, visitor.identity->id);
    co_return pages::done("It is stopped", "Nothing was changed. If it was not you, somebody reads your mail: look after your mailbox.");
}

Task<Web> looked_after(Ctx& ctx) {
    const auto visitor = co_await visitor_of(ctx);
    if (!visitor) co_return pages::fault(401, "You are not signed in. Please sign in at one of your applications first.");
    co_return overview(ctx, *visitor);
}

} // namespace

Task<Web> security(Ctx& ctx) { return pages::told(ctx, looked_after(ctx)); }

Task<Web> begin_totp(Ctx& ctx, RawBody body) { return acted(ctx, std::move(body.bytes), beginning); }
Task<Web> confirm_totp(Ctx& ctx, RawBody body) { return acted(ctx, std::move(body.bytes), confirming); }
Task<Web> remove_totp(Ctx& ctx, RawBody body) { return acted(ctx, std::move(body.bytes), removing); }
Task<Web> renew_codes(Ctx& ctx, RawBody body) { return acted(ctx, std::move(body.bytes), renewing); }
Task<Web> confirm_addresses(Ctx& ctx, RawBody body) { return acted(ctx, std::move(body.bytes), confirming_addresses); }
Task<Web> change_password(Ctx& ctx, RawBody body) { return acted(ctx, std::move(body.bytes), changing); }
Task<Web> stop_regaining(Ctx& ctx, RawBody body) { return acted(ctx, std::move(body.bytes), stopping); }

} // namespace gravity::issuer::account
