// One pull at a time, and no project before all others.
#include "git_turns.hpp"

#include <gtest/gtest.h>

namespace gravity::config {
namespace {

using namespace std::chrono_literals;

class Turns : public testing::Test {
protected:
    GitTurns turns;
    GitTurns::Clock::time_point now{};
    const ProjectId many = ProjectId::fresh(), one = ProjectId::fresh(), third = ProjectId::fresh();
    const JobId a = JobId::fresh(), b = JobId::fresh(), c = JobId::fresh(), d = JobId::fresh();

    std::chrono::seconds ask(const ProjectId& project, const JobId& job) {
        now += 100ms;
        return turns.ask(project, job, now);
    }
};

TEST_F(Turns, AreOneAtATime) {
    EXPECT_EQ(ask(many, a), 0s);
    EXPECT_EQ(ask(many, b), GitTurns::soon);
    EXPECT_EQ(ask(many, c), GitTurns::later) << "one of a project asks often";
    EXPECT_EQ(ask(one, d), GitTurns::soon);
    turns.end();
    EXPECT_EQ(ask(many, c), 0s) << "whichever of the project asks first";
    EXPECT_EQ(ask(one, d), GitTurns::soon);
    turns.end();
    EXPECT_EQ(ask(one, d), 0s);
}

TEST_F(Turns, AreOfWhoeverHasWaitedLongest) {
    EXPECT_EQ(ask(many, a), 0s);
    EXPECT_EQ(ask(one, d), GitTurns::soon);
    EXPECT_EQ(ask(many, b), GitTurns::soon);
    EXPECT_EQ(ask(third, c), GitTurns::soon);
    turns.end();
    EXPECT_EQ(ask(third, c), GitTurns::soon) << "though it is free";
    EXPECT_EQ(ask(many, b), GitTurns::soon);
    EXPECT_EQ(ask(one, d), 0s);
    turns.end();
    EXPECT_EQ(ask(one, a), GitTurns::soon) << "it had its turn";
    EXPECT_EQ(ask(many, b), 0s);
    turns.end();
    EXPECT_EQ(ask(third, c), 0s);
}

TEST_F(Turns, AreNotKeptForWhoDoesNotAskAgain) {
    EXPECT_EQ(ask(many, a), 0s);
    EXPECT_EQ(ask(one, d), GitTurns::soon);
    EXPECT_EQ(ask(many, b), GitTurns::soon);
    turns.end();
    now += 4s;
    EXPECT_EQ(ask(many, b), GitTurns::soon);
    now += 3s;
    EXPECT_EQ(ask(many, b), 0s);
}

} // namespace
} // namespace gravity::config
