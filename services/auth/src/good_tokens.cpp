#include "good_tokens.hpp"

#include "clients_model.hpp"
#include "sign_in_store.hpp"
#include "tokens_store.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>

#include <algorithm>

namespace gravity::issuer {
namespace {

bool of_a_person(const auth::Claims& claims) { return !claims.session.empty() && SessionId::parse(claims.session) && IdentityId::parse(claims.subject); }

// A person who may sign in no more, or has signed out, is spoken for by no token.
bool speaks_for_somebody(Tx& tx, const auth::Claims& claims) {
    const auto session = SessionId::parse(claims.session);
    const auto identity = IdentityId::parse(claims.subject);
    const bool offline = std::find(claims.scopes.begin(), claims.scopes.end(), "offline_access") != claims.scopes.end();
    return tx.one(still_signed_in, *identity, *session, offline, gravity::now());
}

} // namespace

std::optional<GoodTokens::Moments> GoodTokens::now() {
    const auto clients = changes_.now(Changing::clients), tokens = changes_.now(Changing::tokens);
    if (!clients || !tokens) return std::nullopt;
    return Moments{*clients, *tokens};
}

Task<bool> GoodTokens::good(Ctx& ctx, const auth::Claims& claims) {
    const auto client = ClientId::parse(claims.client);
    if (!client) co_return false;
    const bool person = of_a_person(claims);
    const auto moments = person ? std::nullopt : now();
    if (const bool* const remembered = moments ? machines_.find(claims.id, *moments) : nullptr) co_return *remembered;
    bool good = false;
    std::function<void(Tx&)> work = [&](Tx& tx) { good = tx.one(token_good, claims.id, *client) && (!person || speaks_for_somebody(tx, claims)); };
    pg::Scope scope = pg::Scope::project(claims.project, client->to_string());
    co_await reads_.run(ctx, std::move(scope), std::move(work));
    if (moments) machines_.put(claims.id, good, *moments);
    co_return good;
}

} // namespace gravity::issuer
