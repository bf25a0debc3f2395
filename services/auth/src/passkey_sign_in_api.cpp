#include "passkey_sign_in_api.hpp"

#include "oauth.hpp"
#include "pages.hpp"
#include "passkey_pages.hpp"
#include "problems.hpp"
#include "redirects.hpp"
#include "sign_in_steps.hpp"
#include "webauthn.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/ctx.hpp>

namespace gravity::issuer::authorization {
namespace {

using oauth::Form;

// With a challenge of its own each time.
Task<Web> asked_for_passkey(Ctx& ctx, const Form& form, const OpenFlow& open, std::string fault, int status) {
    pages::PasskeySignIn asking;
    asking.flow = form.required("flow");
    asking.behind_password = open.flow.identity.has_value();
    asking.options = co_await passkey_question(ctx, open);
    co_return pages::passkey_sign_in(asking, fault, status, redirect_origin(open.flow.request.redirect_uri));
}

Task<Web> shown_passkey(Ctx& ctx, const Form& form, const OpenFlow& open) { return asked_for_passkey(ctx, form, open, {}, 200); }

Task<Web> tried_passkey(Ctx& ctx, const Form& form, const OpenFlow& open) {
    const std::string* const response = form.find("credential");
    std::optional<ByPasskey> there;
    std::optional<Refusal> refused;
    try {
        std::string said = response != nullptr ? *response : std::string();
        there = co_await try_passkey(ctx, open, std::move(said));
    } catch (const Refusal& refusal) {
        if (refusal.problem().status != too_many_attempts.status) throw;
        refused = refusal;
    }
    if (refused) {
        Web web = co_await asked_for_passkey(ctx, form, open, "Too many sign-ins have failed. Please try again later.", refused->problem().status);
        for (const auto& header : refused->headers()) web.headers.push_back(header);
        co_return web;
    }
    if (!there) {
        Web web = co_await asked_for_passkey(ctx, form, open, "This passkey does not sign you in here.", 400);
        co_return web;
    }
    co_return page_of(there->there, form.required("flow"));
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
