#include "logout_api.hpp"

#include "client_login.hpp"
#include "cookies.hpp"
#include "id_tokens.hpp"
#include "keyring.hpp"
#include "pages.hpp"
#include "problems.hpp"
#include "reads.hpp"
#include "redirects.hpp"
#include "sessions.hpp"
#include "sign_in_store.hpp"
#include "told_pages.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/auth/sealed.hpp>
#include <gravity/http/ctx.hpp>

#include <algorithm>

namespace gravity::issuer::people {
namespace {

using oauth::Form;

struct Leaving {
    std::optional<ShownIdToken> hint;
    std::string client, redirect, state;
};

Leaving leaving_of(Ctx& ctx, const Form& form) {
    Leaving leaving;
    const auto text = [&](std::string_view name) { return form.find(name) != nullptr ? *form.find(name) : std::string(); };
    const auto keys = ctx.get<Keyring>().now();
    if (!keys) throw Refusal(keys_not_ready).with_header("Retry-After", "1");
    leaving.hint = read_id_token(*keys, ctx.get<Settings>(), text("id_token_hint"));
    if (leaving.hint && form.find("client_id") != nullptr && *form.find("client_id") != leaving.hint->client) // section 2: both have to agree
        throw oauth::Refused(oauth::invalid_request, "The application that sent you here is not the one that you signed in at.");
    leaving.client = leaving.hint ? leaving.hint->client : text("client_id");
    leaving.redirect = text("post_logout_redirect_uri");
    leaving.state = text("state");
    return leaving;
}

// Where a client may have the browser sent to; nothing if it may not have it sent there.
Task<std::optional<std::string>> way_back(Ctx& ctx, Leaving leaving) {
    std::optional<std::string> way;
    const auto client = ClientId::parse(leaving.client);
    if (leaving.redirect.empty() || !client) co_return way;
    const auto project = co_await ctx.get<ClientLogin>().project_of(ctx, *client);
    if (!project) co_return way;
    std::vector<RedirectUri> known;
    std::function<void(Tx&)> work = [&](Tx& tx) { known = tx.all(logout_redirects, *client); };
    pg::Scope scope = pg::Scope::project(*project, "browser");
    co_await ctx.get<Reads>().run(ctx, std::move(scope), std::move(work));
    if (std::any_of(known.begin(), known.end(), [&](const RedirectUri& uri) { return same_redirect(uri, leaving.redirect); }))
        way = with_parameters(leaving.redirect, {{"state", leaving.state}});
    co_return way;
}

// Only a page that was given to this browser knows it.
std::string proof_of(Ctx& ctx, const Session& session) {
    return ctx.get<auth::MasterKeys>().authenticator("sign out").sign({}, session.id.to_string());
}

bool proves(Ctx& ctx, const std::string* proof, const Session& session) {
    return proof != nullptr && ctx.get<auth::MasterKeys>().authenticator("sign out").verify(*proof, session.id.to_string()).has_value();
}

Task<Web> left(Ctx& ctx, std::optional<SignedInBrowser> browser, std::optional<std::string> way) {
    if (browser) {
        pg::Scope scope = pg::Scope::project(browser->project, browser->session.identity_id.to_string());
        co_await ctx.in_scope(std::move(scope), end_session_of, browser->session.id);
    }
    Web web = way ? pages::on_from_form(*way) : pages::signed_out();
    web.headers.emplace_back("Set-Cookie", cookies::set(ctx.get<Settings>(), cookies::session, {}));
    co_return web;
}

Task<Web> leave(Ctx& ctx, Form form) {
    const Leaving leaving = leaving_of(ctx, form);
    const auto browser = co_await session_of(ctx);
    auto way = co_await way_back(ctx, leaving);
    const bool meant = !browser || (leaving.hint && leaving.hint->session == browser->session.id.to_string()) ||
                       proves(ctx, form.find("proof"), browser->session);
    if (!meant)
        co_return pages::sign_out(proof_of(ctx, browser->session), leaving.client, leaving.redirect, leaving.state, way ? redirect_origin(*way) : "");
    Web web = co_await left(ctx, browser, std::move(way));
    co_return web;
}

Task<Web> leave_by(Ctx& ctx, std::string text) {
    std::optional<std::string> fault;
    try {
        Form form = Form::parse("application/x-www-form-urlencoded", text);
        Web web = co_await leave(ctx, std::move(form));
        co_return web;
    } catch (const oauth::Refused& refused) {
        fault = refused.description();
    }
    co_return pages::fault(400, *fault);
}

} // namespace

Task<Web> logout(Ctx& ctx) { return pages::told(ctx, leave_by(ctx, ctx.request().query)); }
Task<Web> logout_by_form(Ctx& ctx, RawBody body) { return pages::told(ctx, leave_by(ctx, std::move(body.bytes))); }

} // namespace gravity::issuer::people
