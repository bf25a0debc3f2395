#include "rollout_job.hpp"

#include "rollouts.hpp"

namespace gravity::config {

void look(Tx& tx, const LookAtRollout& what, JobRun&) { look_at_rollout(tx, what.rollout, what.at); }

void find_rollouts(Tx& tx, const FindRollouts&, JobRun&) {
    for (const DueRollout& due : tx.all(forgotten_rollouts, tx.now() - Duration::minutes(2))) tx.enqueue(LookAtRollout{due.id, due.look_at});
}

} // namespace gravity::config
