#include "public_hosts.hpp"
#include "view.hpp"

#include <gtest/gtest.h>

namespace gravity::product_catalog::storefront {
namespace {

Json json(const char* text) { return Json::parse(text).or_throw(); }

AttributeDef attribute(const char* name, AttributeKind kind, std::initializer_list<std::pair<const char*, const char*>> labels = {}) {
    AttributeDef def;
    def.name = AttributeName::parse(name).or_throw();
    def.kind = kind;
    for (const auto& [lang, label] : labels) def.label[lang] = Text<1, 100>::parse(label).or_throw();
    return def;
}

class View : public testing::Test {
protected:
    View() {
        revision.product_id = ProductId::fresh();
        revision.revision = 4;
        revision.published_at = Timestamp::parse("2026-11-23T12:00:00Z").or_throw();
        ProductContent& content = revision.body;
        content.name = "Mug";
        content.slug = PageSlug::parse("mug").or_throw();
        content.description = Multiline<0, 20'000>::parse("Of clay").or_throw();
        content.translations["de"].name = Text<1, 200>::parse("Becher").or_throw();
        content.translations["de"].meta_title = Text<1, 200>::parse("Der Becher").or_throw();
        content.list_price = Money{900, "EUR"};
    }
    Product seen(std::string_view lang) { return view_of({revision, variants, defs, crumbs, alternates}, lang, languages, {"https://files.example"}); }
    std::string properties(const Product& product) {
        std::string out;
        for (const Property& p : product.properties) out += p.name + "=" + p.value + (p.unit ? " " + *p.unit : "") + ";";
        return out;
    }

