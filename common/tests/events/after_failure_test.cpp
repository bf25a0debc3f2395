// What becomes of an event whose handling threw: pure.
#include "events/after_failure.hpp"

#include <gravity/base/problem.hpp>
#include <gravity/events/received.hpp>
#include <gravity/redis/error.hpp>

#include <gtest/gtest.h>

namespace gravity::events {
namespace {

using Next = AfterFailure::Next;

template <class E>
AfterFailure after(const E& error, int failures = 0) {
    return after_failure(std::make_exception_ptr(error), failures, 3);
}

TEST(AfterFailure, AnEventIsTriedSoManyTimesAndThenPutAside) {
    const std::runtime_error full("disk full");
    for (int failures = 0; failures < 2; ++failures) {
        EXPECT_EQ(after(full, failures).next, Next::again) << failures;
        EXPECT_TRUE(after(full, failures).counted);
    }
    EXPECT_EQ(after(full, 2).next, Next::dead_letters);
    EXPECT_EQ(after(full, 2).why, "disk full");
}

TEST(AfterFailure, AStoreThatIsAwayIsNotTheEventsFault) {
    for (int failures : {0, 2, 99}) {
        for (const Problem& problem : {problems::store_unavailable, problems::overloaded}) {
            EXPECT_EQ(after(Refusal(problem), failures).next, Next::again) << problem.slug << failures;
            EXPECT_FALSE(after(Refusal(problem), failures).counted) << problem.slug;
        }
        const redis::Error away(redis::ErrorKind::unavailable, "nobody listens");
        EXPECT_EQ(after(away, failures).next, Next::again);
        EXPECT_FALSE(after(away, failures).counted);
        EXPECT_EQ(after(away, failures).why, "nobody listens");
    }
}

TEST(AfterFailure, ARefusalCountsAndIsToldWithItsReason) {
    EXPECT_TRUE(after(Refusal(problems::invalid)).counted);
    EXPECT_EQ(after(Refusal(problems::not_found)).why, problems::not_found.title);
    EXPECT_EQ(after(Refusal(problems::not_found, "no such mug")).why, std::string(problems::not_found.title) + ": no such mug");
    EXPECT_EQ(after(Refusal(problems::not_found), 2).next, Next::dead_letters);
}

TEST(AfterFailure, WhatNoAttemptCanMakeRightIsNotTriedAgain) {
    EXPECT_EQ(after(Undecodable("/amount must be a number")).next, Next::dead_letters);
    EXPECT_EQ(after(Undecodable("/amount must be a number")).why, "/amount must be a number");
}

TEST(AfterFailure, WithTheLeaseTheEventIsGone) {
    EXPECT_EQ(after(LeaseLost(), 2).next, Next::not_ours);
    EXPECT_FALSE(after(LeaseLost()).counted);
}

TEST(AfterFailure, WhatIsNoExceptionIsOneToo) {
    EXPECT_EQ(after(7).next, Next::again);
    EXPECT_TRUE(after(7).counted);
    EXPECT_EQ(after(7).why, "an exception of an unknown type");
    EXPECT_EQ(after(7, 2).next, Next::dead_letters);
}

} // namespace
} // namespace gravity::events
