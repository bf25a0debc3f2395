#include "languages.hpp"
#include "names.hpp"
#include "sku.hpp"

#include <gtest/gtest.h>

namespace gravity::product_catalog {
namespace {

template <class T>
std::string why_not(std::string_view text) {
    const auto parsed = T::parse(text);
    return parsed ? "" : parsed.why();
}

TEST(SkuText, IsTrimmedAndKeepsItsCase) {
    EXPECT_EQ(Sku::parse("  Mug-Red 1 \n").or_throw().view(), "Mug-Red 1");
    EXPECT_EQ(Sku::parse("cafe\xCC\x81").or_throw().view(), "caf\xC3\xA9"); // NFC
    EXPECT_EQ(why_not<Sku>("   "), "must be 1 to 64 characters");
    EXPECT_EQ(why_not<Sku>(std::string(65, 'x')), "must be 1 to 64 characters");
}

TEST(SkuText, OfOneScriptIsTaken) {
    EXPECT_EQ(why_not<Sku>("\xD0\xA8\xD0\xBA\xD0\xB0\xD1\x84-12"), "");         // Шкаф-12
    EXPECT_EQ(why_not<Sku>("\xE6\x9D\xAF-12"), "");                             // 杯-12
    EXPECT_EQ(why_not<Sku>("Stra\xC3\x9F"
                           "e-12"),
              "");                         // Straße-12
}

TEST(SkuText, ThatDeceivesTheEyeIsRefusedNamingTheCodePoint) {
    EXPECT_EQ(why_not<Sku>("MUG\xE2\x80\x8B"
                           "1"),
              "must not contain the invisible character U+200B ZERO WIDTH SPACE");
    EXPECT_EQ(why_not<Sku>("MUG\xC2\xA0"
                           "1"),
              "must not contain the invisible character U+00A0 NO-BREAK SPACE");
    EXPECT_EQ(why_not<Sku>("MUG\xC2\xAD"
                           "1"),
              "must not contain the invisible character U+00AD SOFT HYPHEN");
    EXPECT_EQ(why_not<Sku>("MUG\xE2\x80\xAE"
                           "1"),
              "must not contain the invisible character U+202E RIGHT-TO-LEFT OVERRIDE");
    EXPECT_EQ(why_not<Sku>("M\xD0\x90G"), "must not contain U+0410 CYRILLIC CAPITAL LETTER A, which passes for another character");
    EXPECT_EQ(why_not<Sku>("\xD0\xA1\xD0\x9E\xD0\xA0-1"), "must not contain U+0421 CYRILLIC CAPITAL LETTER ES, which passes for another character"); // СОР
    EXPECT_EQ(why_not<Sku>("\xCE\x91"
                           "BC"),
              "must not contain U+0391 GREEK CAPITAL LETTER ALPHA, which passes for another character");
    EXPECT_EQ(why_not<Sku>("\xEF\xBC\xA1-1"), "must not contain U+FF21 FULLWIDTH LATIN CAPITAL LETTER A, which passes for another character");
}

TEST(GtinText, OfEveryLengthIsHeldWithFourteenDigits) {
    EXPECT_EQ(Gtin::parse("96385074").or_throw().view(), "00000096385074");       // GTIN-8
    EXPECT_EQ(Gtin::parse("614141000036").or_throw().view(), "00614141000036");   // GTIN-12
    EXPECT_EQ(Gtin::parse("4006381333931").or_throw().view(), "04006381333931");  // GTIN-13
    EXPECT_EQ(Gtin::parse("10614141000415").or_throw().view(), "10614141000415"); // GTIN-14
    EXPECT_EQ(why_not<Gtin>("4006381333930"), "must end with the check digit 1");
    EXPECT_EQ(why_not<Gtin>("400638133393"), "must end with the check digit 0");
    EXPECT_EQ(why_not<Gtin>("4006381 33931"), "must be 8, 12, 13 or 14 digits");
    EXPECT_EQ(why_not<Gtin>("123456789"), "must be 8, 12, 13 or 14 digits");
}

// GS1 General Specifications 7.9: a single wrong digit never passes; nine of ten swaps of two neighbours do not either.
TEST(GtinText, NoSingleWrongDigitPasses) {
    const std::string good = "10614141000415";
    for (std::size_t i = 0; i < good.size(); ++i)
        for (char c = '0'; c <= '9'; ++c) {
            std::string other = good;
            other[i] = c;
            EXPECT_EQ(Gtin::parse(other) ? true : false, c == good[i]) << other;
        }
}

TEST(SlugText, IsOfAnyScript) {
    EXPECT_EQ(why_not<PageSlug>("laufschuh-7"), "");
    EXPECT_EQ(why_not<PageSlug>("\xE8\xB7\x91\xE9\x9E\x8B-7"), "");
    EXPECT_NE(why_not<PageSlug>("Laufschuh"), "");
    EXPECT_NE(why_not<PageSlug>("a--b"), "");
    EXPECT_NE(why_not<PageSlug>("-a"), "");
    EXPECT_NE(why_not<PageSlug>("a-"), "");
    EXPECT_NE(why_not<PageSlug>("a/b"), "");
    EXPECT_NE(why_not<PageSlug>("a%20b"), "");
    EXPECT_NE(why_not<PageSlug>(""), "");
}

TEST(KeyText, IsWrittenForPrograms) {
    EXPECT_EQ(why_not<Key>("web-EU.1"), "");
    EXPECT_NE(why_not<Key>("web--eu"), "");
    EXPECT_NE(why_not<Key>("web-"), "");
    EXPECT_NE(why_not<Key>(".web"), "");
    EXPECT_NE(why_not<Key>("w e b"), "");
}

std::string chain(std::string_view langs, std::string_view lang) {
    std::string text;
    for (const auto& next : Languages::parse(langs).or_throw().chain(lang)) text += (text.empty() ? "" : " ") + next;
    return text;
}

TEST(LanguageChain, EndsWithTheBaseLanguage) {
    EXPECT_EQ(chain("en,de,fr", "de"), "de en");
    EXPECT_EQ(chain("en,de,fr", "en"), "en");
    EXPECT_EQ(chain("en,de,de-AT", "de-AT"), "de-AT de en");
    EXPECT_EQ(chain("en,de,de-AT,gsw>de-AT>de", "gsw"), "gsw de-AT de en");
    EXPECT_EQ(chain("en,de", "de-CH"), "de en");
    EXPECT_EQ(chain("en,de", "ja"), "en");
    EXPECT_EQ(chain("en,zh-hant,zh>zh-hant", "zh-Hant-TW"), "zh-Hant zh en");
}

TEST(LanguageSetting, IsRefusedWhereItWouldMislead) {
    EXPECT_EQ(why_not<Languages>("en,de,en"), "must name each language once: en");
    EXPECT_EQ(why_not<Languages>("en,de>fr"), "must list the language that is fallen back on: fr");
    EXPECT_NE(why_not<Languages>(""), "");
    EXPECT_NE(why_not<Languages>("en,,de"), "");
    EXPECT_EQ(Languages::parse(" en , DE-at>en ").or_throw().view(), "en,de-AT>en");
}

TEST(RetentionSetting, IsCalendarTime) {
    const Timestamp leap_day = Timestamp::parse("2028-02-29T12:00:00Z").or_throw();
    const auto before = [&](std::string_view text) { return Retention::parse(text).or_throw().before(leap_day).to_string(); };
    EXPECT_EQ(before("P10Y"), "2018-02-28T12:00:00Z");
    EXPECT_EQ(before("P1M"), "2028-01-29T12:00:00Z");
    EXPECT_EQ(before("P2W"), "2028-02-15T12:00:00Z");
    EXPECT_EQ(before("P99999D"), "1754-05-17T12:00:00Z");
    EXPECT_EQ(before("P99999Y"), Timestamp::min().to_string());
    EXPECT_NE(why_not<Retention>("P0D"), "");
    EXPECT_NE(why_not<Retention>("PT5M"), "");
    EXPECT_NE(why_not<Retention>("P1Y6M"), "");
}

} // namespace
} // namespace gravity::product_catalog
