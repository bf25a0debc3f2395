#include "recovery_api.hpp"

#include "account_pages.hpp"
#include "followed_links.hpp"
#include "identities_store.hpp"
#include "links.hpp"
#include "links_store.hpp"
#include "mails.hpp"
#include "new_password.hpp"
#include "pages.hpp"
#include "password_pool.hpp"
#include "problems.hpp"
#include "recovery.hpp"
#include "regain_store.hpp"
#include "sessions.hpp"
#include "told_pages.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/ctx.hpp>

namespace gravity::issuer::recovery {
namespace {

using oauth::Form;

constexpr std::string_view flow_gone = "This sign-in has ended. Please go back to where you came from, and begin again.";
const Duration confirmation_life = Duration::hours(24);

// ---- asking for a link

std::int64_t send_all_confirmations(Tx& tx, ProjectId project, IdentityId identity, const Settings* settings, const Mails* mails, std::string network) {
    if (!tx.maybe(lock_identity, identity)) return 0;
    std::int64_t sent = 0;
    for (const Addressee& to : tx.all(addresses_to_confirm, identity)) {
        if (!room_for(tx, identity, LinkPurpose::confirmation)) break;
        const FreshLink fresh = fresh_link(*settings, project, "/login/confirm");
        const Timestamp until = tx.now() + confirmation_life;
        tx.exec(insert_link, fresh.hash, identity, LinkPurpose::confirmation, to.canonical, until);
        mails->send(tx, ConfirmationRequested{identity, to.value, fresh.link, until}, identity.to_string(), network);
        ++sent;
    }
    return sent;
}

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

// It proves the mailbox too. Whoever has passkeys alone since it was sent regains their account by another kind.
bool recovered(Tx& tx, Bytes hash, std::string password, Means means) {
    const auto link = locked_link(tx, hash, LinkPurpose::recovery);
    if (!link || tx.one(has_passkeys_alone, link->identity_id)) return false;
    recover(tx, link->identity_id, link->canonical, std::move(password), means);
    return true;
}

bool confirmed(Tx& tx, Bytes hash) {
    const auto link = locked_link(tx, hash, LinkPurpose::confirmation);
    if (!link) return false;
    tx.one(take_link, hash, LinkPurpose::confirmation, tx.now());
    if (tx.exec(confirm_address, link->identity_id, link->canonical, tx.now()) == 1)
        tx.emit(AddressConfirmed{link->identity_id, link->canonical}, link->identity_id.to_string());
    return true;
}

} // namespace

Task<std::int64_t> send_confirmations(Ctx& ctx, ProjectId project, IdentityId identity) {
    const Mails* const mails = &ctx.get<Mails>();
    if (!mails->offered()) throw Refusal(problems::not_found);
    const Settings* const settings = &ctx.get<Settings>();
    std::string network = address_of(ctx).network();
    pg::Scope scope = pg::Scope::project(project, identity.to_string());
    const std::int64_t sent = co_await ctx.in_scope(std::move(scope), send_all_confirmations, project, identity, settings, mails, std::move(network));
    co_return sent;
}

namespace {

Task<Web> page_to_ask(Ctx& ctx) {
    if (!ctx.get<Mails>().offered()) co_return no_links();
    const Form form = form_in(ctx.request().query);
    const auto flow = co_await running_in_browser(ctx, text_in(form, "flow"));
    if (!flow) co_return pages::fault(400, flow_gone);
    co_return pages::recover(text_in(form, "flow"), {}, 200);
}

Task<Web> asked_by_form(Ctx& ctx, RawBody body) {
    if (!ctx.get<Mails>().offered()) co_return no_links();
    const Form form = form_in(body.bytes);
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
    const std::string token = text_in(form_in(ctx.request().query), "token");
    const auto followed = co_await followed_by(ctx, token, LinkPurpose::recovery);
    if (!followed) co_return link_gone(ctx);
    co_return pages::reset(token, {}, 200);
}

Task<Web> reset_by_form(Ctx& ctx, RawBody body) {
    const Form form = form_in(body.bytes);
    const std::string token = text_in(form, "token");
    const auto followed = co_await followed_by(ctx, token, LinkPurpose::recovery);
    if (!followed) co_return link_gone(ctx);
    const Secret<> wanted(text_in(form, "new_password"));
    std::optional<std::string> fault;
    try {
        check_new_password(wanted, *followed->identity, ctx.get<Settings>());
    } catch (const Refusal& refusal) {
        fault = refusal.detail();
    }
    if (fault) co_return pages::reset(token, *fault, 422);
    std::string hash = co_await ctx.get<PasswordPool>().hash(ctx.deadline(), wanted);
    Means means = means_of(ctx);
    pg::Scope scope = pg::Scope::project(followed->project, followed->link.identity_id.to_string());
    const bool done = co_await ctx.in_scope(std::move(scope), recovered, followed->hash, std::move(hash), std::move(means));
    if (!done) co_return link_gone(ctx);
    co_return pages::notice("Your password is set", "You are signed out everywhere. Please go back to where you came from, and sign in.");
}

Task<Web> page_to_confirm(Ctx& ctx) {
    const std::string token = text_in(form_in(ctx.request().query), "token");
    const auto followed = co_await followed_by(ctx, token, LinkPurpose::confirmation);
    if (!followed) co_return link_gone(ctx);
    co_return pages::confirm(token, followed->link.canonical);
}

Task<Web> confirmed_by_form(Ctx& ctx, RawBody body) {
    const std::string token = text_in(form_in(body.bytes), "token");
    const auto secret = project_secret(link_prefix, token);
    if (!secret) co_return link_gone(ctx);
    pg::Scope scope = pg::Scope::project(secret->project, "browser");
    const bool done = co_await ctx.in_scope(std::move(scope), confirmed, secret->hash);
    if (!done) co_return link_gone(ctx);
    co_return pages::notice("Thank you", "Your e-mail address is confirmed.");
}

} // namespace

Task<Web> ask_page(Ctx& ctx) { return pages::told(ctx, page_to_ask(ctx)); }
Task<Web> ask(Ctx& ctx, RawBody body) { return pages::told(ctx, asked_by_form(ctx, std::move(body))); }
Task<Web> reset_page(Ctx& ctx) { return pages::told(ctx, page_to_reset(ctx)); }
Task<Web> reset(Ctx& ctx, RawBody body) { return pages::told(ctx, reset_by_form(ctx, std::move(body))); }
Task<Web> confirm_page(Ctx& ctx) { return pages::told(ctx, page_to_confirm(ctx)); }
Task<Web> confirm(Ctx& ctx, RawBody body) { return pages::told(ctx, confirmed_by_form(ctx, std::move(body))); }

} // namespace gravity::issuer::recovery
