#include "auth/token_cache.hpp"

#include <gtest/gtest.h>

namespace gravity::auth {
namespace {

TokenCache::Outcome good(std::string subject) {
    auto claims = std::make_shared<Claims>();
    claims->subject = std::move(subject);
    return std::shared_ptr<const Claims>(std::move(claims));
}

TEST(TokenCache, GivesBackWhatWasStoredWithinItsTime) {
    TokenCache cache(64);
    cache.put("token", 1, 100, 110, good("a"));
    ASSERT_TRUE(cache.find("token", 1, 100));
    EXPECT_EQ((**cache.find("token", 1, 109))->subject, "a");
    EXPECT_FALSE(cache.find("token", 1, 110));
    EXPECT_FALSE(cache.find("token", 1, 99));
    EXPECT_FALSE(cache.find("token", 2, 105)) << "another generation of keys";
    EXPECT_FALSE(cache.find("tokem", 1, 105));
    EXPECT_FALSE(cache.find("", 1, 105));
    cache.put("never", 1, 100, 100, good("b"));
    EXPECT_FALSE(cache.find("never", 1, 100));
}

TEST(TokenCache, TokensOfOneHashAreNotMistaken) {
    TokenCache cache(64, [](std::string_view) { return std::size_t{7}; });
    cache.put("mine", 1, 0, 100, good("me"));
    EXPECT_FALSE(cache.find("yours", 1, 5));
    cache.put("yours", 1, 0, 100, good("you"));
    EXPECT_EQ((**cache.find("mine", 1, 5))->subject, "me");
    EXPECT_EQ((**cache.find("yours", 1, 5))->subject, "you");
}

TEST(TokenCache, TheSameTokenTakesItsOwnPlace) {
    TokenCache cache(8);
    for (int i = 0; i < 7; ++i) cache.put("other" + std::to_string(i), 1, 0, 1000, good("o"));
    for (int i = 0; i < 20; ++i) cache.put("token", 1, 0, 1000, good(std::to_string(i)));
    EXPECT_EQ((**cache.find("token", 1, 5))->subject, "19");
    for (int i = 0; i < 7; ++i) EXPECT_TRUE(cache.find("other" + std::to_string(i), 1, 5)) << i;
}

TEST(TokenCache, DrivesOutTheExpiredThenTheLongestUnused) {
    TokenCache cache(8); // one set
    for (int i = 0; i < 8; ++i) cache.put(std::to_string(i), 1, 0, 1000, good("x"));
    for (const char* used : {"0", "1", "2", "4", "5", "6", "7"}) EXPECT_TRUE(cache.find(used, 1, 1));
    cache.put("new", 1, 1, 1000, good("n"));
    EXPECT_FALSE(cache.find("3", 1, 1)) << "the only one not used since";
    EXPECT_TRUE(cache.find("new", 1, 1));
    cache.put("0", 1, 1, 5, good("short"));
    cache.put("newer", 1, 10, 1000, good("n"));
    EXPECT_TRUE(cache.find("newer", 1, 10));
    for (const char* kept : {"1", "2", "4", "5", "6", "7", "new"}) EXPECT_TRUE(cache.find(kept, 1, 10)) << kept;
    cache.put("next", 2, 10, 1000, good("n"));
    EXPECT_TRUE(cache.find("next", 2, 10));
}

TEST(TokenCache, HoldsNoMoreThanItsPlaces) {
    TokenCache cache(100); // 128
    for (int i = 0; i < 10000; ++i) cache.put(std::to_string(i), 1, 0, 1000, good("x"));
    int found = 0;
    for (int i = 0; i < 10000; ++i) found += cache.find(std::to_string(i), 1, 1) ? 1 : 0;
    EXPECT_LE(found, 128);
    EXPECT_GE(found, 100);
}

} // namespace
} // namespace gravity::auth
