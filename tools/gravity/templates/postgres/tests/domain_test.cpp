#include "domain.hpp"
#include "problems.hpp"

#include <gtest/gtest.h>

namespace gravity::@id@ {
namespace {

TEST(Delete, SparesWhatIsLocked) {
    @Noun@ found;
    EXPECT_NO_THROW(check_deletable(found));
    found.locked = true;
    try {
        check_deletable(found);
        ADD_FAILURE() << "deleted all the same";
    } catch (const Refusal& refusal) {
        EXPECT_EQ(refusal.problem().slug, is_locked.slug);
    }
}

} // namespace
} // namespace gravity::@id@
