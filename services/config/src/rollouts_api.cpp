#include "rollouts_api.hpp"

#include "problems.hpp"
#include "rollouts.hpp"

namespace gravity::config::rollouts {
namespace {

/// A set and its unfinished rollout, both held.
struct HeldRollout {
    Head head;
    ConfigSet set;
    Rollout rollout;
};

HeldRollout hold(Tx& tx, const ConfigSetId& id, const RolloutId& rollout, const IfMatch& expected) {
    HeldRollout held;
    held.head = tx.one(lock_head, id);
    held.set = tx.one(get_set, id);
    held.rollout = expected.check(tx.one(lock_rollout, id, rollout));
    return held;
}

Rollout recorded(Tx& tx, const Actor& by, std::string_view action, Rollout rollout) {
    record_rollout(tx, by, action, rollout);
    return rollout;
}

std::string words(const RolloutReason& in) { return in.reason ? in.reason->str() : "by hand"; }

} // namespace

Page<Rollout> list(Tx& tx, Path<"id", ConfigSetId> id, Params<ListRollouts> query) {
    tx.one(get_head, *id);
    return tx.page(list_rollouts, *query, *id);
}

Rollout get(Tx& tx, Path<"id", ConfigSetId> id, Path<"rollout", RolloutId> rollout) { return tx.one(get_rollout, *id, *rollout); }

Rollout pause(Tx& tx, Actor by, Path<"id", ConfigSetId> id, Path<"rollout", RolloutId> rollout, Body<RolloutReason> in, IfMatch expected) {
    HeldRollout held = hold(tx, *id, *rollout, expected);
    if (held.rollout.state != RolloutState::baking) throw Refusal(rollout_ended);
    return recorded(tx, by, "rollout.paused", pause_rollout(tx, std::move(held.rollout), words(*in)));
}

Rollout resume(Tx& tx, Actor by, Path<"id", ConfigSetId> id, Path<"rollout", RolloutId> rollout, IfMatch expected) {
    HeldRollout held = hold(tx, *id, *rollout, expected);
    if (held.rollout.state != RolloutState::paused) throw Refusal(rollout_ended);
    return recorded(tx, by, "rollout.resumed", resume_rollout(tx, std::move(held.rollout)));
}

Rollout abort(Tx& tx, Actor by, Path<"id", ConfigSetId> id, Path<"rollout", RolloutId> rollout, Body<RolloutReason> in, IfMatch expected) {
    HeldRollout held = hold(tx, *id, *rollout, expected);
    if (held.rollout.state != RolloutState::baking && held.rollout.state != RolloutState::paused) throw Refusal(rollout_ended);
    return recorded(tx, by, "rollout.aborted", revert_rollout(tx, held.set, held.head, std::move(held.rollout), words(*in)));
}

} // namespace gravity::config::rollouts
