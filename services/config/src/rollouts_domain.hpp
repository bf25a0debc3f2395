#pragma once

#include "rollouts_model.hpp"

/// What becomes of a rollout: pure.
namespace gravity::config {

inline constexpr std::size_t most_rollout_steps = 10;

/// What is wrong with a plan, or nothing.
std::optional<std::string> fault_of(const RolloutPlan& plan);

/// What instances say of the release.
struct RolloutHealth {
    std::int64_t applied = 0; // since it began
    std::int64_t failed = 0;
    std::int64_t told_of_step = 0; // since the step began, whatever they said
    std::int64_t said_of_step = 0; // and have said something
};
BOOST_DESCRIBE_STRUCT(RolloutHealth, (), (applied, failed, told_of_step, said_of_step))

struct RolloutMove {
    enum class Kind {
        wait,
        advance,
        complete,
        pause,
        revert
    };
    Kind kind = Kind::wait;
    std::string reason{}; // of a pause, or for taking it back
};

///     baking -> baking (the next step) -> completed;  baking -> paused -> baking;  baking, paused -> reverted
/// Failures over the threshold take it back at once, paused or not. A step that has baked goes on if somebody has said something; if nobody has, it is paused.
RolloutMove next_move(const Rollout& rollout, const RolloutHealth& health, Timestamp now);

/// When it is looked at again.
Timestamp next_look(const Rollout& rollout, Timestamp now);

/// The share of a step in places.
int share_of(const RolloutPlan& plan, int step);

} // namespace gravity::config

GRAVITY_TABLES(config, RolloutHealth)
