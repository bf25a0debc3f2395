#include "membership.hpp"
#include "rollouts_domain.hpp"

#include <gtest/gtest.h>

#include <set>

namespace gravity::config {
namespace {

using Kind = RolloutMove::Kind;

Timestamp at_second(int second) { return Timestamp::parse("2026-11-27T12:00:00Z").or_throw() + Duration::seconds(second); }

Rollout rollout_of(std::vector<Percent> steps, double failed_percent = 0) {
    Rollout rollout;
    rollout.steps = std::move(steps);
    rollout.bake_seconds = 60;
    rollout.failed_percent = Percent::of(failed_percent);
    rollout.state = RolloutState::baking;
    rollout.baking_since = at_second(0);
    return rollout;
}
Rollout two_steps() { return rollout_of({Percent::of(1), Percent::of(50)}); }

TEST(RolloutMoves, BakesThenAdvancesThenCompletes) {
    Rollout rollout = two_steps();
    const RolloutHealth well{3, 0, 3, 3};
    EXPECT_EQ(next_move(rollout, well, at_second(59)).kind, Kind::wait);
    EXPECT_EQ(next_move(rollout, well, at_second(60)).kind, Kind::advance);
    rollout.step = 1;
    EXPECT_EQ(next_move(rollout, well, at_second(60)).kind, Kind::complete);
}

TEST(RolloutMoves, PausesWhereNobodySpeaks) {
    const Rollout rollout = two_steps();
    EXPECT_EQ(next_move(rollout, {}, at_second(60)).kind, Kind::pause);
    EXPECT_EQ(next_move(rollout, {5, 0, 2, 0}, at_second(60)).kind, Kind::pause);     // who is new in the step says nothing
    EXPECT_EQ(next_move(rollout, {5, 0, 2, 1}, at_second(60)).kind, Kind::advance);
    EXPECT_EQ(next_move(rollout, {5, 0, 0, 0}, at_second(60)).kind, Kind::advance);   // nobody is new in it
    EXPECT_EQ(next_move(rollout, {}, at_second(59)).kind, Kind::wait);
    EXPECT_NE(next_move(rollout, {}, at_second(60)).reason, "");
}

TEST(RolloutMoves, TakesBackWhatFails) {
    Rollout rollout = two_steps();
    const RolloutMove move = next_move(rollout, {9, 1, 10, 10}, at_second(1)); // and does not wait
    EXPECT_EQ(move.kind, Kind::revert);
    EXPECT_EQ(move.reason, "1 of 10 instances failed");
    rollout.state = RolloutState::paused;
    EXPECT_EQ(next_move(rollout, {9, 1, 10, 10}, at_second(1)).kind, Kind::revert);
    const Rollout lenient = rollout_of({Percent::of(1)}, 10);
    EXPECT_EQ(next_move(lenient, {9, 1, 10, 10}, at_second(1)).kind, Kind::wait); // not more than 10 %
    EXPECT_EQ(next_move(lenient, {8, 1, 10, 10}, at_second(1)).kind, Kind::revert);
    EXPECT_EQ(next_move(rollout_of({Percent::of(1)}, 100), {0, 5, 5, 5}, at_second(1)).kind, Kind::wait);
}

TEST(RolloutMoves, LeavesAloneWhatIsPausedOrEnded) {
    Rollout rollout = two_steps();
    rollout.state = RolloutState::paused;
    EXPECT_EQ(next_move(rollout, {5, 0, 5, 5}, at_second(600)).kind, Kind::wait);
    for (const RolloutState state : {RolloutState::completed, RolloutState::reverted}) {
        rollout.state = state;
        EXPECT_EQ(next_move(rollout, {0, 5, 5, 5}, at_second(600)).kind, Kind::wait);
    }
}

TEST(RolloutMoves, LooksAgainSoon) {
    Rollout rollout = two_steps();
    EXPECT_EQ(next_look(rollout, at_second(0)), at_second(5));
    rollout.bake_seconds = 8;
    EXPECT_EQ(next_look(rollout, at_second(0)), at_second(2));
    rollout.bake_seconds = 1;
    EXPECT_EQ(next_look(rollout, at_second(0)), at_second(1));
    rollout.state = RolloutState::paused;
    EXPECT_EQ(next_look(rollout, at_second(0)), at_second(30));
}

TEST(RolloutPlans, GrowStepByStep) {
    const auto fault = [](std::vector<Percent> steps) { return fault_of({std::move(steps), 60, Percent::of(0)}).value_or(""); };
    EXPECT_EQ(fault({Percent::of(1), Percent::of(10), Percent::of(100)}), "");
    EXPECT_EQ(fault({Percent::of(0.01)}), "");
    EXPECT_EQ(fault({}), "must be 1 to 10 shares");
    EXPECT_EQ(fault(std::vector<Percent>(11, Percent::of(1))), "must be 1 to 10 shares");
    EXPECT_EQ(fault({Percent::of(0)}), "must be more than 0");
    EXPECT_EQ(fault({Percent::of(10), Percent::of(10)}), "must grow");
    EXPECT_EQ(fault({Percent::of(10), Percent::of(5)}), "must grow");
    EXPECT_EQ(share_of(two_steps(), 1), 5'000);
}

TEST(Membership, IsAPlaceThatStays) {
    const Uuid rollout = Uuid::parse("0190b3a4-0000-7000-8000-000000000000").or_throw(), other = Uuid::parse("0190b3a4-0000-7000-8000-000000000001").or_throw();
    EXPECT_EQ(place_in_rollout(rollout, "shop-1"), place_in_rollout(rollout, "shop-1"));
    std::set<int> places;
    int below = 0, moved = 0;
    for (int i = 0; i < 10'000; ++i) {
        const std::string name = "shop-" + std::to_string(i);
        const int place = place_in_rollout(rollout, name);
        ASSERT_GE(place, 0);
        ASSERT_LT(place, all_places);
        places.insert(place);
        below += place < 1'000 ? 1 : 0;
        moved += place_in_rollout(other, name) != place ? 1 : 0;
    }
    EXPECT_NEAR(below, 1'000, 150); // five sigma
    EXPECT_GT(places.size(), 6'000u);
    EXPECT_GT(moved, 9'900); // the first ones are others each time
}

} // namespace
} // namespace gravity::config
