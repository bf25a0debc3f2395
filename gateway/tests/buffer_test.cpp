#include "buffer.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <sys/mman.h>
#include <vector>

namespace gravity::gateway {
namespace {

TEST(Slab, GivesBackWhatNobodyHasNeededSinceTheLastTime) {
    Slab slab;
    std::vector<char*> taken;
    for (int i = 0; i < 10; ++i) taken.push_back(slab.take());
    EXPECT_EQ(slab.taken(), 10u);
    for (char* const block : taken) slab.give(block);
    EXPECT_EQ(slab.taken(), 0u);
    EXPECT_EQ(slab.free(), 10u);
    slab.trim(); // all ten were needed before
    EXPECT_EQ(slab.free(), 10u);
    for (int i = 0; i < 3; ++i) taken[static_cast<std::size_t>(i)] = slab.take();
    for (int i = 0; i < 3; ++i) slab.give(taken[static_cast<std::size_t>(i)]);
    slab.trim(); // three at once were
    EXPECT_EQ(slab.free(), 3u);
    slab.trim(); // none was
    EXPECT_EQ(slab.free(), 0u);
    EXPECT_TRUE(slab.take());
    slab.trim();
    EXPECT_EQ(slab.free(), 0u);
}

/// Pages of these blocks that are in memory.
std::size_t resident(const std::vector<char*>& blocks) {
    std::size_t pages = 0;
    for (char* const block : blocks) {
        unsigned char here[Slab::block_bytes / 4096] = {};
        EXPECT_EQ(::mincore(block, Slab::block_bytes, here), 0);
        for (const unsigned char page : here) pages += page & 1;
    }
    return pages;
}

TEST(Slab, WhatIsGivenBackTakesNoMemoryAndIsUsedAgain) {
    Slab slab;
    std::vector<char*> taken;
    for (int i = 0; i < 3000; ++i) {
        taken.push_back(slab.take());
        std::memset(taken.back(), i, Slab::block_bytes);
    }
    EXPECT_EQ(std::set<char*>(taken.begin(), taken.end()).size(), 3000u);
    EXPECT_EQ(static_cast<unsigned char>(taken[5][Slab::block_bytes - 1]), 5u) << "each has its own";
    const std::size_t before = resident(taken);
    for (char* const block : taken) slab.give(block);
    EXPECT_EQ(slab.free(), 1024u) << "no more are kept warm";
    slab.trim();
    slab.trim();
    EXPECT_EQ(slab.free(), 0u);
    EXPECT_GT(before, 11'000u);
    EXPECT_EQ(resident(taken), 0u);
    const std::set<char*> known(taken.begin(), taken.end());
    std::size_t again = 0;
    for (int i = 0; i < 3000; ++i) again += known.count(slab.take());
    EXPECT_GE(again, 3000u - 64) << "of the same megabytes";
}

TEST(Slab, ABufferHoldsABlockOnlyWhileItHasSomething) {
    Slab slab;
    Buffer buffer(slab);
    buffer.commit(buffer.space().size / 2);
    EXPECT_EQ(slab.taken(), 1u);
    buffer.grow(3 * Slab::block_bytes); // its first block goes back
    EXPECT_EQ(slab.free(), 1u);
    EXPECT_EQ(buffer.size(), Slab::block_bytes / 2);
    buffer.release(); // a block of another size does not
    EXPECT_EQ(slab.free(), 1u);
    EXPECT_TRUE(buffer.empty());
}

} // namespace
} // namespace gravity::gateway
