// What becomes of a job whose function threw: pure.
#include "jobs/verdict.hpp"

#include <gravity/base/problem.hpp>
#include <gravity/jobs/job.hpp>

#include <gtest/gtest.h>

namespace gravity::jobs {
namespace {

const Timestamp noon = Timestamp::parse("2026-11-26T12:00:00Z").or_throw();

template <class E>
std::optional<Outcome> after(const E& error, int attempt = 1, std::uint64_t random = 0) {
    return verdict_on(std::make_exception_ptr(error), attempt, 10, noon, random);
}

TEST(Verdict, AnUnknownFailureIsTriedAgainLater) {
    const auto outcome = after(std::runtime_error("disk full"));
    EXPECT_EQ(outcome->state, JobState::waiting);
    EXPECT_TRUE(outcome->counted);
    EXPECT_EQ(outcome->last_error, "disk full");
    EXPECT_FALSE(outcome->error);
}

TEST(Verdict, ThePauseGrowsToItsBoundAndIsDrawnBelowIt) {
    for (int attempt = 1; attempt < 10; ++attempt)
        for (const std::uint64_t random : {std::uint64_t{0}, ~std::uint64_t{0}, std::uint64_t{0x123456789abcdef0}}) {
            const auto outcome = after(std::runtime_error("x"), attempt, random);
            EXPECT_GE(outcome->due, noon);
            EXPECT_LE(outcome->due, noon + Duration::seconds(std::int64_t{1} << (attempt - 1)));
        }
    const auto longest = verdict_on(std::make_exception_ptr(std::runtime_error("x")), 99, 100, noon, ~std::uint64_t{0});
    EXPECT_LE(longest->due, noon + Duration::minutes(10));
}

TEST(Verdict, TheLastAttemptFails) {
    const auto outcome = after(std::runtime_error("disk full"), 10);
    EXPECT_EQ(outcome->state, JobState::failed);
    EXPECT_EQ(outcome->error->type, "urn:gravity:problem:internal");
    EXPECT_FALSE(outcome->error->detail);
}

TEST(Verdict, WhatTheInputIsToBlameForFailsAtOnceAndWhatOthersAreIsTriedAgain) {
    for (const Problem& problem : {problems::malformed, problems::not_found, problems::invalid, problems::forbidden, problems::too_large})
        EXPECT_EQ(after(Refusal(problem, "why"))->state, JobState::failed) << problem.slug;
    for (const Problem& problem : {problems::conflict, problems::stale_version, problems::rate_limited, problems::store_unavailable, problems::overloaded,
                                   problems::outcome_unknown, problems::deadline_exceeded, problems::internal})
        EXPECT_EQ(after(Refusal(problem))->state, JobState::waiting) << problem.slug;
    EXPECT_EQ(after(Refusal(problems::invalid, "why"))->error->detail, "why");
}

TEST(Verdict, WhatIsNoExceptionIsAFailureToo) {
    const auto outcome = after(7);
    EXPECT_EQ(outcome->state, JobState::waiting);
    EXPECT_EQ(outcome->last_error, "an exception of an unknown type");
    EXPECT_EQ(after(7, 10)->state, JobState::failed);
    EXPECT_EQ(after(7, 10)->error->type, "urn:gravity:problem:internal");
}

TEST(Verdict, StoppingIsNoFailure) {
    EXPECT_FALSE(after(JobStopped(JobStopped::Why::lost)));
    EXPECT_EQ(after(JobStopped(JobStopped::Why::cancelled))->state, JobState::cancelled);
    const auto released = after(JobStopped(JobStopped::Why::draining), 10);
    EXPECT_EQ(released->state, JobState::waiting);
    EXPECT_FALSE(released->counted);
    EXPECT_EQ(released->due, noon);
}

TEST(Verdict, WhatIsPostponedWaitsWithoutAnAttempt) {
    const auto postponed = after(JobPostponed(std::chrono::seconds(7)), 10);
    EXPECT_EQ(postponed->state, JobState::waiting);
    EXPECT_FALSE(postponed->counted);
    EXPECT_FALSE(postponed->last_error);
    EXPECT_EQ(postponed->due, noon + Duration::seconds(7));
}

} // namespace
} // namespace gravity::jobs
