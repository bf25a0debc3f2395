#include <gravity/base/number.hpp>
#include <gravity/base/text.hpp>
#include <gravity/meta/describe.hpp>
#include <gravity/meta/text.hpp>

#include <gtest/gtest.h>

namespace gravity::meta {
namespace {

enum class Mode {
    fast,
    slow
};
BOOST_DESCRIBE_ENUM(Mode, fast, slow)

template <class T> std::optional<T> read(std::string_view text) {
    T value{};
    std::string why;
    if (from_text(text, meta::mutable_ref(value), why)) return value;
    EXPECT_FALSE(why.empty()) << text;
    return std::nullopt;
}

TEST(FromText, ReadsScalars) {
    EXPECT_EQ(read<bool>("true"), true);
    EXPECT_EQ(read<bool>("false"), false);
    EXPECT_EQ(read<int>("-5"), -5);
    EXPECT_EQ(read<std::int64_t>("9223372036854775807"), INT64_MAX);
    EXPECT_EQ(read<double>("2.5e3"), 2500.0);
    EXPECT_EQ(read<Mode>("slow"), Mode::slow);
    EXPECT_EQ(read<std::string>(""), "");
    EXPECT_EQ(read<std::optional<int>>("7"), std::optional<int>(7));
    EXPECT_EQ(read<Slug>("blue-mug")->view(), "blue-mug");
}

TEST(FromText, RefusesWhatIsNotWhole) {
    for (const auto text : {"", " ", "TRUE", "1", "yes", "true "}) EXPECT_FALSE(read<bool>(text)) << text;
    for (const auto text : {"", "-", "+1", "1.0", "1e2", "0x10", " 1", "1 ", "1,2"})
        EXPECT_FALSE(read<int>(text)) << text;
    for (const auto text : {"", "nan", "inf", "-inf", "1e999", "1,5", "0x1p3", "1 "})
        EXPECT_FALSE(read<double>(text)) << text;
    for (const auto text : {"", "Fast", "fast ", "0"}) EXPECT_FALSE(read<Mode>(text)) << text;
    EXPECT_FALSE(read<std::string>(std::string_view("a\0b", 3)));
    EXPECT_FALSE(read<std::string>("\xff"));
}

TEST(FromText, HoldsBounds) {
    EXPECT_FALSE(read<int>("2147483648"));
    EXPECT_FALSE(read<std::int64_t>("9223372036854775808"));
    EXPECT_FALSE(read<std::int64_t>("99999999999999999999999999"));
    EXPECT_FALSE((read<Bounded<int, 1, 200>>("0")));
    EXPECT_FALSE((read<Bounded<int, 1, 200>>("201")));
    EXPECT_TRUE((read<Bounded<int, 1, 200>>("200")));
    EXPECT_FALSE(read<Percent>("100.5"));
    EXPECT_FALSE(read<Percent>("-1"));
    std::string why;
    Bounded<int, 1, 200> value;
    from_text("0", meta::mutable_ref(value), why);
    EXPECT_EQ(why, "must be between 1 and 200");
    Mode mode{};
    from_text("", meta::mutable_ref(mode), why);
    EXPECT_EQ(why, "must be one of fast, slow");
}

TEST(FromText, IsNotForWhatHasMembers) {
    std::vector<int> list;
    std::string why;
    EXPECT_THROW(from_text("1", meta::mutable_ref(list), why), std::logic_error);
    EXPECT_THROW(to_text(meta::ref(list)), std::logic_error);
}

TEST(ToText, WritesWhatFromTextReads) {
    EXPECT_EQ(to_text(meta::ref(true)), "true");
    EXPECT_EQ(to_text(meta::ref(-5)), "-5");
    EXPECT_EQ(to_text(meta::ref(0.1)), "0.1");
    EXPECT_EQ(to_text(meta::ref(Mode::slow)), "slow");
    EXPECT_EQ(to_text(meta::ref(std::string("a b"))), "a b");
    EXPECT_EQ(to_text(meta::ref(std::optional<int>())), "");
    EXPECT_EQ(to_text(meta::ref(std::optional<int>(3))), "3");
    EXPECT_EQ(to_text(meta::ref(Slug())), ""); // unset
}

} // namespace
} // namespace gravity::meta
