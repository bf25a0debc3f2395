#pragma once

#include "rollouts_model.hpp"
#include "rollouts_store.hpp"

#include <gravity/handlers.hpp>
#include <gravity/http/actor.hpp>

/// Handlers of rollouts.
namespace gravity::config::rollouts {

Page<Rollout> list(Tx& tx, Path<"id", ConfigSetId> id, Params<ListRollouts> query);
Rollout get(Tx& tx, Path<"id", ConfigSetId> id, Path<"rollout", RolloutId> rollout);
Rollout pause(Tx& tx, Actor by, Path<"id", ConfigSetId> id, Path<"rollout", RolloutId> rollout, Body<RolloutReason> in, IfMatch expected);
Rollout resume(Tx& tx, Actor by, Path<"id", ConfigSetId> id, Path<"rollout", RolloutId> rollout, IfMatch expected);
/// Takes it back by hand.
Rollout abort(Tx& tx, Actor by, Path<"id", ConfigSetId> id, Path<"rollout", RolloutId> rollout, Body<RolloutReason> in, IfMatch expected);

} // namespace gravity::config::rollouts
