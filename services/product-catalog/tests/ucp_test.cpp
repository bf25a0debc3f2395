#include "shop_fixture.hpp"
#include "ucp.hpp"

#include <gtest/gtest.h>

namespace gravity::product_catalog::ucp {
namespace {

using storefront::mug;
using storefront::shoe;
using storefront::shop;
using storefront::uuid;

std::string at(const Json& document, std::string_view pointer) {
    const Json* found = document.at_pointer(pointer);
    return found == nullptr ? "(absent)" : found->is_string() ? found->as_string()
                                                              : found->dump();
}

template <class F>
std::string fault_of(F&& call) {
    try {
        call();
    } catch (const Fault& fault) {
        return std::to_string(fault.status()) + " " + fault.code();
    }
    return "none";
}

/// Red and blue in 40 and 42, but no blue 42; red 42 is out of stock.
storefront::Product boot() {
    storefront::Product p = mug();
    p.title = "Boot";
    p.axes = {{"color", "Color", {{"red", "Red"}, {"blue", "Blue"}}}, {"size", "Size", {{"40", "40"}, {"42", "42"}}}};
    p.variants.clear();
    int n = 30;
    for (const auto& [color, size, stock] : {std::tuple{"red", "40", storefront::Stock::in_stock}, std::tuple{"red", "42", storefront::Stock::out_of_stock},
                                             std::tuple{"blue", "40", storefront::Stock::in_stock}}) {
        storefront::Variant v = mug().variants[0];
        v.id = uuid(n++);
        v.sku = std::string("BOOT-") + color + size;
        v.choices = {{"color", {color, *color == 'r' ? "Red" : "Blue"}}, {"size", {size, size}}};
        v.stock = stock;
        p.variants.push_back(v);
    }
    return p;
}

GetProduct ask(std::vector<Selection> selected = {}, std::vector<std::string> preferences = {}) {
    return {.id = "x", .selected = std::move(selected), .preferences = std::move(preferences), .context = {}};
}

TEST(UcpRequest, SearchNeedsAnInput) {
    EXPECT_EQ(fault_of([] { read_search("{}"); }), "400 invalid_request");
    EXPECT_EQ(fault_of([] { read_search(R"({"query":"  ","filters":{"categories":[]}})"); }), "400 invalid_request");
    EXPECT_EQ(fault_of([] { read_search("{"); }), "400 invalid_request");
    EXPECT_EQ(fault_of([] { read_search(R"({"query":7})"); }), "400 invalid_request");
    EXPECT_EQ(fault_of([] { read_search(R"({"query":"x","pagination":{"limit":0}})"); }), "400 invalid_request");
    EXPECT_EQ(fault_of([] { read_search("{\"query\":\"" + std::string(1001, 'x') + "\"}"); }), "400 invalid_request");
    EXPECT_EQ(text_of(read_search(R"({"query":"*"})")), "");
    EXPECT_EQ(text_of(read_search(R"({"query":" mug ","from_the_future":{"a":[1]}})")), "mug"); // unknown members are tolerated
    EXPECT_EQ(*read_search(R"({"filters":{"price":{"max":100}},"context":{"currency":"EUR"}})").filters->price->max, 100);
}

TEST(UcpRequest, PageSizesAreHints) {
    EXPECT_EQ(limit_of(std::nullopt), 10);
    EXPECT_EQ(limit_of(Pagination{.cursor = {}, .limit = 7}), 7);
    EXPECT_EQ(limit_of(Pagination{.cursor = {}, .limit = 1'000'000}), max_limit);
}

TEST(UcpRequest, LookupsAreBoundedAndUnique) {
    EXPECT_EQ(read_lookup(R"({"ids":["a","b","a"]})").ids, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(fault_of([] { read_lookup(R"({"ids":[]})"); }), "400 invalid_request");
    EXPECT_EQ(fault_of([] { read_lookup(R"({})"); }), "400 invalid_request");
    std::string many = "{\"ids\":[";
    for (int i = 0; i < 51; ++i) many += (i ? ",\"" : "\"") + std::to_string(i) + "\"";
    EXPECT_EQ(fault_of([&] { read_lookup(many + "]}"); }), "400 request_too_large");
    EXPECT_EQ(fault_of([] { read_get_product(R"({"id":""})"); }), "400 invalid_request");
}

TEST(UcpSearch, ProductsWithWhatTheyCost) {
    const Json document = search_document(shop, {shoe(), mug()}, "next");
    EXPECT_EQ(at(document, "/ucp"),
              R"({"capabilities":{"dev.ucp.shopping.catalog.search":[{"version":"2026-04-08"}]},"status":"success","version":"2026-04-08"})");
    EXPECT_EQ(at(document, "/products/0/price_range"), R"({"max":{"amount":8990,"currency":"EUR"},"min":{"amount":8990,"currency":"EUR"}})");
    EXPECT_EQ(at(document, "/products/0/variants/0/sku"), "RUN-7-RED");
    EXPECT_EQ(at(document, "/products/0/variants/1"), "(absent)"); // blue has no price
    EXPECT_EQ(at(document, "/products/0/variants/0/list_price/amount"), "9990");
    EXPECT_EQ(at(document, "/products/0/variants/0/barcodes"), R"([{"type":"GTIN","value":"4006381333931"}])");
    EXPECT_EQ(at(document, "/products/0/variants/0/options/0"), R"({"id":"red","label":"Rot","name":"Farbe"})");
    EXPECT_EQ(at(document, "/products/0/categories/0/value"), "Schuhe > Laufschuhe & mehr");
    EXPECT_EQ(at(document, "/products/0/description/html"), "<p>Leicht &amp;\u2028schnell</p>");
    EXPECT_EQ(at(document, "/products/0/media"), R"([{"alt_text":"Von \"vorn\"","type":"image","url":"https://cdn.example/a.jpg?x=1&y=2"}])");
    EXPECT_EQ(at(document, "/products/0/metadata/weight"), "0.3 KGM");
    EXPECT_EQ(at(document, "/products/1/options"), "(absent)");
    EXPECT_EQ(at(document, "/pagination"), R"({"cursor":"next","has_next_page":true})");
}

TEST(UcpSearch, NothingFoundIsNoError) {
    storefront::Product priceless = mug();
    priceless.variants[0].price.reset();
    const Json document = search_document(shop, {priceless}, std::nullopt);
    EXPECT_EQ(at(document, "/products"), "[]");
    EXPECT_EQ(at(document, "/pagination"), R"({"has_next_page":false})");
    EXPECT_EQ(at(document, "/messages"), "(absent)");
}

TEST(UcpLookup, VariantsSayWhoAskedForThem) {
    const std::string red = uuid(11).to_string();
    const Json document = lookup_document(shop, {{shoe(), {{"p", std::nullopt}, {red, uuid(11)}}}}, {"p", red, "nobody"});
    EXPECT_EQ(at(document, "/products/0/variants/0/inputs"), R"([{"id":"p","match":"featured"},{"id":")" + red + R"(","match":"exact"}])");
    EXPECT_EQ(at(document, "/products/0/variants/1"), "(absent)");
    EXPECT_EQ(at(document, "/messages"), R"([{"code":"not_found","content":"nobody","type":"info"}])");
    const Json none = lookup_document(shop, {}, {"a"});
    EXPECT_EQ(at(none, "/products"), "[]");
    EXPECT_EQ(at(lookup_document(shop, {{shoe(), {{"blue", uuid(12)}}}}, {"blue"}), "/messages/0/content"), "blue"); // it has no price
}

TEST(UcpProduct, AVariantDecidesWhatIsSelected) {
    const Json document = product_document(shop, boot(), uuid(32), ask({{"Color", std::nullopt, "Red"}}));
    EXPECT_EQ(at(document, "/product/variants/0/id"), uuid(32).to_string());
    EXPECT_EQ(at(document, "/product/variants/1"), "(absent)");
    EXPECT_EQ(at(document, "/product/selected"), R"([{"id":"blue","label":"Blue","name":"Color"},{"id":"40","label":"40","name":"Size"}])");
    EXPECT_EQ(at(document, "/product/options/1/values/1"), R"({"available":false,"exists":false,"id":"42","label":"42"})"); // no blue 42
}

TEST(UcpProduct, OptionsTellWhatCanBeHad) {
    const Json document = product_document(shop, boot(), std::nullopt, ask({{"color", "red", "whatever"}}));
    EXPECT_EQ(at(document, "/product/selected"), R"([{"id":"red","label":"Red","name":"Color"}])");
    EXPECT_EQ(at(document, "/product/variants/1/sku"), "BOOT-red42");
    EXPECT_EQ(at(document, "/product/options/1/values/0"), R"({"available":true,"exists":true,"id":"40","label":"40"})");
    EXPECT_EQ(at(document, "/product/options/1/values/1"), R"({"available":false,"exists":true,"id":"42","label":"42"})"); // red 42 is sold out
    EXPECT_EQ(at(document, "/product/options/0/values/1/available"), "true");
}

TEST(UcpProduct, WithoutASelectionTheFeaturedVariantsOwn) {
    const Json document = product_document(shop, boot(), std::nullopt, ask());
    EXPECT_EQ(at(document, "/product/selected"), R"([{"id":"red","label":"Red","name":"Color"},{"id":"40","label":"40","name":"Size"}])");
    EXPECT_EQ(at(product_document(shop, mug(), std::nullopt, ask()), "/product/selected"), "(absent)");
}

TEST(UcpProduct, AnImpossibleChoiceIsRelaxed) {
    const std::vector<Selection> blue42{{"Color", std::nullopt, "blue"}, {"Size", std::nullopt, "42"}};
    EXPECT_EQ(at(product_document(shop, boot(), std::nullopt, ask(blue42, {"Color", "Size"})), "/product/selected"),
              R"([{"id":"blue","label":"Blue","name":"Color"}])");
    EXPECT_EQ(at(product_document(shop, boot(), std::nullopt, ask(blue42, {"Size", "Color"})), "/product/selected"),
              R"([{"id":"42","label":"42","name":"Size"}])");
    EXPECT_EQ(at(product_document(shop, boot(), std::nullopt, ask(blue42)), "/product/selected"), R"([{"id":"blue","label":"Blue","name":"Color"}])");
    EXPECT_EQ(at(product_document(shop, boot(), std::nullopt, ask({{"Colour", std::nullopt, "mauve"}})), "/product/selected"), "[]");
}

TEST(UcpProduct, WithoutAPriceItIsAnOutcome) {
    storefront::Product priceless = mug();
    priceless.variants[0].price.reset();
    const Json document = product_document(shop, priceless, std::nullopt, ask());
    EXPECT_EQ(at(document, "/ucp/status"), "error");
    EXPECT_EQ(at(document, "/messages/0/code"), "not_found");
}

TEST(UcpFault, HasItsCodeTwice) {
    const Json document = fault_document({400, "request_too_large", "At most 50"});
    EXPECT_EQ(at(document, "/code"), "request_too_large");
    EXPECT_EQ(at(document, "/messages/0/code"), "request_too_large");
    EXPECT_EQ(at(document, "/messages/0/content"), "At most 50");
}

TEST(UcpProfile, NamesWhatIsServed) {
    const Json document = profile(shop);
    EXPECT_EQ(at(document, "/ucp/version"), "2026-04-08");
    EXPECT_EQ(at(document, "/ucp/services/dev.ucp.shopping/0/endpoint"), "https://shop.example");
    EXPECT_EQ(at(document, "/ucp/capabilities/dev.ucp.shopping.catalog.lookup/0/schema"), "https://ucp.dev/2026-04-08/schemas/shopping/catalog_lookup.json");
}

} // namespace
} // namespace gravity::product_catalog::ucp
