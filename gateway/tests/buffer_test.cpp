#include "buffer.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace gravity::gateway {
namespace {

TEST(Slab, GivesBackWhatNobodyHasNeededSinceTheLastTime) {
    Slab slab;
    std::vector<Slab::Block> taken;
    for (int i = 0; i < 10; ++i) taken.push_back(slab.take());
    for (auto& block : taken) slab.give(std::move(block));
    EXPECT_EQ(slab.free(), 10u);
    slab.trim(); // all ten were needed before
    EXPECT_EQ(slab.free(), 10u);
    for (int i = 0; i < 3; ++i) taken[static_cast<std::size_t>(i)] = slab.take();
    for (int i = 0; i < 3; ++i) slab.give(std::move(taken[static_cast<std::size_t>(i)]));
    slab.trim(); // three at once were
    EXPECT_EQ(slab.free(), 3u);
    slab.trim(); // none was
    EXPECT_EQ(slab.free(), 0u);
    EXPECT_TRUE(slab.take());
    slab.trim();
    EXPECT_EQ(slab.free(), 0u);
}

TEST(Slab, ABufferHoldsABlockOnlyWhileItHasSomething) {
    Slab slab;
    Buffer buffer(slab);
    buffer.commit(buffer.space().size / 2);
    EXPECT_EQ(slab.free(), 0u);
    buffer.grow(3 * Slab::block_bytes); // its first block goes back
    EXPECT_EQ(slab.free(), 1u);
    EXPECT_EQ(buffer.size(), Slab::block_bytes / 2);
    buffer.release(); // a block of another size does not
    EXPECT_EQ(slab.free(), 1u);
    EXPECT_TRUE(buffer.empty());
}

} // namespace
} // namespace gravity::gateway
