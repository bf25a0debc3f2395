#include <gravity/base/bytes.hpp>
#include <gravity/base/text.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <unordered_set>

using gravity::Bytes;
using gravity::Multiline;
using gravity::Slug;
using gravity::Text;

namespace {

TEST(Text, CountsCodePointsNotBytes) {
    EXPECT_TRUE((Text<1, 4>::parse("größ")));
    EXPECT_TRUE((Text<1, 2>::parse("日本")));
    EXPECT_TRUE((Text<1, 1>::parse("😀")));
    EXPECT_FALSE((Text<1, 3>::parse("größ")));
    EXPECT_EQ((Text<1, 3>::parse("").why()), "must be 1 to 3 characters");
    EXPECT_EQ((Text<2, 2>::parse("a").why()), "must be exactly 2 characters");
    EXPECT_EQ((Text<0, 1>::parse("ab").why()), "must be 0 to 1 character");
}

TEST(Text, IsBroughtToNfc) {
    const auto text = Text<1, 1>::parse("e\xcc\x81"); // e, combining acute
    ASSERT_TRUE(text);
    EXPECT_EQ(text->view(), "é");
    const auto hangul = Text<1, 1>::parse("\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8"); // three jamo
    ASSERT_TRUE(hangul);
    EXPECT_EQ(hangul->view(), "각");
}

TEST(Text, RefusesBrokenUtf8AndControls) {
    using Line = Text<0, 100>;
    for (const std::string_view bad : {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "a\xc3"}) {
        EXPECT_EQ(Line::parse(bad).why(), "must be valid UTF-8");
    }
    using namespace std::string_view_literals;
    for (const std::string_view bad : {"\0"sv, "a\x1b[1m"sv, "\x7f"sv, "\xc2\x80"sv, "\xc2\x9f"sv}) {
        EXPECT_EQ(Line::parse(bad).why(), "must not contain control characters");
    }
    for (const std::string_view bad : {"a\nb"sv, "a\rb"sv, "a\tb"sv, "\xe2\x80\xa8"sv, "\xe2\x80\xa9"sv})
        EXPECT_FALSE(Line::parse(bad));
    EXPECT_TRUE(Line::parse("\xc2\xa0")); // the first one after the C1 controls
}

TEST(Text, RefusesWhatIsFarTooLongAtOnce) {
    const std::string huge(10'000'000, '\xff'); // not even looked at: otherwise the clause would name UTF-8
    EXPECT_EQ((Text<0, 10>::parse(huge).why()), "must be 0 to 10 characters");
}

TEST(Text, UnsetIsNotEmpty) {
    using Any = Text<0, 5>;
    EXPECT_FALSE(Any{}.is_set());
    const auto empty = Any::parse("");
    ASSERT_TRUE(empty);
    EXPECT_TRUE(empty->is_set());
    EXPECT_NE(*empty, Any{});
}

TEST(Text, ConvertsFromLiteralsAndRefusesBadOnes) {
    const Text<1, 5> name = "Mug";
    EXPECT_EQ(name.str(), "Mug");
    EXPECT_TRUE(name == "Mug");
    EXPECT_LT(name, (Text<1, 5>("Nug")));
    EXPECT_THROW((Text<1, 2>("Mug")), std::invalid_argument);
    EXPECT_THROW((void)(Text<1, 2>::parse("Mug").or_throw()), std::invalid_argument);
}

TEST(Text, DescribesItsLimits) {
    constexpr gravity::meta::Type type = Text<3, 70>::describe();
    EXPECT_EQ(type.min, 3);
    EXPECT_EQ(type.max, 70);
    EXPECT_EQ(type.kind, gravity::meta::Kind::text);
    const auto made = type.make();
    EXPECT_FALSE(type.is_set(made.get()));
    std::string why;
    ASSERT_TRUE(type.text->from_text("abc", made.get(), why));
    std::string out = "x";
    type.text->to_text(made.get(), out);
    EXPECT_EQ(out, "xabc");
}

TEST(Multiline, TakesLineBreaksAndUnifiesThem) {
    const auto text = Multiline<0, 20>::parse("a\r\nb\rc\n\td");
    ASSERT_TRUE(text);
    EXPECT_EQ(text->view(), "a\nb\nc\n\td");
    EXPECT_TRUE((Multiline<0, 3>::parse("a\r\nb"))); // counted afterwards
    EXPECT_FALSE((Multiline<0, 20>::parse("\x0b")));
}

TEST(Slug, HasOneForm) {
    for (const char* good : {"a", "0", "blue-mug", "a-1-b2"}) EXPECT_TRUE(Slug::parse(good)) << good;
    for (const char* bad : {"", "-", "-a", "a-", "a--b", "A", "a_b", "a b", "ä", "a.b"})
        EXPECT_FALSE(Slug::parse(bad)) << bad;
    EXPECT_TRUE(Slug::parse(std::string(80, 'a')));
    EXPECT_FALSE(Slug::parse(std::string(81, 'a')));
    const std::unordered_set<Slug> set{"a", "b", "a"};
    EXPECT_EQ(set.size(), 2u);
}

TEST(Bytes, AreBase64InJsonAndHexInPostgres) {
    const auto bytes = Bytes::parse("AP8K");
    ASSERT_TRUE(bytes);
    EXPECT_EQ(bytes->view(), std::string_view("\x00\xff\x0a", 3));
    EXPECT_EQ(bytes->to_string(), "AP8K");
    EXPECT_EQ(bytes->to_postgres(), "\\x00ff0a");
    EXPECT_EQ(*Bytes::from_postgres("\\x00ff0a"), *bytes);
    EXPECT_FALSE(Bytes::parse("AP8"));
    EXPECT_FALSE(Bytes::parse("AP8K\n"));
    EXPECT_FALSE(Bytes::from_postgres("00ff"));
    EXPECT_FALSE(Bytes::from_postgres("\\x0"));
    EXPECT_FALSE(Bytes{}.is_set());
    EXPECT_TRUE(Bytes::parse("")->is_set());
}

} // namespace
