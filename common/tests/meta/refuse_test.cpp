#include <gravity/meta/refuse.hpp>

#include <gtest/gtest.h>

namespace gravity {
namespace {

constexpr Problem stopped{409, "stopped", "It was stopped"};

TEST(Refuse, TellsEverythingThatIsWrong) {
    meta::Errors errors;
    EXPECT_NO_THROW(refuse_if_any(errors));
    errors.reject("/name", "is required");
    errors.reject("", "has too much");
    try {
        refuse_if_any(errors);
        FAIL() << "nothing was refused";
    } catch (const Refusal& refusal) {
        EXPECT_EQ(refusal.problem().status, 422);
        EXPECT_EQ(refusal.detail(), errors.to_string());
        ASSERT_EQ(refusal.faults().size(), 2U);
        EXPECT_EQ(refusal.faults()[0].pointer, errors.items()[0].pointer);
        EXPECT_EQ(refusal.faults()[1].detail, "has too much");
    }
}

TEST(Refuse, AsTheProblemThatIsGiven) {
    meta::Errors errors;
    errors.reject("", "cannot be");
    try {
        refuse_if_any(errors, stopped);
        FAIL() << "nothing was refused";
    } catch (const Refusal& refusal) {
        EXPECT_EQ(refusal.problem().slug, "stopped");
    }
}

} // namespace
} // namespace gravity
