#include "domain.hpp"
#include "problems.hpp"

#include <gtest/gtest.h>

namespace gravity::@id@ {
namespace {

TEST(Slugs, KeepLettersAndDigits) {
    EXPECT_EQ(slug_of("Mug"), Slug("mug"));
    EXPECT_EQ(slug_of("  Blue  Mug, 2nd! "), Slug("blue-mug-2nd"));
    EXPECT_EQ(slug_of("Käse"), Slug("k-se"));
    EXPECT_EQ(slug_of(std::string(100, 'x')).view(), std::string(80, 'x'));
    EXPECT_EQ(slug_of(std::string(79, 'x') + " y").view(), std::string(79, 'x'));
}

TEST(Slugs, RefuseWhatLeavesNothing) {
    try {
        slug_of("日本");
        ADD_FAILURE() << "made one all the same";
    } catch (const Refusal& refusal) {
        EXPECT_EQ(refusal.problem().slug, nothing_left.slug);
    }
}

} // namespace
} // namespace gravity::@id@
