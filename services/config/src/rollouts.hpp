#pragma once

#include "audit.hpp"
#include "discovery_health.hpp"
#include "publishing.hpp"
#include "rollouts_store.hpp"

/// Rollouts, with the store. All that changes one holds the head of its set first, so that two servers never act at once.
namespace gravity::config {

/// Begins one: the first step has the release from now on, in the running transaction.
Rollout begin_rollout(Tx& tx, const Making& making, const ReleaseSummary& made, const RolloutPlan& plan);

/// Looks at one, does what is to be done, and leaves the next look; nothing where it is at an end or was looked at since. An instance whose checks are worse
/// than before it had the release has failed; of those that are not in `checks` their own word is taken.
void look_at_rollout(Tx& tx, const RolloutId& id, Timestamp at, const CheckStates& checks);

/// Writes down what somebody, or the service itself, has done to one.
void record_rollout(Tx& tx, const Actor& by, std::string_view action, const Rollout& rollout);

/// `reason` may be empty.
Rollout pause_rollout(Tx& tx, Rollout rollout, std::string reason);
Rollout resume_rollout(Tx& tx, Rollout rollout);
/// Takes the release back: who had it has the one before again.
Rollout revert_rollout(Tx& tx, const ConfigSet& set, const Head& head, Rollout rollout, std::string reason);

} // namespace gravity::config
