#include <gravity/base/utf8.hpp>

#include <gtest/gtest.h>

namespace utf8 = gravity::utf8;
using namespace std::string_view_literals;

namespace {

TEST(Utf8, RoundTripsEveryCodePoint) {
    for (char32_t c = 0; c <= 0x10ffff; ++c) {
        if (c >= 0xd800 && c <= 0xdfff) continue;
        std::string text;
        utf8::append(text, c);
        std::string_view rest = text;
        const auto read = utf8::next(rest);
        ASSERT_TRUE(read.has_value()) << static_cast<std::uint32_t>(c);
        ASSERT_EQ(*read, c);
        ASSERT_TRUE(rest.empty());
        ASSERT_EQ(utf8::count(text), 1u);
    }
}

TEST(Utf8, RefusesIllFormedSequences) {
    for (const std::string_view bad : {"\x80"sv,
                                       "\xbf"sv,
                                       "\xc0\x80"sv,
                                       "\xc1\xbf"sv,
                                       "\xe0\x80\x80"sv,
                                       "\xe0\x9f\xbf"sv,
                                       "\xed\xa0\x80"sv,
                                       "\xed\xbf\xbf"sv,
                                       "\xf0\x80\x80\x80"sv,
                                       "\xf0\x8f\xbf\xbf"sv,
                                       "\xf4\x90\x80\x80"sv,
                                       "\xf5\x80\x80\x80"sv,
                                       "\xfe"sv,
                                       "\xff"sv,
                                       "\xc3"sv,
                                       "\xe2\x82"sv,
                                       "\xf0\x9f\x98"sv,
                                       "\xc3\x28"sv,
                                       "\xe2\x28\xa1"sv,
                                       "\xe2\x82\x28"sv,
                                       "\xf0\x28\x8c\xbc"sv}) {
        EXPECT_FALSE(utf8::valid(bad));
        std::string_view rest = bad;
        EXPECT_FALSE(utf8::next(rest));
        EXPECT_EQ(rest.size(), bad.size());
    }
    EXPECT_TRUE(utf8::valid(""));
    EXPECT_TRUE(utf8::valid("a\xc2\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
    EXPECT_EQ(utf8::count("a\xc2\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), 4u);
}

TEST(Utf8, NormalisesToNfc) {
    EXPECT_EQ(utf8::nfc("plain"), "plain");
    EXPECT_EQ(utf8::nfc("A\xcc\x8a"), "\xc3\x85");
    EXPECT_EQ(utf8::nfc("\xe2\x84\xab"), "\xc3\x85");               // ANGSTROM SIGN
    EXPECT_EQ(utf8::nfc("q\xcc\x87\xcc\xa3"), "q\xcc\xa3\xcc\x87"); // reordered by combining class
    EXPECT_FALSE(utf8::is_ascii("\xc3\x85"));
}

} // namespace
