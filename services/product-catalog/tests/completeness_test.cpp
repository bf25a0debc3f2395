#include "completeness.hpp"

#include <gtest/gtest.h>

namespace gravity::product_catalog {
namespace {

std::string missing(const Completeness& c) {
    std::string out;
    for (const auto& pointer : c.missing) out += pointer + " ";
    return out;
}

AttributeDef required(const char* name, AttributeKind kind, bool per_variant = false) {
    AttributeDef def;
    def.name = AttributeName::parse(name).or_throw();
    def.kind = kind;
    def.required = true;
    def.per_variant = per_variant;
    return def;
}

TEST(Completeness, OfNothingListsEverything) {
    ProductContent bare;
    bare.name = "Mug";
    bare.slug = PageSlug::parse("mug").or_throw();
    const std::vector<AttributeDef> defs{required("care", AttributeKind::localized_text), required("fit", AttributeKind::text, true)};
    const Completeness base = completeness(bare, {}, defs, Locale("en"), true);
    EXPECT_EQ(missing(base), "/description /meta_title /meta_description /categories /media /variants /attributes/care ");
    EXPECT_EQ(base.score, 12); // of eight, the name is there
    EXPECT_EQ(missing(completeness(bare, {}, {}, Locale("de"), false)),
              "/translations/de/name /translations/de/description /translations/de/meta_title /translations/de/meta_description /categories /media /variants ");
}

TEST(Completeness, CountsALanguagesOwnTexts) {
    ProductContent content;
    content.name = "Mug";
    content.slug = PageSlug::parse("mug").or_throw();
    content.description = Multiline<0, 20'000>::parse("A mug").or_throw();
    content.meta_title = Text<1, 200>::parse("Mug").or_throw();
    content.meta_description = Text<1, 500>::parse("A mug").or_throw();
    content.categories.push_back(CategoryId::fresh());
    MediaRef picture;
    picture.url = Url::parse("https://a/b.jpg").or_throw();
    picture.alt["en"] = Text<1, 500>::parse("A mug").or_throw();
    content.media.push_back(picture);
    content.attributes["care"] = Json::object({{"en", "By hand"}});
    Variant variant;
    variant.id = VariantId::fresh();
    variant.options["fit"] = Text<1, 100>::parse("slim").or_throw();
    const std::vector<AttributeDef> defs{required("care", AttributeKind::localized_text), required("fit", AttributeKind::text, true)};
    const std::string at = "/variants/" + variant.id.to_string();
    EXPECT_EQ(missing(completeness(content, {variant}, defs, Locale("en"), true)), at + "/list_price ");
    content.list_price = Money{100, "EUR"};
    const Completeness full = completeness(content, {variant}, defs, Locale("en"), true);
    EXPECT_EQ(missing(full), "");
    EXPECT_EQ(full.score, 100);
    EXPECT_EQ(missing(completeness(content, {variant}, defs, Locale("de"), false)),
              "/translations/de/name /translations/de/description /translations/de/meta_title /translations/de/meta_description /media/0/alt/de "
              "/attributes/care ");
    variant.options.clear();
    EXPECT_EQ(missing(completeness(content, {variant}, defs, Locale("en"), true)), at + "/attributes/fit ");
}

} // namespace
} // namespace gravity::product_catalog
