#include "domain.hpp"
#include "problems.hpp"

#include <gtest/gtest.h>

namespace gravity::@id@ {
namespace {

const Timestamp noon = Timestamp::parse("2026-11-23T12:00:00Z").or_throw();

TEST(Make, SaysWhenItIsForgotten) {
    const auto id = @Noun@Id::fresh();
    const @Noun@ made = make({"Mug", Bounded<int, 1, 86'400>{60}}, id, noon);
    EXPECT_EQ(made.id, id);
    EXPECT_EQ(made.expires_at, Timestamp::parse("2026-11-23T12:01:00Z").or_throw());
}

TEST(Make, RefusesReservedNames) {
    try {
        make({".mug", Bounded<int, 1, 86'400>{60}}, @Noun@Id::fresh(), noon);
        ADD_FAILURE() << "made one all the same";
    } catch (const Refusal& refusal) {
        EXPECT_EQ(refusal.problem().slug, reserved_name.slug);
    }
}

} // namespace
} // namespace gravity::@id@
