#pragma once

#include "publishing.hpp"
#include "rollouts_store.hpp"

/// Rollouts, with the store. All that changes one holds the head of its set first, so that two servers never act at once.
namespace gravity::config {

/// Begins one: the first step has the release from now on, in the running transaction.
Rollout begin_rollout(Tx& tx, const Making& making, const ReleaseSummary& made, const RolloutPlan& plan);

/// Looks at one, does what is to be done, and leaves the next look; nothing where it is at an end or was looked at since.
void look_at_rollout(Tx& tx, const RolloutId& id, Timestamp at);

/// `reason` may be empty.
Rollout pause_rollout(Tx& tx, Rollout rollout, std::string reason);
Rollout resume_rollout(Tx& tx, Rollout rollout);
/// Takes the release back: who had it has the one before again.
Rollout revert_rollout(Tx& tx, const ConfigSet& set, const Head& head, Rollout rollout, std::string reason);

} // namespace gravity::config
