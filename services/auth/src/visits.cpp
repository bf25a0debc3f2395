#include "visits.hpp"

#include "client_login.hpp"
#include "reads.hpp"
#include "sign_in_store.hpp"

#include <gravity/async/coroutine.hpp>

namespace gravity::issuer {

Task<std::optional<Visit>> visit_of(Ctx& ctx, std::optional<ClientId> id) {
    std::optional<Visit> visit;
    if (!id) co_return visit;
    const auto project = co_await ctx.get<ClientLogin>().project_of(ctx, *id);
    if (!project) co_return visit;
    std::optional<ClientToVisit> client;
    std::function<void(Tx&)> work = [&](Tx& tx) { client = tx.maybe(client_to_visit, *id); };
    pg::Scope scope = pg::Scope::project(*project, "browser");
    co_await ctx.get<Reads>().run(ctx, std::move(scope), std::move(work));
    if (client && !client->disabled) visit = Visit{*project, *std::move(client)};
    co_return visit;
}

} // namespace gravity::issuer
