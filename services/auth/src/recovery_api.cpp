#include "recovery_api.hpp"

#include "account_pages.hpp"
#include "failures.hpp"
#include "identities_store.hpp"
#include "links.hpp"
#include "links_store.hpp"
#include "new_password.hpp"
#include "oauth.hpp"
#include "opaque.hpp"
#include "pages.hpp"
#include "password_pool.hpp"
#include "problems.hpp"
#include "reads.hpp"
#include "recovery.hpp"
#include "sessions.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/http/ctx.hpp>

namespace gravity::issuer::recovery {
namespace {

using oauth::Form;

constexpr std::string_view form_type = "application/x-www-form-urlencoded";
constexpr std::string_view link_gone = "This link was used before, or has ended. Please ask for another.";
constexpr std::string_view flow_gone = "This sign-in has ended. Please go back to where you came from, and begin again.";
const Duration confirmation_life = Duration::hours(24);

std::string text_in(const Form& form, std::string_view name) { return form.find(name) != nullptr ? *form.find(name) : std::string(); }

// "" stands for what is malformed: no token is that.
Form parsed(std::string_view text) {
    try {
        return Form::parse(form_type, text);
    } catch (const oauth::Refused&) {
        return {};
    }
}

// ---- asking for a link

std::int64_t send_all_confirmations(Tx& tx, ProjectId project, IdentityId identity, const Settings* settings) {
    if (!tx.maybe(lock_identity, identity)) return 0;
    std::int64_t sent = 0;
    for (const Addressee& to : tx.all(addresses_to_confirm, identity)) {
        if (!room_for(tx, identity, LinkPurpose::confirmation)) break;
        const FreshLink fresh = fresh_link(*settings, project, "/login/confirm");
        const Timestamp until = tx.now() + confirmation_life;
        tx.exec(insert_link, fresh.hash, identity, LinkPurpose::confirmation, to.canonical, until);
        tx.emit(ConfirmationRequested{identity, to.value, fresh.link, until}, identity.to_string());
        ++sent;
    }
    return sent;
}

Web off() { return pages::fault(404, "This is not offered here. Please ask whoever runs the application."); }

// The same is answered whether there is somebody of this name or not.
Task<Web> asked(Ctx& ctx, const Form& form) {
    const auto flow = co_await running_in_browser(ctx, text_in(form, "flow"));
    if (!flow) co_return pages::fault(400, flow_gone);
    const std::string typed = text_in(form, "login_name");
    if (typed.empty() || typed.size() > 1000) co_return pages::recover(text_in(form, "flow"), "Please enter your e-mail address.", 400);
    co_await ask_to_recover(ctx, *flow, typed, By::link);
    co_return pages::notice("Look into your mailbox", "If we know this address, a link is on its way to it. It is good for half an hour.");
}

// ---- following one

struct Followed {
    ProjectId project;
    Bytes hash;
    Link link;
    std::optional<Identity> identity;
};
Task<std::optional<Followed>> followed_by(Ctx& ctx, std::string token, LinkPurpose purpose) {
    std::optional<Followed> followed;
    const auto secret = project_secret(link_prefix, token);
    if (!secret) co_return followed;
    std::function<void(Tx&)> work = [&](Tx& tx) {
        auto link = tx.maybe(live_link, secret->hash, purpose, now());
        if (!link) return;
        auto identity = tx.maybe(get_identity, link->identity_id);
        followed = Followed{secret->project, secret->hash, *std::move(link), std::move(identity)};
    };
    pg::Scope scope = pg::Scope::project(secret->project, "browser");
    co_await ctx.get<Reads>().run(ctx, std::move(scope), std::move(work));
    if (followed && !followed->identity) followed.reset();
    co_return followed;
}

// It proves the mailbox too.
bool recovered(Tx& tx, Bytes hash, std::string password) {
    const auto link = tx.maybe(take_link, hash, LinkPurpose::recovery, tx.now());
    if (!link) return false;
    recover(tx, link->identity_id, link->canonical, std::move(password));
    return true;
}

bool confirmed(Tx& tx, Bytes hash) {
    const auto link = tx.maybe(take_link, hash, LinkPurpose::confirmation, tx.now());
    if (!link) return false;
    if (tx.exec(confirm_address, link->identity_id, link->canonical, tx.now()) == 1)
        tx.emit(AddressConfirmed{link->identity_id, link->canonical}, link->identity_id.to_string());
    return true;
}

} // namespace

Task<std::int64_t> send_confirmations(Ctx& ctx, ProjectId project, IdentityId identity) {
    if (!*ctx.get<Settings>().links_in_events) throw Refusal(problems::not_found);
    const Settings* const settings = &ctx.get<Settings>();
    pg::Scope scope = pg::Scope::project(project, identity.to_string());
    const std::int64_t sent = co_await ctx.in_scope(std::move(scope), send_all_confirmations, project, identity, settings);
    co_return sent;
}

namespace {

Web gone(Ctx& ctx) {
    ctx.get<Failures>().note(ctx, {}, {"link_gone", {}, {}, {}});
    return pages::fault(400, link_gone);
}

Task<Web> with_trace(Ctx& ctx, Task<Web> page) {
    Web web = co_await std::move(page);
    co_return pages::with_trace(std::move(web), trace_of(ctx));
}

Task<Web> page_to_ask(Ctx& ctx) {
    if (!*ctx.get<Settings>().links_in_events) co_return off();
    const Form form = parsed(ctx.request().query);
    const auto flow = co_await running_in_browser(ctx, text_in(form, "flow"));
    if (!flow) co_return pages::fault(400, flow_gone);
    co_return pages::recover(text_in(form, "flow"), {}, 200);
}

Task<Web> asked_by_form(Ctx& ctx, RawBody body) {
    if (!*ctx.get<Settings>().links_in_events) co_return off();
    const Form form = parsed(body.bytes);
    std::optional<Refusal> refused;
    try {
        Web web = co_await asked(ctx, form);
        co_return web;
    } catch (const Refusal& refusal) {
        if (refusal.problem().status != too_many_attempts.status) throw;
        refused = refusal;
    }
    Web web = pages::fault(refused->problem().status, "This was asked for too often. Please try again later.");
    for (const auto& header : refused->headers()) web.headers.push_back(header);
    co_return web;
}

Task<Web> page_to_reset(Ctx& ctx) {
    const std::string token = text_in(parsed(ctx.request().query), "token");
    const auto followed = co_await followed_by(ctx, token, LinkPurpose::recovery);
    if (!followed) co_return gone(ctx);
    co_return pages::reset(token, {}, 200);
}

Task<Web> reset_by_form(Ctx& ctx, RawBody body) {
    const Form form = parsed(body.bytes);
    const std::string token = text_in(form, "token");
    const auto followed = co_await followed_by(ctx, token, LinkPurpose::recovery);
    if (!followed) co_return gone(ctx);
    const Secret<> wanted(text_in(form, "new_password"));
    std::optional<std::string> fault;
    try {
        check_new_password(wanted, *followed->identity, ctx.get<Settings>());
    } catch (const Refusal& refusal) {
        fault = refusal.detail();
    }
    if (fault) co_return pages::reset(token, *fault, 422);
    std::string hash = co_await ctx.get<PasswordPool>().hash(ctx.deadline(), wanted);
    pg::Scope scope = pg::Scope::project(followed->project, followed->link.identity_id.to_string());
    const bool done = co_await ctx.in_scope(std::move(scope), recovered, followed->hash, std::move(hash));
    if (!done) co_return gone(ctx);
    co_return pages::notice("Your password is set", "You are signed out everywhere. Please go back to where you came from, and sign in.");
}

Task<Web> page_to_confirm(Ctx& ctx) {
    const std::string token = text_in(parsed(ctx.request().query), "token");
    const auto followed = co_await followed_by(ctx, token, LinkPurpose::confirmation);
    if (!followed) co_return gone(ctx);
    co_return pages::confirm(token, followed->link.canonical);
}

Task<Web> confirmed_by_form(Ctx& ctx, RawBody body) {
    const std::string token = text_in(parsed(body.bytes), "token");
    const auto secret = project_secret(link_prefix, token);
    if (!secret) co_return gone(ctx);
    pg::Scope scope = pg::Scope::project(secret->project, "browser");
    const bool done = co_await ctx.in_scope(std::move(scope), confirmed, secret->hash);
    if (!done) co_return gone(ctx);
    co_return pages::notice("Thank you", "Your e-mail address is confirmed.");
}

} // namespace

Task<Web> ask_page(Ctx& ctx) { return with_trace(ctx, page_to_ask(ctx)); }
Task<Web> ask(Ctx& ctx, RawBody body) { return with_trace(ctx, asked_by_form(ctx, std::move(body))); }
Task<Web> reset_page(Ctx& ctx) { return with_trace(ctx, page_to_reset(ctx)); }
Task<Web> reset(Ctx& ctx, RawBody body) { return with_trace(ctx, reset_by_form(ctx, std::move(body))); }
Task<Web> confirm_page(Ctx& ctx) { return with_trace(ctx, page_to_confirm(ctx)); }
Task<Web> confirm(Ctx& ctx, RawBody body) { return with_trace(ctx, confirmed_by_form(ctx, std::move(body))); }

} // namespace gravity::issuer::recovery
