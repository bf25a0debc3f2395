#include "slug.hpp"

#include <gravity/base/utf8.hpp>

#include <gtest/gtest.h>

#include <random>

namespace gravity::product_catalog {
namespace {

struct Vector {
    const char* script;
    const char* title;
    const char* latin;
    const char* keep;
};

// The romanised forms are those of ICU 72's `uconv -x "::NFKD; ::Any-Latin; ::Latin-ASCII; ::Lower"`, put into the alphabet of slugs.
const Vector vectors[] = {
    {"Latin", "Straße nach Ærø™ & Łódź", "strasse-nach-aero-lodz", "straße-nach-ærø-łódź"},
    {"Greek", "Κόκκινο Φλιτζάνι", "kokkino-phlitzani", "κόκκινο-φλιτζάνι"},
    {"Cyrillic", "Красная кружка Щука", "krasnaa-kruzka-suka", "красная-кружка-щука"},
    {"Armenian", "Հայերեն գավաթ", "hayeren-gavat", "հայերեն-գավաթ"},
    {"Georgian", "ქართული ფინჯანი", "kartuli-pinjani", "ქართული-ფინჯანი"},
    {"Hebrew", "כוס אדומה", "kws-dwmh", "כוס-אדומה"},
    {"Arabic", "كوب أحمر", "kwb-ahmr", "كوب-أحمر"},
    {"Devanagari", "लाल मग कप", "lala-maga-kapa", "लाल-मग-कप"},
    {"Bengali", "লাল কাপ", "lala-kapa", "লাল-কাপ"},
    {"Tamil", "சிவப்பு கோப்பை", "civappu-koppai", "சிவப்பு-கோப்பை"},
    {"Thai", "ถ้วยสีแดง", "thwy-si-daeng", "ถ้วยสีแดง"},
    {"Han", "红色马克杯", "hong-se-ma-ke-bei", "红色马克杯"},
    {"Kana", "チイマグカップ がぎぐ", "chiimagukappu-gagigu", "チイマグカップ-がぎぐ"},
    {"Hangul", "빨간 머그컵", "ppalgan-meogeukeob", "빨간-머그컵"},
};

TEST(Slug, VectorsInFourteenScripts) {
    for (const auto& v : vectors) {
        EXPECT_EQ(make_slug(v.title, SlugMode::latin), v.latin) << v.script;
        EXPECT_EQ(make_slug(v.title, SlugMode::keep), v.keep) << v.script;
    }
}

TEST(Slug, WordsAreSeparatedOnce) {
    EXPECT_EQ(make_slug("  The -- Big_Mug / 330 ml!  ", SlugMode::latin), "the-big-mug-330-ml");
    EXPECT_EQ(make_slug("Women's & Men’s", SlugMode::latin), "womens-mens");
    EXPECT_EQ(make_slug("½ №5 ﬁne Ⅷ", SlugMode::latin), "1-2-no5-fine-viii");
    EXPECT_EQ(make_slug("soft\u00adhyphen", SlugMode::keep), "softhyphen");
    EXPECT_EQ(make_slug("می\u200cخواهم", SlugMode::keep), "می-خواهم");
    EXPECT_EQ(make_slug("e\u0301te\u0301", SlugMode::keep), "été"); // NFC
    EXPECT_EQ(make_slug("İstanbul", SlugMode::latin), "istanbul");
}

TEST(Slug, AScriptWithoutRomanisationIsKept) { EXPECT_EQ(make_slug("ཇ་ཕོར", SlugMode::latin), "ཇ-ཕོར"); }

TEST(Slug, NothingToNameIsEmpty) {
    for (const char* title : {"", "   ", "***", "🎉🎉", "---", "™"}) {
        EXPECT_EQ(make_slug(title, SlugMode::latin), "") << title;
        EXPECT_EQ(make_slug(title, SlugMode::keep), "") << title;
    }
}

TEST(Slug, LongTitlesAreCutBetweenWords) {
    const std::string nine = "ninechars "; // with its hyphen ten
    std::string title;
    for (int i = 0; i < 12; ++i) title += nine;
    EXPECT_EQ(make_slug(title, SlugMode::latin).size(), 79u);                     // eight words
    EXPECT_EQ(make_slug("x" + title, SlugMode::latin).size(), 80u);               // the eighth ends exactly at the limit
    EXPECT_EQ(make_slug("xx" + title, SlugMode::latin), make_slug("xx" + title.substr(0, 70), SlugMode::latin)); // it no longer fits
    EXPECT_EQ(make_slug(std::string(200, 'a'), SlugMode::latin), std::string(80, 'a'));
    std::string han;
    for (int i = 0; i < 100; ++i) han += "杯";
    EXPECT_EQ(utf8::count(make_slug(han, SlugMode::keep)), 80u); // code points, whole ones
}

TEST(Slug, TheNthChoiceFits) {
    EXPECT_EQ(numbered_slug("mug", 2), "mug-2");
    EXPECT_EQ(numbered_slug(std::string(80, 'a'), 12), std::string(77, 'a') + "-12");
    EXPECT_EQ(numbered_slug(std::string(77, 'a') + "-bc", 2), std::string(77, 'a') + "-2");
    std::string han;
    for (int i = 0; i < 80; ++i) han += "杯";
    EXPECT_EQ(utf8::count(numbered_slug(han, 10)), 80u);
}

TEST(Slug, MakingIsIdempotentForAnyText) {
    std::mt19937 random(7);
    const char32_t tops[] = {0x7f, 0x24f, 0x5ff, 0xfff, 0x30ff, 0x9fff, 0x1f6ff};
    for (int round = 0; round < 300; ++round) {
        std::string title;
        for (int i = 0; i < 40; ++i) {
            const char32_t c = 0x20 + static_cast<char32_t>(random()) % (tops[random() % 7] - 0x20);
            if (c < 0xd800 || c > 0xdfff) utf8::append(title, c);
        }
        for (const SlugMode mode : {SlugMode::latin, SlugMode::keep}) {
            const std::string slug = make_slug(title, mode);
            EXPECT_LE(utf8::count(slug), max_slug) << title;
            EXPECT_FALSE(slug.starts_with('-') || slug.ends_with('-') || slug.find("--") != std::string::npos) << title;
            EXPECT_EQ(make_slug(slug, SlugMode::keep), slug) << title;
        }
    }
}

} // namespace
} // namespace gravity::product_catalog
