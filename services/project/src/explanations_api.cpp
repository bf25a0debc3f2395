#include "explanations_api.hpp"

#include "access.hpp"
#include "api_keys_domain.hpp"
#include "api_keys_store.hpp"
#include "projects_store.hpp"
#include "quota_states.hpp"

#include <gravity/async/coroutine.hpp>

namespace gravity::project::explanations {
namespace {

KeyExplanation looked_at(Tx& tx, const Caller& caller, const ApiKeyId& id) {
    const ApiKey key = tx.one(get_api_key, id);
    const Project project = tx.one(get_project, key.project_id);
    check_access(tx, caller, project.id, Right::see);
    KeyExplanation explanation;
    explanation.key_id = key.id;
    explanation.reason = reason_against(key, project.state, tx.now());
    explanation.active = !explanation.reason;
    explanation.project_id = key.project_id;
    explanation.env = key.env;
    explanation.scopes = key.scopes;
    explanation.cidrs = key.cidrs;
    if (key.uses_left) explanation.uses_left = key.uses_left->value();
    explanation.ends_at = end_of(key);
    return explanation;
}

Caller bearer_of(const KeyExplanation& key) {
    Caller bearer;
    for (const ScopeName& scope : key.scopes) bearer.scopes.push_back(scope.str());
    return bearer;
}

} // namespace

Task<KeyExplanation> explain(Ctx& ctx, Caller caller, Path<"id", ApiKeyId> id, Given<ProjectDoor> door, Given<ServiceRoutes> routes) {
    KeyExplanation explanation = co_await ctx.transaction(looked_at, caller, *id);
    const Standing standing = co_await door->enter(ctx, caller, explanation.project_id, Access::see);
    const pg::Scope measured = pg::Scope::project(explanation.project_id, caller.subject);
    PageQuery first;
    first.limit = 200;
    Page<QuotaState> quotas = co_await ctx.in_scope(measured, quota_states_of, first, standing.plan);
    explanation.quotas = std::move(quotas.items);
    const Caller bearer = bearer_of(explanation);
    try {
        const std::vector<ServiceRoutes::Known> services = co_await routes->all(ctx);
        for (const auto& each : services) {
            ReachedService reached{each.service, {}, reached_by(bearer, *each.routes)};
            if (!each.problem.empty()) reached.problem = each.problem;
            explanation.services.push_back(std::move(reached));
        }
    } catch (const std::runtime_error& fault) { // discovery cannot be asked,
        explanation.problem = fault.what();
    } catch (const std::invalid_argument& fault) { // or answers what is no list
        explanation.problem = fault.what();
    }
    co_return explanation;
}

} // namespace gravity::project::explanations
