#pragma once

#include "releases_model.hpp"

/// Releases that come to more and more instances.
namespace gravity::config {

using RolloutId = Id<"rollout">;

enum class RolloutState {
    baking, // the instances of its step run it, and it is held that they do well
    paused,
    completed,
    reverted
};
BOOST_DESCRIBE_ENUM(RolloutState, baking, paused, completed, reverted)

struct RolloutPlan {
    std::vector<Percent> steps;
    Bounded<int, 1, 86'400> bake_seconds{300};
    Percent failed_percent = Percent::of(0);
};
BOOST_DESCRIBE_STRUCT(RolloutPlan, (), (steps, bake_seconds, failed_percent))

struct PublishDraft : Publish {
    std::optional<RolloutPlan> rollout;
};
BOOST_DESCRIBE_STRUCT(PublishDraft, (Publish), (rollout))

struct PublishedRelease : ReleaseSummary {
    std::optional<RolloutId> rollout;
};
BOOST_DESCRIBE_STRUCT(PublishedRelease, (ReleaseSummary), (rollout))

struct Rollout : RolloutPlan {
    RolloutId id;
    ConfigSetId set_id;
    ReleaseNumber from_number;
    ReleaseNumber to_number;
    RolloutState state{};
    std::optional<std::string> reason;
    int step = 0;
    Timestamp baking_since;
    std::string started_by;
    Version version;
    Timestamp created_at;
    Timestamp updated_at;
    std::optional<Timestamp> ended_at;
};
BOOST_DESCRIBE_STRUCT(Rollout, (RolloutPlan),
                      (id, set_id, from_number, to_number, state, reason, step, baking_since, started_by, version, created_at, updated_at, ended_at))

struct RolloutReason {
    std::optional<Text<1, 500>> reason;
};
BOOST_DESCRIBE_STRUCT(RolloutReason, (), (reason))

struct RolloutAdvanced {
    static constexpr Event event{"gravity.config.rollout.advanced"};
    RolloutId id;
    ConfigSetId set_id;
    ReleaseNumber number;
    int step = 0;
    Percent percent;
    std::int64_t seq = 0;
};
BOOST_DESCRIBE_STRUCT(RolloutAdvanced, (), (id, set_id, number, step, percent, seq))

struct RolloutPaused {
    static constexpr Event event{"gravity.config.rollout.paused"};
    RolloutId id;
    ConfigSetId set_id;
    ReleaseNumber number;
    int step = 0;
    std::string reason;
};
BOOST_DESCRIBE_STRUCT(RolloutPaused, (), (id, set_id, number, step, reason))

} // namespace gravity::config

template <>
struct gravity::meta::docs<gravity::config::RolloutPlan> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"steps", "Shares of the instances in per cent, growing, 1 to 10 of them; after the last all have it"},
        {"bake_seconds", "How long each step is held before the next"},
        {"failed_percent", "If more of the instances that have said something say that it failed, the release is taken back"},
    };
};
template <>
struct gravity::meta::docs<gravity::config::PublishDraft> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"rollout", "Without it the release is in force for everybody at once"}};
};
template <>
struct gravity::meta::docs<gravity::config::PublishedRelease> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {{"rollout", "By which it comes to be in force"}};
};
template <>
struct gravity::meta::docs<gravity::config::Rollout> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {
        {"from_number", "The release that was in force, and is for all others"},
        {"to_number", "The release that comes"},
        {"reason", "Why it was paused or taken back"},
        {"step", "Index among `steps` of the one that is reached"},
        {"baking_since", "When the step began, or went on"},
    };
};

GRAVITY_TABLES(config, RolloutId, RolloutState, RolloutPlan, PublishDraft, PublishedRelease, Rollout, RolloutReason, RolloutAdvanced, RolloutPaused)
