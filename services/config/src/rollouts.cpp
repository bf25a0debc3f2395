#include "rollouts.hpp"

#include "layers_store.hpp"
#include "membership.hpp"
#include "memory.hpp"
#include "problems.hpp"
#include "rollout_job.hpp"

namespace gravity::config {
namespace {

void tell_servers(Tx& tx, std::int64_t seq) {
    tx.one(notify_publication, tx.project().to_string() + ":" + std::to_string(seq));
    forget_remembered(tx);
}

// Whoever changes it leaves a look for its new time: the one for the old time comes for nothing.
void leave_look(Tx& tx, const Rollout& rollout, Timestamp at) { tx.enqueue(LookAtRollout{rollout.id, at}, {.due = at}); }

/// From this publication on the step has the release.
void reach_step(Tx& tx, const Rollout& rollout) {
    const std::int64_t seq = tx.one(next_seq);
    tx.exec(insert_rollout_step, {rollout.id, rollout.step, share_of(rollout, rollout.step), seq, tx.now()});
    tx.emit(RolloutAdvanced{rollout.id, rollout.set_id, rollout.to_number, rollout.step, rollout.steps[static_cast<std::size_t>(rollout.step)], seq});
    tell_servers(tx, seq);
}

Rollout save(Tx& tx, Rollout rollout) {
    rollout.updated_at = tx.now();
    const Timestamp at = next_look(rollout, tx.now());
    leave_look(tx, rollout, at);
    return tx.one(save_rollout, rollout, at);
}

Rollout advance(Tx& tx, Rollout rollout) {
    ++rollout.step;
    rollout.baking_since = tx.now();
    reach_step(tx, rollout);
    return save(tx, std::move(rollout));
}

/// The release is in force for everybody.
Rollout complete(Tx& tx, const ConfigSet& set, Rollout rollout) {
    const auto keys = static_cast<int>(items_of(tx, set.id, rollout.to_number).size());
    const ReleaseSummary made = tx.one(get_release, set.id, rollout.to_number);
    const std::int64_t seq = tx.one(next_seq);
    put_in_force(tx, set, rollout.to_number, seq, keys);
    tx.emit(ReleasePublished{set.id, set.application, set.profile, set.label, made.number, seq});
    tx.exec(rebase_draft, set.id, rollout.from_number, rollout.to_number); // it was what the release is made of, and has what was changed since
    rollout.state = RolloutState::completed;
    rollout.reason = std::nullopt;
    rollout.updated_at = tx.now();
    return tx.one(end_rollout, rollout, seq);
}

/// The instances of the rollout whose checks are worse than before it reached them. How those stand that it has not reached is kept for when it does.
std::vector<std::string> worse_off(Tx& tx, const Rollout& rollout, const CheckStates& checks) {
    if (checks.empty()) return {};
    std::vector<std::string> names, reached_names;
    std::vector<int> states, reached, reached_states;
    for (const auto& [name, state] : checks) {
        const bool is_reached = place_in_rollout(rollout.id.uuid(), name) < share_of(rollout, rollout.step);
        names.push_back(name);
        states.push_back(static_cast<int>(state));
        reached.push_back(is_reached ? 1 : 0);
        if (!is_reached) continue;
        reached_names.push_back(name);
        reached_states.push_back(static_cast<int>(state));
    }
    tx.exec(save_rollout_checks, rollout.id, rollout.set_id, names, states, reached);
    return tx.all(worse_checks, rollout.id, reached_names, reached_states);
}

} // namespace

Rollout begin_rollout(Tx& tx, const Making& making, const ReleaseSummary& made, const RolloutPlan& plan) {
    Rollout rollout;
    static_cast<RolloutPlan&>(rollout) = plan;
    rollout.id = tx.new_id<RolloutId>();
    rollout.set_id = making.set.id;
    rollout.from_number = *making.head.number;
    rollout.to_number = made.number;
    rollout.state = RolloutState::baking;
    rollout.started_by = making.author;
    rollout.version = Version(1);
    rollout.baking_since = rollout.created_at = rollout.updated_at = tx.now();
    const Timestamp at = tx.now(); // at once: how instances are is to be known before the release tells on them
    rollout = tx.one(insert_rollout, rollout, at);
    reach_step(tx, rollout);
    leave_look(tx, rollout, at);
    return rollout;
}

void record_rollout(Tx& tx, const Actor& by, std::string_view action, const Rollout& rollout) {
    Json details = Json::object({{"number", std::int64_t{rollout.to_number.value()}}, {"step", std::int64_t{rollout.step}}});
    if (rollout.reason) details["reason"] = *rollout.reason;
    record(tx, by, {.action = action, .set = rollout.set_id, .target = rollout.id.to_string(), .details = std::move(details)});
}

Rollout pause_rollout(Tx& tx, Rollout rollout, std::string reason) {
    rollout.state = RolloutState::paused;
    tx.emit(RolloutPaused{rollout.id, rollout.set_id, rollout.to_number, rollout.step, reason});
    rollout.reason = std::move(reason);
    return save(tx, std::move(rollout));
}

Rollout resume_rollout(Tx& tx, Rollout rollout) {
    rollout.state = RolloutState::baking;
    rollout.reason = std::nullopt;
    rollout.baking_since = tx.now();
    return save(tx, std::move(rollout));
}

Rollout revert_rollout(Tx& tx, const ConfigSet& set, const Head& head, Rollout rollout, std::string reason) {
    const std::int64_t seq = tx.one(next_seq);
    put_in_force(tx, set, rollout.from_number, seq, head.keys); // again, and later than what the steps had
    tx.emit(ReleaseReverted{set.id, set.application, set.profile, set.label, rollout.to_number, seq, rollout.from_number});
    rollout.state = RolloutState::reverted;
    rollout.reason = std::move(reason);
    rollout.updated_at = tx.now();
    return tx.one(end_rollout, rollout, seq);
}

void look_at_rollout(Tx& tx, const RolloutId& id, Timestamp at, const CheckStates& checks) {
    const auto set_id = tx.maybe(set_of_rollout, id);
    if (!set_id) return; // its project is gone
    const Head head = tx.one(lock_head, *set_id);
    auto due = tx.maybe(lock_due_rollout, id, at);
    if (!due) return;
    Rollout rollout = *std::move(due);
    const ConfigSet set = tx.one(get_set, *set_id);
    const std::vector<std::string> worse = worse_off(tx, rollout, checks);
    const RolloutHealth health = tx.one(rollout_health, *set_id, rollout.to_number, rollout.baking_since, worse);
    RolloutMove move = next_move(rollout, health, tx.now());
    if (!worse.empty()) move.reason += "; the checks of " + std::to_string(worse.size()) + " are worse than before";
    const auto note = [&](std::string_view action, const Rollout& moved) { record_rollout(tx, service_itself(), action, moved); };
    switch (move.kind) {
    case RolloutMove::Kind::wait: {
        const Timestamp next = next_look(rollout, tx.now());
        tx.exec(look_later, id, next);
        leave_look(tx, rollout, next);
        break;
    }
    case RolloutMove::Kind::advance: note("rollout.advanced", advance(tx, std::move(rollout))); break;
    case RolloutMove::Kind::pause: note("rollout.paused", pause_rollout(tx, std::move(rollout), std::move(move.reason))); break;
    case RolloutMove::Kind::complete: note("rollout.completed", complete(tx, set, std::move(rollout))); break;
    case RolloutMove::Kind::revert: note("rollout.reverted", revert_rollout(tx, set, head, std::move(rollout), std::move(move.reason))); break;
    }
}

} // namespace gravity::config
