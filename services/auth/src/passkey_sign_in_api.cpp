#include "passkey_sign_in_api.hpp"

#include "oauth.hpp"
#include "opaque.hpp"
#include "pages.hpp"
#include "passkey_pages.hpp"
#include "passkeys.hpp"
#include "passkeys_store.hpp"
#include "problems.hpp"
#include "redirects.hpp"
#include "sign_in_flow.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/http/ctx.hpp>

namespace gravity::issuer::authorization {
namespace {

using oauth::Form;

std::string bound_to(const OpenFlow& open) { return "flow " + hex_encode(open.flow.hash.view()); }

Json asked_of(Tx& tx, const webauthn::RelyingParty* party, std::string flow, std::optional<IdentityId> identity) {
    webauthn::Asking asking;
    asking.verification = !identity; // alone it stands for two factors: something had, and a PIN or a finger
    if (identity) asking.allowed = tx.all(passkeys_known, *identity, party->id);
    return webauthn::request_options(*party, fresh_challenge(tx, ChallengePurpose::sign_in, flow), asking);
}

// With a challenge of its own each time.
Task<Web> asked_for_passkey(Ctx& ctx, const Form& form, const OpenFlow& open, std::string fault, int status) {
    const webauthn::RelyingParty* const party = &ctx.get<webauthn::RelyingParty>();
    pg::Scope scope = pg::Scope::project(open.flow.project, "browser");
    pages::PasskeySignIn asking;
    asking.flow = form.required("flow");
    asking.behind_password = open.flow.identity.has_value();
    asking.options = co_await ctx.in_scope(std::move(scope), asked_of, party, bound_to(open), open.flow.identity);
    co_return pages::passkey_sign_in(asking, fault, status, redirect_origin(open.flow.request.redirect_uri));
}

Task<Web> shown_passkey(Ctx& ctx, const Form& form, const OpenFlow& open) { return asked_for_passkey(ctx, form, open, {}, 200); }

Task<Web> tried_passkey(Ctx& ctx, const Form& form, const OpenFlow& open) {
    const std::string* const response = form.find("credential");
    const std::optional<IdentityId>& identity = open.flow.identity;
    PasskeyClaim claim{ChallengePurpose::sign_in, bound_to(open), identity, !identity, response != nullptr ? *response : "", address_of(ctx)};
    pg::Scope scope = pg::Scope::project(open.flow.project, "browser");
    std::optional<IdentityId> proven;
    std::optional<Refusal> refused;
    try {
        proven = co_await prove_by_passkey(ctx, std::move(scope), std::move(claim));
    } catch (const Refusal& refusal) {
        if (refusal.problem().status != too_many_attempts.status) throw;
        refused = refusal;
    }
    if (refused) {
        Web web = co_await asked_for_passkey(ctx, form, open, "Too many sign-ins have failed. Please try again later.", refused->problem().status);
        for (const auto& header : refused->headers()) web.headers.push_back(header);
        co_return web;
    }
    if (!proven) {
        Web web = co_await asked_for_passkey(ctx, form, open, "This passkey does not sign you in here.", 400);
        co_return web;
    }
    std::vector<std::string> amr{"pop", "user", "mfa"}; // RFC 8176: a key that was possessed, and somebody who was there
    if (identity) amr.insert(amr.begin(), "pwd");
    Web web = co_await went_on(ctx, form, open, *proven, std::move(amr));
    co_return web;
}

bool offered(Ctx& ctx) { return ctx.find<webauthn::RelyingParty>() != nullptr; }

Task<Web> not_offered() { co_return pages::fault(404, "There are no passkeys here. Please ask whoever runs the application."); }

} // namespace

Task<Web> passkey_page(Ctx& ctx) {
    if (!offered(ctx)) return not_offered();
    return with_flow(ctx, ctx.request().query, shown_passkey);
}

Task<WebSeeOther> passkey(Ctx& ctx, RawBody body) {
    if (!offered(ctx)) return sent_on(not_offered());
    return sent_on(with_flow(ctx, std::move(body.bytes), tried_passkey));
}

Task<Web> passkey_script(Ctx&) { co_return pages::passkey_script(); }

} // namespace gravity::issuer::authorization
