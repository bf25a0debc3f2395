#pragma once

#include "rollouts_model.hpp"

#include <gravity/jobs/job.hpp>

/// What drives rollouts.
namespace gravity::config {

/// One look, at the time that the rollout says. It leaves the next one in its own transaction; a second one for the same time finds that it has passed.
struct LookAtRollout {
    static constexpr JobKind job{"look-at-rollout"};
    RolloutId rollout;
    Timestamp at;
};
BOOST_DESCRIBE_STRUCT(LookAtRollout, (), (rollout, at))

/// Finds those whose look has failed for good, every five minutes for each project.
struct FindRollouts {
    static constexpr JobKind job{"find-rollouts"};
};
BOOST_DESCRIBE_STRUCT(FindRollouts, (), ())

/// Asks discovery for the checks of the instances first, if it is there.
Task<void> look(JobCtx& job, LookAtRollout what);
void find_rollouts(Tx& tx, const FindRollouts& what, JobRun& run);

} // namespace gravity::config

GRAVITY_TABLES(config, LookAtRollout, FindRollouts)
