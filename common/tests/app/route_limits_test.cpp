// The rates of routes: whose is whose, and that remembering callers is bounded.
#include "app/route_limits.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace gravity::app {
namespace {

struct RouteLimitsTest : testing::Test {
    RouteLimitsTest() {
        route.operation_id = "list_things";
        route.options.rate = {.requests = 2, .per_seconds = 3600};
    }
    bool anonymous(RouteLimits& limits, const std::string& address) {
        http::Request request;
        request.peer_address = address;
        return limits.take(request, route, nullptr).allowed;
    }
    bool signed_in(RouteLimits& limits, const ProjectId& project, const std::string& subject) {
        Caller caller;
        caller.project = project;
        caller.subject = subject;
        return limits.take(http::Request(), route, &caller).allowed;
    }
    http::Route route;
};

TEST_F(RouteLimitsTest, EachCallerHasHisOwn) {
    RouteLimits limits;
    const ProjectId one = ProjectId::fresh(), other = ProjectId::fresh();
    for (int i = 0; i < 2; ++i) {
        EXPECT_TRUE(anonymous(limits, "10.0.0.1"));
        EXPECT_TRUE(signed_in(limits, one, "ada"));
    }
    EXPECT_FALSE(anonymous(limits, "10.0.0.1"));
    EXPECT_FALSE(signed_in(limits, one, "ada"));
    EXPECT_TRUE(anonymous(limits, "10.0.0.2"));
    EXPECT_TRUE(signed_in(limits, one, "eve"));
    EXPECT_TRUE(signed_in(limits, other, "ada")) << "another project's subject of the same name";
    route.operation_id = "list_others";
    EXPECT_TRUE(anonymous(limits, "10.0.0.1")) << "another route";
}

TEST_F(RouteLimitsTest, HoweverManyComeNoMoreThanSoManyAreRemembered) {
    RouteLimits limits(20);
    for (int i = 0; i < 1'000; ++i) {
        EXPECT_TRUE(anonymous(limits, "10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256)));
        EXPECT_LE(limits.remembered(), 20u);
    }
    EXPECT_GT(limits.remembered(), 9u) << "but those that are busy are not all forgotten at once";
}

TEST_F(RouteLimitsTest, WhoHasHisWholeBurstAgainIsForgottenFirst) {
    RouteLimits limits(10);
    http::Route quick = route;
    quick.operation_id = "quick";
    quick.options.rate = {.requests = 1'000'000'000, .per_seconds = 1}; // whole again after a nanosecond
    http::Request request;
    for (int i = 0; i < 9; ++i) {
        request.peer_address = "10.0.1." + std::to_string(i);
        EXPECT_TRUE(limits.take(request, quick, nullptr).allowed);
    }
    EXPECT_TRUE(anonymous(limits, "10.0.0.3"));
    EXPECT_TRUE(anonymous(limits, "10.0.0.3"));
    std::this_thread::sleep_for(std::chrono::milliseconds(1)); // a limit counts in steps that may be longer than this test
    EXPECT_TRUE(anonymous(limits, "10.0.0.4"));                // makes room
    EXPECT_EQ(limits.remembered(), 2u);
    EXPECT_FALSE(anonymous(limits, "10.0.0.3")) << "whose burst is used up is still known";
}

} // namespace
} // namespace gravity::app
