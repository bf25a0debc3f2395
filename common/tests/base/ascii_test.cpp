#include <gravity/base/ascii.hpp>
#include <gravity/base/levenshtein.hpp>

#include <gtest/gtest.h>

namespace ascii = gravity::ascii;

namespace {

TEST(Ascii, LeavesOtherBytesAlone) {
    EXPECT_EQ(ascii::lower("ÄB[z@"), "Äb[z@");
    EXPECT_EQ(ascii::upper("äb`{"), "äB`{");
    EXPECT_TRUE(ascii::iequals("Content-Type", "content-TYPE"));
    EXPECT_FALSE(ascii::iequals("a", "ab"));
    EXPECT_FALSE(ascii::iequals("[", "{")); // 32 apart, like letters
}

TEST(Ascii, TrimsAndSplits) {
    EXPECT_EQ(ascii::trim(" \t\r\n\v\fa b "), "a b");
    EXPECT_EQ(ascii::trim("  "), "");
    using Parts = std::vector<std::string_view>;
    EXPECT_EQ(ascii::split("a,,b", ','), (Parts{"a", "", "b"}));
    EXPECT_EQ(ascii::split("", ','), (Parts{""}));
    EXPECT_EQ(ascii::split(",", ','), (Parts{"", ""}));
}

TEST(EditDistance, CountsEdits) {
    EXPECT_EQ(gravity::edit_distance("", ""), 0u);
    EXPECT_EQ(gravity::edit_distance("", "abc"), 3u);
    EXPECT_EQ(gravity::edit_distance("kitten", "sitting"), 3u);
    EXPECT_EQ(gravity::edit_distance("flaw", "lawn"), 2u);
    EXPECT_EQ(gravity::edit_distance("same", "same"), 0u);
}

TEST(Nearest, FindsWhatWasMeant) {
    const std::string_view settings[] = {"PORT", "DATABASE_URL", "LOG_LEVEL", "PG_POOL_MAX", "PG_POOL_MIN"};
    EXPECT_EQ(gravity::nearest("database_ulr", settings), "DATABASE_URL");
    EXPECT_EQ(gravity::nearest("LOGLEVEL", settings), "LOG_LEVEL");
    EXPECT_EQ(gravity::nearest("PG_POOL_MA", settings), "PG_POOL_MAX");
    EXPECT_EQ(gravity::nearest("PG_POOL_M", settings), "PG_POOL_MAX"); // the first of equals
    EXPECT_EQ(gravity::nearest("COLOUR", settings), "");
    EXPECT_EQ(gravity::nearest("", settings), "");
    EXPECT_EQ(gravity::nearest(std::string(100'000, 'A'), settings), "");
}

} // namespace
