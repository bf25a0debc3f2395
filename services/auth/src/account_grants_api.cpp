#include "account_api.hpp"
#include "account_pages.hpp"
#include "account_visit.hpp"
#include "grants_api.hpp"
#include "pages.hpp"
#include "sign_in_store.hpp"
#include "trusted_devices_store.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/ctx.hpp>

#include <algorithm>

namespace gravity::issuer::account {
namespace {

using oauth::Form;

void ended(Tx& tx, SessionId id) { end_session_of(tx, id); }
void ended_others(Tx& tx, IdentityId identity, SessionId stays) { issuer::end_other_sessions(tx, identity, stays); }
void trusted_no_more(Tx& tx, TrustedDeviceId id, IdentityId identity) { tx.exec(untrust_device, id, identity); }
void taken_back(Tx& tx, IdentityId identity, ClientId client) { revoke_application(tx, identity, client); }

// Who may do this has only to be signed in: it takes nobody's account over.
Task<Web> ending(Ctx& ctx, const Visitor& visitor, const Form& form) {
    const auto id = SessionId::parse(text_in(form, "id"));
    const auto& all = visitor.sessions;
    const bool theirs = id && std::any_of(all.begin(), all.end(), [&](const Session& session) { return session.id == *id; });
    if (!theirs) co_return overview(ctx, visitor, "There is no such session any more.", 404);
    pg::Scope scope = scope_of(visitor);
    co_await ctx.in_scope(std::move(scope), ended, *id);
    co_return pages::done("You are signed out there", "Applications that were let in there by it notice it when they next ask.");
}

Task<Web> ending_others(Ctx& ctx, const Visitor& visitor, const Form&) {
    pg::Scope scope = scope_of(visitor);
    co_await ctx.in_scope(std::move(scope), ended_others, visitor.identity->id, visitor.browser.session.id);
    co_return pages::done("You are signed out everywhere else", "Applications that were let in elsewhere notice it when they next ask.");
}

Task<Web> taking_back(Ctx& ctx, const Visitor& visitor, const Form& form) {
    const auto id = ClientId::parse(text_in(form, "id"));
    const auto& all = visitor.applications;
    const bool theirs = id && std::any_of(all.begin(), all.end(), [&](const Application& application) { return application.id == *id; });
    if (!theirs) co_return overview(ctx, visitor, "There is no such application any more.", 404);
    pg::Scope scope = scope_of(visitor);
    co_await ctx.in_scope(std::move(scope), taken_back, visitor.identity->id, *id);
    co_return pages::done("It is taken back", "The application notices it when it next asks, in some minutes at the latest.");
}

Task<Web> forgetting(Ctx& ctx, const Visitor& visitor, const Form& form) {
    const auto id = TrustedDeviceId::parse(text_in(form, "id"));
    const auto& all = visitor.devices;
    const bool theirs = id && std::any_of(all.begin(), all.end(), [&](const TrustedDevice& device) { return device.id == *id; });
    if (!theirs) co_return overview(ctx, visitor, "That browser is not trusted any more.", 404);
    pg::Scope scope = scope_of(visitor);
    co_await ctx.in_scope(std::move(scope), trusted_no_more, *id, visitor.identity->id);
    co_return pages::done("That browser is trusted no more", "Whoever is signed in there still is.");
}

} // namespace

Task<Web> sign_out_there(Ctx& ctx, RawBody body) { return acted(ctx, std::move(body.bytes), ending); }
Task<Web> sign_out_elsewhere(Ctx& ctx, RawBody body) { return acted(ctx, std::move(body.bytes), ending_others); }
Task<Web> take_back(Ctx& ctx, RawBody body) { return acted(ctx, std::move(body.bytes), taking_back); }
Task<Web> trust_no_more(Ctx& ctx, RawBody body) { return acted(ctx, std::move(body.bytes), forgetting); }

} // namespace gravity::issuer::account
