#include "account_api.hpp"
#include "account_pages.hpp"
#include "account_visit.hpp"
#include "own_credentials.hpp"
#include "pages.hpp"
#include "passkey_pages.hpp"
#include "passkeys.hpp"
#include "passkeys_store.hpp"
#include "problems.hpp"
#include "sign_in_flow.hpp"
#include "told_pages.hpp"
#include "trusted_devices.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/ctx.hpp>
#include <gravity/log/log.hpp>

#include <algorithm>

namespace gravity::issuer::account {
namespace {

using oauth::Form;

constexpr std::string_view not_a_passkey = "This passkey could not be taken. Please try again.";

std::string bound_to_session(const Visitor& visitor) { return "session " + visitor.browser.session.id.to_string(); }

bool passkeys_offered(Ctx& ctx) { return ctx.find<webauthn::RelyingParty>() != nullptr; }
Web no_passkeys() { return pages::fault(404, "There are no passkeys here. Please ask whoever runs the application."); }

Json begun(Tx& tx, const webauthn::RelyingParty* party, Identity identity, std::string bound_to) {
    return issuer::begin_passkey(tx, *party, identity, bound_to);
}

// The challenge is given to who has proven who they are, and the answer to it needs no other proof.
Task<Web> making_page(Ctx& ctx, const Visitor& visitor) {
    const webauthn::RelyingParty* const party = &ctx.get<webauthn::RelyingParty>();
    pg::Scope scope = scope_of(visitor);
    pages::PasskeyAsked asking{visitor.proof, {}};
    asking.options = co_await ctx.in_scope(std::move(scope), begun, party, *visitor.identity, bound_to_session(visitor));
    co_return pages::make_passkey(asking);
}

Task<Web> beginning_passkey(Ctx& ctx, const Visitor& visitor, const Form& form) {
    const bool known = co_await proven(ctx, visitor, form);
    if (!known) co_return overview(ctx, visitor, not_proven, 400);
    Web web = co_await making_page(ctx, visitor);
    co_return web;
}

std::optional<PasskeyMade> made(Tx& tx, const webauthn::RelyingParty* party, PasskeyWanted wanted) { return make_passkey(tx, *party, wanted); }

// Whatever was not taken has used its challenge up, or had none: one begins again, and proves who one is.
Task<Web> adding_passkey(Ctx& ctx, const Visitor& visitor, const Form& form) {
    PasskeyWanted wanted;
    wanted.identity = visitor.identity->id;
    wanted.bound_to = bound_to_session(visitor);
    const auto name = Text<1, 64>::parse(text_in(form, "name"));
    if (!name) co_return overview(ctx, visitor, "A passkey needs a name, of at most 64 characters.", 400);
    wanted.name = name->str();
    auto registration = webauthn::read_registration(text_in(form, "credential"));
    if (!registration) {
        log::debug("passkey refused", {{"reason", registration.why()}});
        co_return overview(ctx, visitor, not_a_passkey, 400);
    }
    wanted.registration = *std::move(registration);
    const webauthn::RelyingParty* const party = &ctx.get<webauthn::RelyingParty>();
    pg::Scope scope = scope_of(visitor);
    const auto done = co_await ctx.in_scope(std::move(scope), made, party, std::move(wanted));
    if (!done) co_return overview(ctx, visitor, not_a_passkey, 400);
    if (!done->recovery_codes.empty()) co_return pages::recovery_codes(done->recovery_codes);
    co_return pages::done("Your passkey is made", "It signs you in from now on.");
}

bool removed_passkey(Tx& tx, IdentityId identity, CredentialId passkey, std::string domain) { return remove_own_credential(tx, identity, passkey, domain); }

Task<Web> removing_passkey(Ctx& ctx, const Visitor& visitor, const Form& form) {
    const auto id = CredentialId::parse(text_in(form, "id"));
    if (!id) co_return overview(ctx, visitor, "There is no such passkey.", 404);
    const bool known = co_await proven(ctx, visitor, form);
    if (!known) co_return overview(ctx, visitor, not_proven, 400);
    const auto& all = visitor.passkeys;
    const bool theirs = std::any_of(all.begin(), all.end(), [&](const ShownPasskey& passkey) { return passkey.id == *id; });
    if (!theirs) co_return overview(ctx, visitor, "There is no such passkey.", 404);
    const webauthn::RelyingParty* const party = ctx.find<webauthn::RelyingParty>();
    std::string domain = party != nullptr ? party->id : std::string();
    pg::Scope scope = scope_of(visitor);
    const bool done = co_await ctx.in_scope(std::move(scope), removed_passkey, visitor.identity->id, *id, std::move(domain));
    if (!done) co_return overview(ctx, visitor, "There is no such passkey.", 404);
    co_return pages::done("The passkey is removed", "Remove it from your device too: it is of no use any more.");
}

// ---- proving by a passkey

Json asked_for_proof(Tx& tx, const webauthn::RelyingParty* party, std::string bound_to, IdentityId identity) {
    const webauthn::Asking asking{tx.all(passkeys_known, identity, party->id), true};
    return webauthn::request_options(*party, fresh_challenge(tx, ChallengePurpose::proof, bound_to), asking);
}

Task<Web> proof_page(Ctx& ctx, const Visitor& visitor, std::string fault, int status) {
    const webauthn::RelyingParty* const party = &ctx.get<webauthn::RelyingParty>();
    pg::Scope scope = scope_of(visitor);
    pages::PasskeyAsked asking{visitor.proof, {}};
    asking.options = co_await ctx.in_scope(std::move(scope), asked_for_proof, party, bound_to_session(visitor), visitor.identity->id);
    co_return pages::prove_by_passkey(asking, fault, status);
}

Task<Web> proving_passkey(Ctx& ctx, const Visitor& visitor, const Form& form) {
    PasskeyClaim claim{ChallengePurpose::proof, bound_to_session(visitor), visitor.identity->id, true,
                       text_in(form, "credential"), address_of(ctx), device_of(ctx)};
    pg::Scope scope = scope_of(visitor);
    const auto identity = co_await prove_by_passkey(ctx, std::move(scope), std::move(claim));
    if (!identity) {
        Web web = co_await proof_page(ctx, visitor, "This passkey does not prove it.", 400);
        co_return web;
    }
    Visitor now = visitor;
    now.proven = fresh_proof(ctx, visitor);
    co_return overview(ctx, now);
}

Task<Web> acted_if_offered(Ctx& ctx, std::string text, Action action) {
    if (!passkeys_offered(ctx)) co_return no_passkeys();
    Web web = co_await acted(ctx, std::move(text), action);
    co_return web;
}

Task<Web> page_to_prove(Ctx& ctx) {
    if (!passkeys_offered(ctx)) co_return no_passkeys();
    const auto visitor = co_await visitor_of(ctx);
    if (!visitor) co_return pages::fault(401, "You are not signed in. Please sign in at one of your applications first.");
    Web web = co_await proof_page(ctx, *visitor, {}, 200);
    co_return web;
}

} // namespace

Task<Web> begin_passkey(Ctx& ctx, RawBody body) { return acted_if_offered(ctx, std::move(body.bytes), beginning_passkey); }
Task<Web> add_passkey(Ctx& ctx, RawBody body) { return acted_if_offered(ctx, std::move(body.bytes), adding_passkey); }
// Also where there are none any more: those that were made before can be removed.
Task<Web> remove_passkey(Ctx& ctx, RawBody body) { return acted(ctx, std::move(body.bytes), removing_passkey); }

Task<Web> passkey_proof(Ctx& ctx) { return pages::told(ctx, page_to_prove(ctx)); }

Task<Web> prove_passkey(Ctx& ctx, RawBody body) { return acted_if_offered(ctx, std::move(body.bytes), proving_passkey); }

} // namespace gravity::issuer::account
