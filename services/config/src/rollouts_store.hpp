#pragma once

#include "rollouts_domain.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of rollouts, by name. Their text is in rollouts_store.cpp and nowhere else.
namespace gravity::config {

struct ListRollouts : PageQuery {};
BOOST_DESCRIBE_STRUCT(ListRollouts, (PageQuery), ())

struct DueRollout {
    RolloutId id;
    Timestamp look_at;
};
BOOST_DESCRIBE_STRUCT(DueRollout, (), (id, look_at))

struct RolloutStep {
    RolloutId rollout_id;
    int step = 0;
    int share = 0;
    std::int64_t seq = 0;
    Timestamp begun_at;
};
BOOST_DESCRIBE_STRUCT(RolloutStep, (), (rollout_id, step, share, seq, begun_at))

extern const Sql<Rollout(Rollout, Timestamp)> insert_rollout, save_rollout;
/// It is at an end by this publication.
extern const Sql<Rollout(Rollout, std::int64_t)> end_rollout;
extern const Sql<Rollout(ConfigSetId, RolloutId)> get_rollout, lock_rollout;
extern const Sql<Rollout(ListRollouts, ConfigSetId)> list_rollouts;
/// The set that a rollout is of.
extern const Sql<ConfigSetId(RolloutId)> set_of_rollout;
/// One of a set that is not finished.
extern const Sql<Rollout(ConfigSetId)> open_rollout;
/// Unfinished, and to be looked at at this time: whoever comes for another time comes for nothing.
extern const Sql<Rollout(RolloutId, Timestamp)> lock_due_rollout;
extern const Sql<void(RolloutId, Timestamp)> look_later;
/// Those that nobody looked at although it was time before this one.
extern const Sql<DueRollout(Timestamp)> forgotten_rollouts;
extern const Sql<void(RolloutStep)> insert_rollout_step;
/// What instances say of a release; of the step what they were told since then. Those that are named have failed, whatever they say.
extern const Sql<RolloutHealth(ConfigSetId, ReleaseNumber, Timestamp, std::vector<std::string>)> rollout_health;
/// The applications of those who are told of a rollout's set, 20 at most.
extern const Sql<std::string(RolloutId)> applications_of_rollout;
/// How the checks of instances stand that are told of the set, by name; 1 for those that the rollout has reached: what is known of them stays.
extern const Sql<void(RolloutId, ConfigSetId, std::vector<std::string>, std::vector<int>, std::vector<int>)> save_rollout_checks;
/// Of instances by name and state those that were better before.
extern const Sql<std::string(RolloutId, std::vector<std::string>, std::vector<int>)> worse_checks;
/// A draft that began with one release goes on with another, which it was published as; those who changed it are forgotten if nobody has since.
extern const Sql<void(ConfigSetId, ReleaseNumber, ReleaseNumber)> rebase_draft;

} // namespace gravity::config

GRAVITY_TABLES(config, ListRollouts, DueRollout, RolloutStep)
