#include <gravity/base/pattern.hpp>

#include <gtest/gtest.h>

#include <chrono>

namespace gravity {
namespace {

TEST(Pattern, MatchesTheWholeOrFindsAPart) {
    const auto digits = Pattern::parse("[0-9]+");
    ASSERT_TRUE(digits) << digits.why();
    EXPECT_TRUE(digits->matches("42"));
    EXPECT_FALSE(digits->matches("a42"));
    EXPECT_FALSE(digits->matches("42\n"));
    EXPECT_TRUE(digits->finds_in("a42b"));
    EXPECT_FALSE(digits->finds_in("ab"));
    const auto whole = Pattern::parse("^[0-9]+$");
    ASSERT_TRUE(whole);
    EXPECT_TRUE(whole->finds_in("42"));
    EXPECT_FALSE(whole->finds_in("42\n")) << "$ is the end of the text, not of a line before it";
}

TEST(Pattern, CountsCharactersAndNotBytes) {
    const auto one = Pattern::parse(".");
    ASSERT_TRUE(one);
    EXPECT_TRUE(one->matches("\xc3\xab"));
    EXPECT_FALSE(one->matches("\xff")) << "no character";
    EXPECT_FALSE(one->matches(std::string_view("a\0", 2)));
}

TEST(Pattern, SaysWhyATextIsNone) {
    for (const char* none : {"(", "a{1001}", "\\", "(?=a)", "(a)\\1", "\xff"}) {
        const auto pattern = Pattern::parse(none);
        ASSERT_FALSE(pattern) << none;
        EXPECT_TRUE(pattern.why().starts_with("is no regular expression of RE2: ")) << pattern.why();
    }
    EXPECT_FALSE(Pattern::parse("((a{100}){100}){100}")) << "it would take more memory than it may";
}

TEST(Pattern, TakesTimeInProportionToTheText) {
    const auto hostile = Pattern::parse("(a*)*b");
    ASSERT_TRUE(hostile);
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_FALSE(hostile->matches(std::string(100'000, 'a'))); // by backtracking this would not end
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(20));
}

TEST(Pattern, ACopyIsTheSame) {
    auto first = Pattern::parse("a+");
    ASSERT_TRUE(first);
    const Pattern copy = *first;
    first = Pattern::parse("b+");
    EXPECT_TRUE(copy.matches("aa"));
    EXPECT_TRUE(first->matches("bb"));
}

} // namespace
} // namespace gravity
