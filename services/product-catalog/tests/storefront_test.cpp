#include "feed.hpp"
#include "page.hpp"
#include "shop_fixture.hpp"
#include "sitemap.hpp"
#include "structured_data.hpp"

#include <gtest/gtest.h>

namespace gravity::product_catalog::storefront {
namespace {

std::string at(const Json& document, std::string_view pointer) {
    const Json* found = document.at_pointer(pointer);
    return found == nullptr ? "(absent)" : found->is_string() ? found->as_string()
                                                              : found->dump();
}

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t n = 0;
    for (auto found = text.find(part); found != std::string_view::npos; found = text.find(part, found + part.size())) ++n;
    return n;
}

TEST(Storefront, AmountsInMajorUnits) {
    EXPECT_EQ(decimal({1999, "EUR"}), "19.99");
    EXPECT_EQ(decimal({5, "EUR"}), "0.05");
    EXPECT_EQ(decimal({-5, "EUR"}), "-0.05");
    EXPECT_EQ(decimal({1500, "JPY"}), "1500");
    EXPECT_EQ(decimal({1234, "KWD"}), "1.234");
    EXPECT_EQ(decimal({std::numeric_limits<std::int64_t>::min(), "EUR"}), "-92233720368547758.08");
}

TEST(Storefront, UrlsArePercentEncoded) {
    EXPECT_EQ(page_url(shop, shoe()), "https://shop.example/p/de/laufschuh-gr%C3%B6%C3%9Fe");
    EXPECT_EQ(page_url(shop, shoe(), shoe().variants[0]), page_url(shop, shoe()) + "?variant=" + uuid(11).to_string());
    EXPECT_EQ(variant_title(shoe().variants[0]), "Rot / weit");
    EXPECT_EQ(variant_title(mug().variants[0]), "MUG-1");
}

TEST(StructuredData, AGroupWithItsVariants) {
    const Json document = product_document(shop, shoe());
    EXPECT_EQ(at(document, "/@type"), "ProductGroup");
    EXPECT_EQ(at(document, "/productGroupID"), uuid(1).to_string());
    EXPECT_EQ(at(document, "/variesBy"), R"(["https://schema.org/color","Weite"])");
    EXPECT_EQ(at(document, "/description"), "Leicht &\u2028schnell");
    EXPECT_EQ(at(document, "/image"), R"(["https://cdn.example/a.jpg?x=1&y=2"])"); // javascript: is no picture
    EXPECT_EQ(at(document, "/category"), "Schuhe > Laufschuhe & mehr");
    EXPECT_EQ(at(document, "/hasVariant/0/gtin"), "4006381333931");
    EXPECT_EQ(at(document, "/hasVariant/0/color"), "Rot");
    EXPECT_EQ(at(document, "/hasVariant/0/additionalProperty/0/value"), "weit");
    EXPECT_EQ(at(document, "/hasVariant/0/offers/price"), "89.90");
    EXPECT_EQ(at(document, "/hasVariant/0/offers/priceCurrency"), "EUR");
    EXPECT_EQ(at(document, "/hasVariant/0/offers/availability"), "https://schema.org/InStock");
    EXPECT_EQ(at(document, "/hasVariant/1/offers"), "(absent)"); // no price, no offer
    EXPECT_EQ(at(document, "/hasVariant/1/sku"), "RUN-7-BLUE");
}

TEST(StructuredData, AProductOfItsOwn) {
    const Json document = product_document(shop, mug());
    EXPECT_EQ(at(document, "/@type"), "Product");
    EXPECT_EQ(at(document, "/sku"), "MUG-1");
    EXPECT_EQ(at(document, "/gtin"), "40170725");
    EXPECT_EQ(at(document, "/offers/price"), "1500");
    EXPECT_EQ(at(document, "/offers/availability"), "(absent)"); // nobody counts the stock
    EXPECT_EQ(at(document, "/material"), "Clay");
    EXPECT_EQ(at(document, "/additionalProperty/0/unitCode"), "LTR");
    EXPECT_TRUE(breadcrumb_documents(shop, mug()).empty());
}

TEST(StructuredData, BreadcrumbsEndAtTheProduct) {
    const auto lists = breadcrumb_documents(shop, shoe());
    ASSERT_EQ(lists.size(), 1u);
    EXPECT_EQ(at(lists[0], "/itemListElement/0/item"), "https://shop.example/c/de/schuhe");
    EXPECT_EQ(at(lists[0], "/itemListElement/1/item"), "(absent)");
    EXPECT_EQ(at(lists[0], "/itemListElement/2/position"), "3");
    EXPECT_EQ(at(lists[0], "/itemListElement/2/item"), page_url(shop, shoe()));
}

TEST(StructuredData, PrintedGtins) {
    EXPECT_EQ(printed_gtin("00000040170725"), "40170725");
    EXPECT_EQ(printed_gtin("00036000291452"), "036000291452");
    EXPECT_EQ(printed_gtin("04006381333931"), "4006381333931");
    EXPECT_EQ(printed_gtin("14006381333938"), "14006381333938");
}

TEST(Page, SaysEverythingEscaped) {
    const std::string page = product_page(shop, shoe(), {});
    EXPECT_TRUE(page.starts_with("<!doctype html>\n<html lang=\"de\" dir=\"ltr\">"));
    EXPECT_EQ(count(page, "<script"), 2u); // the JSON-LD of product and breadcrumbs, nothing of the texts
    EXPECT_EQ(count(page, "</script>"), 2u);
    EXPECT_EQ(page.find("alert(2)"), std::string::npos);
    EXPECT_EQ(page.find("javascript:"), std::string::npos);
    EXPECT_EQ(page.substr(page.find("<script"), page.rfind("</script>") - page.find("<script")).find("\u2028"), std::string::npos);
    EXPECT_NE(page.find("<h1>Laufschuh &quot;7&quot; &lt;/script&gt;"), std::string::npos);
    EXPECT_NE(page.find("alt=\"Von &quot;vorn&quot;\""), std::string::npos);
    EXPECT_NE(page.find("<link rel=\"canonical\" href=\"https://shop.example/p/de/laufschuh-gr%C3%B6%C3%9Fe\">"), std::string::npos);
    EXPECT_NE(page.find("<link rel=\"alternate\" hreflang=\"de\" href=\"https://shop.example/p/de/laufschuh-gr%C3%B6%C3%9Fe\">"), std::string::npos);
    EXPECT_NE(page.find("<link rel=\"alternate\" hreflang=\"en\" href=\"https://shop.example/p/en/running-shoe\">"), std::string::npos);
    EXPECT_NE(page.find("<link rel=\"alternate\" hreflang=\"x-default\" href=\"https://shop.example/p/en/running-shoe\">"), std::string::npos);
    EXPECT_NE(page.find("<meta name=\"description\" content=\"Leicht &amp;\u2028schnell\">"), std::string::npos);
    EXPECT_NE(page.find("89.90\u00a0EUR"), std::string::npos);
}

TEST(Page, LeadsThroughManyVariants) {
    EXPECT_EQ(product_page(shop, shoe(), {}).find("?page="), std::string::npos);
    const std::string second = product_page(shop, shoe(), {.number = 2, .more = true});
    EXPECT_NE(second.find("rel=\"prev\" href=\"https://shop.example/p/de/laufschuh-gr%C3%B6%C3%9Fe?page=1\""), std::string::npos);
    EXPECT_NE(second.find("rel=\"next\" href=\"https://shop.example/p/de/laufschuh-gr%C3%B6%C3%9Fe?page=3\""), std::string::npos);
    EXPECT_NE(second.find("rel=\"canonical\" href=\"https://shop.example/p/de/laufschuh-gr%C3%B6%C3%9Fe\""), std::string::npos);
}

TEST(Page, ReadsFromTheSideItsLanguageDoes) {
    const auto direction = [](const char* lang) {
        Product p = mug();
        p.lang = lang;
        return product_page(shop, p, {}).find("dir=\"rtl\"") != std::string::npos;
    };
    EXPECT_TRUE(direction("ar"));
    EXPECT_TRUE(direction("fa-IR"));
    EXPECT_TRUE(direction("pa-Arab-PK"));
    EXPECT_FALSE(direction("ku-Latn"));
    EXPECT_FALSE(direction("en-GB"));
}

TEST(Page, OfACategorySaysEverythingEscaped) {
    const std::string page = category_page(shop, shoes());
    EXPECT_TRUE(page.starts_with("<!doctype html>\n<html lang=\"de\" dir=\"ltr\">"));
    EXPECT_EQ(count(page, "<script"), 2u); // the list and the breadcrumbs
    EXPECT_EQ(page.find("alert("), page.find("alert(1)")); // of the product's name, as text
    EXPECT_NE(page.find("<h1>Laufschuhe &amp; &lt;mehr&gt;</h1>"), std::string::npos);
    EXPECT_NE(page.find("<link rel=\"canonical\" href=\"https://shop.example/c/de/laufschuhe\">"), std::string::npos);
    EXPECT_NE(page.find("hreflang=\"x-default\" href=\"https://shop.example/c/en/running-shoes\""), std::string::npos);
    EXPECT_NE(page.find("<a href=\"https://shop.example/c/de/schuhe\">Schuhe</a>"), std::string::npos);
    EXPECT_NE(page.find("<a href=\"https://shop.example/c/en/trail\">Trail</a>"), std::string::npos);
    EXPECT_NE(page.find("href=\"https://shop.example/p/de/laufschuh-gr%C3%B6%C3%9Fe\""), std::string::npos);
    EXPECT_NE(page.find("89.90\u00a0EUR"), std::string::npos);
    EXPECT_NE(page.find("rel=\"next\" href=\"https://shop.example/c/de/laufschuhe?cursor=b%2Bc\""), std::string::npos);
    EXPECT_EQ(page.find("rel=\"first\""), std::string::npos);
    EXPECT_EQ(page.find("noindex"), std::string::npos);
}

TEST(Page, OfACategoryHasParts) {
    Category second = shoes();
    second.cursor = "a";
    second.next.reset();
    const std::string page = category_page(shop, second);
    EXPECT_NE(page.find("rel=\"canonical\" href=\"https://shop.example/c/de/laufschuhe?cursor=a\""), std::string::npos);
    EXPECT_NE(page.find("rel=\"first\" href=\"https://shop.example/c/de/laufschuhe\""), std::string::npos);
    EXPECT_EQ(page.find("rel=\"next\""), std::string::npos);
    EXPECT_EQ(page.find("hreflang"), std::string::npos);
    second.products.clear();
    EXPECT_NE(category_page(shop, second).find("<meta name=\"robots\" content=\"noindex\">"), std::string::npos);
}

TEST(StructuredData, ACategoryListsItsPages) {
    const Json document = category_document(shop, shoes());
    EXPECT_EQ(at(document, "/@type"), "CollectionPage");
    EXPECT_EQ(at(document, "/name"), "Laufschuhe & <mehr>");
    EXPECT_EQ(at(document, "/description"), "Leicht");
    EXPECT_EQ(at(document, "/mainEntity/@type"), "ItemList");
    EXPECT_EQ(at(document, "/mainEntity/itemListElement/0/position"), "1");
    EXPECT_EQ(at(document, "/mainEntity/itemListElement/0/url"), page_url(shop, shoe()));
    const auto lists = breadcrumb_documents(shop, shoes());
    ASSERT_EQ(lists.size(), 1u);
    EXPECT_EQ(at(lists[0], "/itemListElement/0/item"), "https://shop.example/c/de/schuhe");
    EXPECT_EQ(at(lists[0], "/itemListElement/1/item"), "https://shop.example/c/de/laufschuhe");
    Category root = shoes();
    root.way.clear();
    root.products.clear();
    EXPECT_TRUE(breadcrumb_documents(shop, root).empty());
    EXPECT_EQ(at(category_document(shop, root), "/mainEntity"), "(absent)");
}

TEST(Page, PolicyNamesTheStyleItHas) {
    EXPECT_NE(page_policy().find("default-src 'none'"), std::string::npos);
    EXPECT_NE(page_policy().find("style-src 'sha256-"), std::string::npos);
    EXPECT_EQ(page_policy().find("unsafe"), std::string::npos);
}

TEST(Sitemap, EveryLanguageNamesTheOthers) {
    sitemap::File file(shop);
    file.add({shoe().alternates, shoe().updated_at});
    file.add({mug().alternates, mug().updated_at});
    file.finish();
    const std::string text = file.take();
    EXPECT_EQ(count(text, "<url>"), 3u);
    EXPECT_EQ(count(text, "hreflang=\"de\" href=\"https://shop.example/p/de/laufschuh-gr%C3%B6%C3%9Fe\""), 2u);
    EXPECT_EQ(count(text, "hreflang=\"x-default\" href=\"https://shop.example/p/en/running-shoe\""), 2u);
    EXPECT_EQ(count(text, "<loc>https://shop.example/p/en/mug</loc><lastmod>2026-11-23T12:00:00Z</lastmod></url>"), 1u);
    EXPECT_TRUE(text.ends_with("</urlset>\n"));
}

TEST(Sitemap, CategoriesStandInFilesOfTheirOwn) {
    sitemap::File file(shop);
    file.add({{{"en", "cups"}}, mug().updated_at, PageKind::category});
    EXPECT_NE(file.take().find("<loc>https://shop.example/c/en/cups</loc>"), std::string::npos);
    EXPECT_EQ(sitemap::file_url(shop, PageKind::category, uuid(2)), "https://shop.example/category-sitemap-" + uuid(2).to_string() + ".xml");
}

// A file with as many entries as it may hold, each as wide as it can be.
std::pair<std::size_t, std::size_t> urls_and_bytes(std::size_t languages) {
    std::string slug;
    for (int i = 0; i < 80; ++i) slug += "𠮷"; // four bytes, each of which takes three
    sitemap::Entry widest{{}, Timestamp::parse("2026-11-23T12:00:00.123456Z").or_throw()};
    Shop elsewhere = shop;
    for (std::size_t i = 0; i < languages; ++i) widest.pages.push_back({"x-" + std::string(31, 'a') + std::to_string(10 + i), slug});
    elsewhere.default_lang = widest.pages.back().lang;
    sitemap::File file(elsewhere);
    std::size_t bytes = 0;
    const std::size_t entries = sitemap::entries_a_file(elsewhere, languages);
    for (std::size_t i = 0; i < entries; ++i) {
        file.add(widest);
        bytes += file.take().size();
    }
    file.finish();
    return {entries * languages, bytes + file.take().size()};
}

TEST(Sitemap, AFullFileKeepsItsLimitsWhateverTheSlugsAre) {
    for (const std::size_t languages : {1u, 2u, 10u, 60u}) {
        const auto [urls, bytes] = urls_and_bytes(languages);
        EXPECT_LE(urls, sitemap::max_urls) << languages;
        EXPECT_LE(bytes, sitemap::max_bytes) << languages;
        EXPECT_GT(bytes, sitemap::max_bytes * 8 / 10) << languages; // and holds no less than it has to
    }
}

TEST(Sitemap, TheIndexNamesFilesByWhereTheyBegin) {
    EXPECT_EQ(sitemap::index_entry(shop, PageKind::product, uuid(2)),
              "<sitemap><loc>https://shop.example/sitemap-" + uuid(2).to_string() + ".xml</loc></sitemap>\n");
}

std::string value(const feed::Item& item, std::string_view name) {
    std::string all;
    for (const auto& [key, text] : item)
        if (key == name) all += (all.empty() ? "" : "|") + text;
    return all;
}

TEST(Feed, AnItemAVariant) {
    const auto items = feed::items_of(shop, shoe());
    ASSERT_EQ(items.items.size(), 1u);
    const auto& item = items.items[0];
    EXPECT_EQ(value(item, "id"), "RUN-7-RED");
    EXPECT_EQ(value(item, "price"), "99.90 EUR");
    EXPECT_EQ(value(item, "sale_price"), "89.90 EUR");
    EXPECT_EQ(value(item, "availability"), "in_stock");
    EXPECT_EQ(value(item, "gtin"), "4006381333931");
    EXPECT_EQ(value(item, "item_group_id"), uuid(1).to_string());
    EXPECT_EQ(value(item, "color"), "Rot");
    EXPECT_EQ(value(item, "material"), "Leder");
    EXPECT_EQ(value(item, "image_link"), "https://cdn.example/red.jpg");
    EXPECT_EQ(value(item, "additional_image_link"), "https://cdn.example/a.jpg?x=1&y=2");
    EXPECT_EQ(value(item, "product_type"), "Schuhe > Laufschuhe & mehr");
    EXPECT_EQ(value(item, "identifier_exists"), "");
    EXPECT_EQ(value(feed::items_of(shop, mug()).items.at(0), "price"), "1500 JPY");
}

TEST(Feed, WhatIsLeftOutIsListed) {
    const auto items = feed::items_of(shop, shoe());
    ASSERT_EQ(items.left_out.size(), 1u);
    EXPECT_EQ(items.left_out[0].sku, "RUN-7-BLUE");
    EXPECT_EQ(feed::to_string(items.left_out[0].missing), "price");
    EXPECT_EQ(feed::left_out_line(items.left_out[0]), uuid(1).to_string() + "\t" + uuid(12).to_string() + "\tRUN-7-BLUE\tprice\n");
    Product bare = mug();
    bare.pictures = {{"data:image/png;base64,x", ""}};
    EXPECT_EQ(feed::to_string(feed::items_of(shop, bare).left_out.at(0).missing), "image");
    EXPECT_TRUE(feed::items_of(shop, bare).items.empty());
}

TEST(Feed, BothFormsKeepTheirShape) {
    feed::Item item{{"id", "A\t1"}, {"title", "12\" <b>\n& more"}, {"additional_image_link", "https://a"}, {"additional_image_link", "https://b"}};
    EXPECT_EQ(feed::rss_item(item),
              "<item><g:id>A\t1</g:id><g:title>12&quot; &lt;b&gt;\n&amp; more</g:title>"
              "<g:additional_image_link>https://a</g:additional_image_link><g:additional_image_link>https://b</g:additional_image_link></item>\n");
    const std::string line = feed::tsv_line(item);
    EXPECT_EQ(count(line, "\t"), count(feed::tsv_head(), "\t"));
    EXPECT_EQ(count(line, "\n"), 1u);
    EXPECT_TRUE(line.starts_with("A 1\t\"12\"\" <b> & more\"\t"));
    EXPECT_NE(line.find("\thttps://a,https://b\t"), std::string::npos);
}

} // namespace
} // namespace gravity::product_catalog::storefront
