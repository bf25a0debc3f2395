#include "rollouts_domain.hpp"

#include "membership.hpp"

#include <algorithm>

namespace gravity::config {
namespace {

constexpr std::int64_t longest_between_looks = 5; // seconds
constexpr std::int64_t between_looks_of_paused = 30;

bool fails(const Rollout& rollout, const RolloutHealth& health) {
    const std::int64_t said = health.applied + health.failed;
    return health.failed > 0 && health.failed * all_places > rollout.failed_percent.basis_points() * said;
}

bool is_silent(const RolloutHealth& health) {
    if (health.told_of_step > 0) return health.said_of_step == 0;
    return health.applied + health.failed == 0; // nobody new is in the step: who was in the last has spoken for it
}

} // namespace

std::optional<std::string> fault_of(const RolloutPlan& plan) {
    if (plan.steps.empty() || plan.steps.size() > most_rollout_steps) return "must be 1 to 10 shares";
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
        if (plan.steps[i].basis_points() == 0) return "must be more than 0";
        if (i > 0 && plan.steps[i] <= plan.steps[i - 1]) return "must grow";
    }
    return std::nullopt;
}

RolloutMove next_move(const Rollout& rollout, const RolloutHealth& health, Timestamp now) {
    using Kind = RolloutMove::Kind;
    if (rollout.state != RolloutState::baking && rollout.state != RolloutState::paused) return {};
    if (fails(rollout, health))
        return {Kind::revert, std::to_string(health.failed) + " of " + std::to_string(health.applied + health.failed) + " instances failed"};
    if (rollout.state == RolloutState::paused || now < rollout.baking_since + Duration::seconds(rollout.bake_seconds)) return {};
    if (is_silent(health)) return {Kind::pause, "no instance of the step has said that it runs it"};
    return {static_cast<std::size_t>(rollout.step) + 1 < rollout.steps.size() ? Kind::advance : Kind::complete};
}

Timestamp next_look(const Rollout& rollout, Timestamp now) {
    if (rollout.state == RolloutState::paused) return now + Duration::seconds(between_looks_of_paused);
    return now + Duration::seconds(std::clamp<std::int64_t>(rollout.bake_seconds / 4, 1, longest_between_looks));
}

int share_of(const RolloutPlan& plan, int step) { return static_cast<int>(plan.steps[static_cast<std::size_t>(step)].basis_points()); }

} // namespace gravity::config
