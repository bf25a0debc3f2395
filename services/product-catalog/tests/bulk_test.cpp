#include "imports_domain.hpp"

#include <gtest/gtest.h>

namespace gravity::product_catalog::bulk {
namespace {

AttributeDef attribute(const char* name, AttributeKind kind, bool per_variant = false) {
    AttributeDef def;
    def.name = AttributeName::parse(name).or_throw();
    def.kind = kind;
    def.per_variant = per_variant;
    return def;
}

const std::vector<AttributeDef> defs{attribute("brand", AttributeKind::text), attribute("care", AttributeKind::localized_text),
                                     attribute("weight", AttributeKind::measurement), attribute("year", AttributeKind::number),
                                     attribute("vegan", AttributeKind::boolean), attribute("tags", AttributeKind::set),
                                     attribute("deposit", AttributeKind::money), attribute("fit", AttributeKind::enum_, true)};

template <class F>
std::string fault_of(F&& call) {
    try {
        call();
    } catch (const RowFault& fault) {
        return fault.pointer + " " + fault.detail;
    }
    return "none";
}

TEST(BulkColumns, KnowWhatTheyMean) {
    EXPECT_EQ(fault_of([] { Columns({"slug", "name", "name.de", "attr.care.de", "option.color", "sku"}); }), "none");
    EXPECT_EQ(fault_of([] { Columns({"slug", "colour"}); }), "/colour is no column that can be imported");
    EXPECT_EQ(fault_of([] { Columns({"slug", "sku.de"}); }), "/sku.de is no column that can be imported");
    EXPECT_EQ(fault_of([] { Columns({"slug", "attr."}); }), "/attr. is no column that can be imported");
    EXPECT_EQ(fault_of([] { Columns({"slug", "name.not a language"}); }), "/name.not a language is no column that can be imported");
    EXPECT_EQ(fault_of([] { Columns({"slug", "sku", " sku"}); }), "/sku stands twice in the first line");
    EXPECT_EQ(fault_of([] { Columns({"name"}); }), "/slug is missing in the first line: it says which product a row is about");
}

TEST(BulkRows, CellsGoWhereTheTypeSays) {
    const Columns columns({"slug", "type", "name", "name.de", "categories", "media", "product_list_price",
                           "sku", "gtin", "position", "list_price", "option.color", "attr.brand", "attr.care.de",
                           "attr.weight", "attr.year", "attr.vegan", "attr.tags", "attr.deposit", "attr.fit"});
    const Row row = columns.row({"mug", "cup", "Mug", "Becher", "a | b", "https://a", "9.50 EUR", "M-1", "4006381333931", "3",
                                 "1500 JPY", "red", "Clay", "Hand", "1.5 kg", "2026", "true", "x|y", "0.25 EUR", "slim"},
                                defs);
    EXPECT_EQ(row.type, "cup");
    EXPECT_EQ(row.product.dump(),
              R"({"attributes":{"brand":"Clay","care":{"de":"Hand"},"deposit":{"amount":25,"currency":"EUR"},"tags":["x","y"],"vegan":true,)"
              R"("weight":{"unit":"kg","value":1.5},"year":2026},"categories":["a","b"],"list_price":{"amount":950,"currency":"EUR"},)"
              R"("media":[{"url":"https://a"}],"name":"Mug","slug":"mug","translations":{"de":{"name":"Becher"}}})");
    ASSERT_EQ(row.variants.size(), 1u);
    EXPECT_EQ(row.variants[0].dump(),
              R"({"attributes":{"fit":"slim"},"gtin":"4006381333931","list_price":{"amount":1500,"currency":"JPY"},"options":{"color":"red"},)"
              R"("position":3,"sku":"M-1"})");
}

TEST(BulkRows, EmptyCellsSayNothing) {
    const Columns columns({"slug", "name", "sku", "list_price"});
    EXPECT_EQ(columns.row({"mug"}, {}).product.dump(), R"({"slug":"mug"})");
    EXPECT_TRUE(columns.row({"mug", "Mug", "", ""}, {}).variants.empty());
}

TEST(BulkRows, SayWhatIsWrongAndWhere) {
    const Columns columns({"slug", "sku", "list_price", "attr.year", "attr.vegan", "attr.fit", "attr.care", "attr.other", "attr.weight", "attr.brand.de"});
    const auto fault = [&](std::vector<std::string> fields) { return fault_of([&] { columns.row(fields, defs); }); };
    EXPECT_EQ(fault({""}), "/slug is empty: it says which product the row is about");
    EXPECT_EQ(fault({"m", "", "1 EUR"}), "/list_price is of a variant, and the row names none: sku is empty");
    EXPECT_EQ(fault({"m", "s", "1,50 EUR"}), "/list_price must be an amount and a currency, such as 19.99 EUR");
    EXPECT_EQ(fault({"m", "s", "1.505 EUR"}), "/list_price must be an amount and a currency, such as 19.99 EUR");
    EXPECT_EQ(fault({"m", "s", "1 XXX"}), "/list_price names a currency that ISO 4217 does not");
    EXPECT_EQ(fault({"m", "s", "", "12,5"}), "/attr.year must be a number with a point, such as 12.5");
    EXPECT_EQ(fault({"m", "s", "", "", "yes"}), "/attr.vegan must be true or false");
    EXPECT_EQ(fault({"m", "", "", "", "", "slim"}), "/attr.fit is of a variant, and the row names none: sku is empty");
    EXPECT_EQ(fault({"m", "s", "", "", "", "", "wash"}), "/attr.care is a text by language: name the column attr.care.<language>");
    EXPECT_EQ(fault({"m", "s", "", "", "", "", "", "x"}), "/attr.other is no attribute of the product's type");
    EXPECT_EQ(fault({"m", "s", "", "", "", "", "", "", "heavy"}), "/attr.weight must be a number and a unit, such as 1.5 kg");
    EXPECT_EQ(fault({"m", "s", "", "", "", "", "", "", "", "x"}), "/attr.brand.de has no languages");
    EXPECT_EQ(fault(std::vector<std::string>(11, "x")), " has 11 fields, the first line 10");
}

TEST(BulkRows, PlacesLeadBackToColumns) {
    const Columns columns({"slug", "name.de", "attr.care.de", "attr.weight", "option.color", "list_price", "sku"});
    EXPECT_EQ(columns.column_of("/translations/de/name"), "/name.de");
    EXPECT_EQ(columns.column_of("/attributes/care/de"), "/attr.care.de");
    EXPECT_EQ(columns.column_of("/attributes/weight/value"), "/attr.weight");
    EXPECT_EQ(columns.column_of("/options/color"), "/option.color");
    EXPECT_EQ(columns.column_of("/list_price/amount"), "/list_price");
    EXPECT_EQ(columns.column_of("/channels/0"), "/channels/0");
}

TEST(BulkLines, AreObjectsWithAProduct) {
    EXPECT_EQ(row_of(Json::parse(R"({"type":"cup","product":{"slug":"mug"},"variants":[{"sku":"M"}]})").or_throw()).variants.size(), 1u);
    const auto fault = [](const char* text) { return fault_of([&] { row_of(Json::parse(text).or_throw()); }); };
    EXPECT_EQ(fault("[]"), " must be an object with a product and its variants");
    EXPECT_EQ(fault("{}"), "/product/slug is required: it says which product the line is about");
    EXPECT_EQ(fault(R"({"product":{"slug":"m"},"variants":[{}]})"), "/variants/0/sku is required");
    EXPECT_EQ(fault(R"({"product":{"slug":"m"},"variant":{}})"), "/variant is not a known field");
    EXPECT_EQ(fault(R"({"product":[]})"), "/product has the wrong form");
}

TEST(BulkMoney, IsExact) {
    EXPECT_EQ(*parse_money("19.99 EUR"), (Money{1999, "EUR"}));
    EXPECT_EQ(*parse_money("19.9 EUR"), (Money{1990, "EUR"}));
    EXPECT_EQ(*parse_money("19 EUR"), (Money{1900, "EUR"}));
    EXPECT_EQ(*parse_money("1500 JPY"), (Money{1500, "JPY"}));
    EXPECT_EQ(*parse_money("-0.05 EUR"), (Money{-5, "EUR"}));
    EXPECT_EQ(*parse_money("1.234 KWD"), (Money{1234, "KWD"}));
    for (const char* bad : {"", "EUR", "19.99", "1. EUR", "1.5 JPY", "x EUR", "1e3 EUR", "99999999999999999999 EUR", ". EUR", "--1 EUR"})
        EXPECT_FALSE(parse_money(bad)) << bad;
}

TEST(BulkOptions, WidenAxes) {
    std::vector<OptionAxis> axes;
    EXPECT_TRUE(widen_options(axes, Json::object({{"color", "red"}})));
    EXPECT_TRUE(widen_options(axes, Json::object({{"color", "blue"}, {"size", "42"}})));
    EXPECT_FALSE(widen_options(axes, Json::object({{"color", "red"}, {"Bad Name", "x"}, {"size", 42}})));
    EXPECT_FALSE(widen_options(axes, Json("red")));
    ASSERT_EQ(axes.size(), 2u);
    EXPECT_EQ(axes[0].name.view(), "color");
    EXPECT_EQ(axes[0].values.size(), 2u);
    EXPECT_EQ(axes[1].values[0].view(), "42");
}

TEST(BulkMedia, KeepWhatACellCannotSay) {
    MediaRef known, file;
    known.url = Url::parse("https://a/1.jpg").or_throw();
    known.alt["en"] = Text<1, 500>::parse("One").or_throw();
    file.file_id = Uuid::parse("0197d8a0-7c4e-7000-8000-000000000001").or_throw();
    Json product = Json::parse(R"({"media":[{"url":"https://a/2.jpg"},{"url":"https://a/1.jpg"}]})").or_throw();
    keep_media(product, {known, file});
    EXPECT_EQ(product.find("media")->as_array().size(), 3u);
    EXPECT_EQ(product.at_pointer("/media/1/alt/en")->as_string(), "One");
    EXPECT_EQ(product.at_pointer("/media/2/file_id")->as_string(), file.file_id->to_string());
}

TEST(BulkExport, ComesBackAsItWas) {
    Product product;
    product.name = "Mug, \"big\"";
    product.slug = PageSlug::parse("mug").or_throw();
    product.translations["de"].name = Text<1, 200>::parse("Becher").or_throw();
    product.list_price = Money{950, "EUR"};
    product.attributes["weight"] = Json::parse(R"({"value":1.5,"unit":"kg"})").or_throw();
    product.attributes["tags"] = Json::array({"x", "y"});
    product.attributes["vegan"] = true;
    product.attributes["care"] = Json::object({{"de", "Hand"}});
    Variant variant;
    variant.sku = Sku::parse("M-1").or_throw();
    variant.gtin = Gtin::parse("4006381333931").or_throw();
    variant.options["color"] = Text<1, 100>::parse("red").or_throw();
    variant.list_price = Money{1500, "JPY"};
    variant.attributes["fit"] = "slim";
    variant.position = 3;

    const auto names = export_columns({"de"}, {"color"}, defs);
    const auto rows = export_rows(names, product, "cup", {variant}, defs);
    ASSERT_EQ(rows.size(), 1u);
    const Row back = Columns(names).row(rows[0], defs);
    EXPECT_EQ(back.type, "cup");
    EXPECT_EQ(
        back.product.dump(),
        R"({"attributes":{"care":{"de":"Hand"},"tags":["x","y"],"vegan":true,"weight":{"unit":"kg","value":1.5}},"list_price":{"amount":950,"currency":"EUR"},)"
        R"("name":"Mug, \"big\"","slug":"mug","translations":{"de":{"name":"Becher"}}})");
    EXPECT_EQ(
        back.variants.at(0).dump(),
        R"({"attributes":{"fit":"slim"},"gtin":"04006381333931","list_price":{"amount":1500,"currency":"JPY"},)"
        R"("options":{"color":"red"},"position":3,"sku":"M-1"})");

    EXPECT_EQ(export_rows(names, product, "", {}, defs).size(), 1u); // a product without variants has a line of its own
    const Row line = row_of(export_line(product, "cup", {variant}));
    EXPECT_EQ(line.product.find("slug")->as_string(), "mug");
    EXPECT_EQ(line.variants.at(0).find("sku")->as_string(), "M-1");
}

} // namespace
} // namespace gravity::product_catalog::bulk
