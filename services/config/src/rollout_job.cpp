#include "rollout_job.hpp"

#include "rollouts.hpp"

#include <gravity/async/coroutine.hpp>

namespace gravity::config {

namespace {

std::vector<std::string> services_to_ask(Tx& tx, const RolloutId& rollout) { return tx.all(applications_of_rollout, rollout); }

} // namespace

Task<void> look(JobCtx& job, LookAtRollout what) {
    auto& discovery = job.get<DiscoveryHealth>();
    CheckStates checks;
    if (discovery.there()) {
        std::vector<std::string> services = co_await job.transaction(services_to_ask, what.rollout);
        checks = co_await discovery.of(std::move(services), job.project());
    }
    co_await job.transaction(look_at_rollout, what.rollout, what.at, checks);
}

void find_rollouts(Tx& tx, const FindRollouts&, JobRun&) {
    for (const DueRollout& due : tx.all(forgotten_rollouts, tx.now() - Duration::minutes(2))) tx.enqueue(LookAtRollout{due.id, due.look_at});
}

} // namespace gravity::config