    RevisionRow revision;
    std::vector<product_catalog::Variant> variants;
    std::vector<AttributeDef> defs;
    std::vector<CrumbRow> crumbs;
    std::vector<Alternate> alternates{{"de", "becher"}, {"en", "mug"}};
    Languages languages{"en,de,de-AT>de"};
};

TEST_F(View, BorrowsAlongTheChain) {
    const Product de = seen("de");
    EXPECT_EQ(de.title, "Becher");
    EXPECT_EQ(de.meta_title, "Der Becher");
    EXPECT_EQ(de.description, "Of clay");
    EXPECT_EQ(de.slug, "becher");
    EXPECT_EQ(de.lang, "de");
    EXPECT_EQ(de.revision, 4);
    const Product austrian = seen("de-AT");
    EXPECT_EQ(austrian.title, "Becher");
    EXPECT_EQ(austrian.lang, "de"); // whose page it is
    EXPECT_EQ(austrian.slug, "becher");
    EXPECT_EQ(seen("en").title, "Mug");
    EXPECT_FALSE(seen("en").meta_title);
    EXPECT_EQ(seen("fr").slug, "mug");
}

TEST_F(View, AttributesReadAsPeopleWriteThem) {
    defs = {attribute("brand", AttributeKind::text),
            attribute("google_product_category", AttributeKind::text),
            attribute("care", AttributeKind::localized_text, {{"en", "Care"}, {"de", "Pflege"}}),
            attribute("weight", AttributeKind::measurement, {{"de", "Gewicht"}}),
            attribute("year", AttributeKind::number),
            attribute("ratio", AttributeKind::number),
            attribute("vegan", AttributeKind::boolean),
            attribute("tags", AttributeKind::set),
            attribute("deposit", AttributeKind::money),
            attribute("since", AttributeKind::date),
            attribute("like", AttributeKind::reference),
            attribute("absent", AttributeKind::text)};
    defs[3].unit = Text<1, 20>::parse("KGM").or_throw();
    defs[7].values = {{Key("x"), {{"de", Text<1, 100>::parse("Iks").or_throw()}}}, {Key("y"), {}}};
    defs[8].currency = Currency("EUR");
    defs[10].target = ReferenceTarget::product;
    auto& values = revision.body.attributes;
    values["brand"] = "Clayworks";
    values["google_product_category"] = "2169";
    values["care"] = json(R"({"en":"By hand"})");
    values["weight"] = json(R"({"value":0.3,"unit":"kg"})");
    values["year"] = 2026;
    values["ratio"] = 1.5;
    values["vegan"] = true;
    values["tags"] = json(R"(["x","y"])");
    values["deposit"] = json(R"({"amount":25,"currency":"EUR"})");
    values["since"] = "2026-11-23";
    values["like"] = ProductId::fresh().to_string();
    const Product de = seen("de");
    EXPECT_EQ(de.brand, "Clayworks");
    EXPECT_EQ(de.google_category, "2169");
    EXPECT_EQ(properties(de), "Pflege=By hand;Gewicht=0.3 KGM;year=2026;ratio=1.5;vegan=true;tags=Iks, y;deposit=0.25 EUR;since=2026-11-23;");
    values["year"] = "a form that the type no longer has";
    EXPECT_EQ(properties(seen("de")).find("year"), std::string::npos);
}

TEST_F(View, VariantsHavePricesOptionsAndPictures) {
    defs = {attribute("color", AttributeKind::enum_, {{"de", "Farbe"}}), attribute("mpn", AttributeKind::text), attribute("fit", AttributeKind::text)};
    defs[0].values = {{Key("red"), {{"de", Text<1, 100>::parse("Rot").or_throw()}}}};
    revision.body.options = {{AttributeName::parse("color").or_throw(), {Text<1, 100>("red")}},
                             {AttributeName::parse("size").or_throw(), {Text<1, 100>("42")}}};
    MediaRef by_url, by_file;
    by_url.url = Url::parse("https://cdn.example/a.jpg").or_throw();
    by_url.alt["en"] = Text<1, 500>::parse("A mug").or_throw();
    by_file.file_id = Uuid::v7();
    revision.body.media = {by_url, by_file};
    product_catalog::Variant one;
    one.id = VariantId::fresh();
    one.sku = Sku::parse("M-1").or_throw();
    one.options["size"] = Text<1, 100>("42");
    one.options["color"] = Text<1, 100>("red");
    one.attributes["mpn"] = "CW-1";
    one.attributes["fit"] = "slim";
    product_catalog::Variant other = one;
    other.list_price = Money{1000, "EUR"};
    variants = {one, other};
    const Product de = seen("de");
    EXPECT_EQ(de.axes.at(0).name, "Farbe");
    EXPECT_EQ(de.axes[0].values.at(0).label, "Rot");
    EXPECT_EQ(de.axes.at(1).name, "size");
    EXPECT_EQ(variant_title(de.variants.at(0)), "Rot / 42");
    EXPECT_EQ(de.variants[0].mpn, "CW-1");
    EXPECT_EQ(de.variants[0].properties.at(0).value, "slim");
    EXPECT_EQ(de.variants[0].price, (Money{900, "EUR"})); // the product's
    EXPECT_EQ(de.variants[1].price, (Money{1000, "EUR"}));
    EXPECT_EQ(de.pictures.at(0).alt, "A mug");
    EXPECT_EQ(de.pictures.at(1).url, "https://files.example/" + by_file.file_id->to_string());
    EXPECT_EQ(price_range(de)->max.amount, 1000);
    EXPECT_EQ(view_of({revision, variants, defs, crumbs, alternates}, "de", languages, {}).pictures.size(), 1u); // no address for files
}

TEST_F(View, EveryWayFromTheRoot) {
    const CategoryId cups = CategoryId::fresh(), gifts = CategoryId::fresh();
    crumbs = {{revision.product_id, cups, "Kitchen", "kitchen", {{"de", {Text<1, 200>("Küche"), PageSlug("kueche"), {}}}}},
              {revision.product_id, cups, "Cups", "cups", {}},
              {revision.product_id, gifts, "Gifts", "gifts", {}}};
    const Product de = seen("de");
    ASSERT_EQ(de.breadcrumbs.size(), 2u);
    EXPECT_EQ(de.breadcrumbs[0].at(0).name, "Küche");
    EXPECT_EQ(de.breadcrumbs[0].at(0).path, "/c/de/kueche");
    EXPECT_EQ(de.breadcrumbs[0].at(1).name, "Cups");
    EXPECT_EQ(de.breadcrumbs[0].at(1).path, "/c/en/cups"); // the only page it has
    EXPECT_EQ(de.breadcrumbs[1].at(0).name, "Gifts");
}

TEST_F(View, ACategoryBorrowsAlongTheChainToo) {
    product_catalog::Category kitchen, cups, mugs;
    kitchen.id = CategoryId::fresh();
    kitchen.name = "Kitchen";
    kitchen.slug = "kitchen";
    cups.id = CategoryId::fresh();
    cups.name = "Cups";
    cups.slug = "cups";
    cups.description = Multiline<0, 20'000>("Of clay");
    cups.translations["de"].name = Text<1, 200>("Becher");
    cups.translations["de"].slug = PageSlug("becher");
    cups.translations["xx"].slug = PageSlug("no-longer-a-language");
    mugs.id = CategoryId::fresh();
    mugs.name = "Mugs";
    mugs.slug = "mugs";
    const Category de = view_of({kitchen, cups}, {mugs}, "de", languages);
    EXPECT_EQ(de.title, "Becher");
    EXPECT_EQ(de.slug, "becher");
    EXPECT_EQ(de.description, "Of clay");
    ASSERT_EQ(de.alternates.size(), 2u);
    EXPECT_EQ(de.alternates[0].slug, "cups");
    ASSERT_EQ(de.way.size(), 1u);
    EXPECT_EQ(de.way[0].path, "/c/en/kitchen");
    EXPECT_EQ(de.children.at(0).name, "Mugs");
    cups.translations["de"].description = Multiline<0, 20'000>("Aus Ton");
    EXPECT_EQ(view_of({cups}, {}, "de", languages).description, "Aus Ton");
    EXPECT_EQ(view_of({cups}, {}, "en", languages).description, "Of clay");
}

TEST(PublicHosts, AreHostsAndProjects) {
    const ProjectId a = ProjectId::fresh(), b = ProjectId::fresh();
    const auto hosts = PublicHosts::parse("Shop.Example=" + a.to_string() + ", other.example=" + b.to_string()).or_throw();
    EXPECT_EQ(hosts.project_of("shop.example"), a);
    EXPECT_EQ(hosts.project_of("SHOP.example:8443"), a);
    EXPECT_EQ(hosts.project_of("other.example"), b);
    for (const char* host : {"", "example", "shop.example.evil", "evil.shop.example", "shop.example=x", "shop.example\r\nX: y", "shop.example/"})
        EXPECT_FALSE(hosts.project_of(host)) << host;
    for (const std::string& bad : {std::string("shop.example"), std::string("shop.example=1"), "=" + a.to_string(), "a b=" + a.to_string(),
                                   "a=" + a.to_string() + ",A=" + b.to_string()})
        EXPECT_FALSE(PublicHosts::parse(bad)) << bad;
    EXPECT_EQ(host_name("[::1]:80"), "[::1]");
}

} // namespace
} // namespace gravity::product_catalog::storefront
