#include "catalog_fixture.hpp"
#include "publishing_domain.hpp"

#include <atomic>
#include <thread>

namespace gravity::product_catalog {
namespace {

class Publishing : public CatalogApi {};

// Generation n has n in its name, in its slug, in its price and in the SKU of its variant. Whoever reads while generations are published must
// never see parts of two.
TEST_F(Publishing, ReadersNeverSeeAMix) {
    const auto p = product(Json::object({{"name", "Mug 0"}, {"slug", "mug-0"}, {"list_price", testkit::eur(100)}}));
    const auto v = variant(p, "M-0");
    publish(p);
    std::atomic<bool> over = false;
    std::atomic<int> reads = 0;
    std::string mixed;
    std::thread reader([&] {
        const auto generation = [](const std::string& text) { return text.substr(text.find_last_of(" -") + 1); };
        while (!over || reads < 20) {
            const auto list = as.reader.get("/api/v1/products").expect(200);
            const auto of_list = generation(list.text("/items/0/title"));
            if (generation(list.text("/items/0/slug")) != of_list || list.at("/items/0/price_from/amount") != Json(100 + std::stoi(of_list)))
                mixed = list.body();
            const auto whole = as.reader.get(p.location() + "?published=true").expect(200);
            if (generation(whole.text("/name")) != generation(whole.text("/slug"))) mixed = whole.body();
            for (int n = std::max(0, std::stoi(of_list) - 1); n < std::stoi(of_list) + 3; ++n) {
                const auto found = as.reader.get("/api/v1/variants?sku=M-" + std::to_string(n)).expect(200);
                if (found.at("/items/0").is_null()) continue;
                if (generation(found.text("/items/0/name")) != std::to_string(n) || found.at("/items/0/revision") != Json(n + 1)) mixed = found.body();
            }
            ++reads;
        }
    });
    for (int n = 1; n <= 40; ++n) {
        const auto text = std::to_string(n);
        as.owner.patch(p.location(), {{"name", "Mug " + text}}).expect(200);
        as.owner.patch(v.location(), {{"sku", "M-" + text}}).expect(200);
        as.owner.patch(p.location(), {{"slug", "mug-" + text}, {"list_price", testkit::eur(100 + n)}}).expect(200);
        publish(p);
    }
    over = true;
    reader.join();
    EXPECT_EQ(mixed, "");
    EXPECT_GE(reads, 20);
}

TEST_F(Publishing, WritesOnlyWhatHasChanged) {
    const auto p = product(Json::parse(R"({"name":"Shoe","slug":"shoe","options":[{"name":"size","values":["38","39","40"]}]})").or_throw());
    as.owner.post(p.location() + "/generate-variants", {{"sku_prefix", "S"}}).expect(200);
    publish(p);
    const auto list = as.owner.get(p.location() + "/variants").expect(200);
    as.owner.patch(p.location() + "/variants/" + list.text("/items/1/id"), {{"sku", "other"}}).expect(200);
    as.owner.del(p.location() + "/variants/" + list.text("/items/2/id")).expect(204);
    const auto row = [&] { return service.database().admin("select ctid from attr_index where variant_id = '" + list.text("/items/0/id") + "'"); };
    const auto before = row();
    publish(p);
    EXPECT_EQ(
        service.database().admin(
            "select string_agg(from_revision || '-' || coalesce(until_revision::text, ''), ' ' order by position, from_revision) from variant_revision"),
        "1- 1-2 2- 1-2");
    EXPECT_EQ(row(), before);
    EXPECT_EQ(service.database().admin("select count(*) from attr_index"), "2");
    as.owner.get(p.location() + "/variants?revision=1").expect(200).field("/items/2/sku", "S-40").field("/items/1/sku", "S-39");
    as.owner.get(p.location() + "/variants?revision=2").expect(200).field("/items/1/sku", "other").field("/items/2", Json());
}

TEST_F(Publishing, WhatEndedBeforeTheRetentionIsGivenUp) {
    const auto p = mug();
    const auto v = variant(p, "M-1");
    publish(p);
    as.owner.patch(v.location(), {{"sku", "M-2"}}).expect(200);
    publish(p);
    as.owner.patch(v.location(), {{"sku", "M-3"}}).expect(200);
    publish(p);
    service.database().admin(
        "update revision set published_at = published_at - interval '12 years', ended_at = ended_at - interval '11 years' where revision = 1");
    run_job("revision-retention");
    as.owner.get(p.location() + "?revision=1").expect_problem(404, "not-found");
    as.owner.get(p.location() + "/variants?revision=2").expect(200).field("/items/0/sku", "M-2");
    as.owner.get(p.location() + "/variants?revision=3").expect(200).field("/items/0/sku", "M-3");
    EXPECT_EQ(service.database().admin("select string_agg(from_revision::text, ' ' order by from_revision) from variant_revision"), "2 3");
}

// More than a transaction's worth, of a product that is gone, beside one that went lately and one that is shown.
TEST_F(Publishing, WhatIsLeftOfDeletedProductsEndsWithTheRetentionToo) {
    const auto old = mug("old"), young = mug("young"), shown = mug("shown");
    for (const auto* p : {&old, &young, &shown}) {
        variant(*p, "SKU-" + p->text("/slug"));
        publish(*p);
    }
    service.database().admin("insert into revision (project, product_id, revision, type_id, version, body, created_at, published_at, ended_at) "
                             "select project, product_id, -n, type_id, version, body, created_at, published_at - interval '20 years', "
                             "published_at - interval '11 years' "
                             "from revision, generate_series(1, 600) n where product_id = '" +
                             old.text("/id") + "'");
    for (const auto* p : {&old, &young}) {
        as.owner.post(p->location() + "/unpublish").expect(200);
        as.owner.del(p->location()).expect(204);
        as.owner.get(p->location() + "?revision=1").expect(200).field("/slug", p->text("/slug"));
    }
    service.database().admin("update revision set published_at = published_at - interval '12 years', ended_at = ended_at - interval '11 years' "
                             "where revision = 1 and product_id = '" +
                             old.text("/id") + "'");
    run_job("revision-retention");
    as.owner.get(old.location() + "?revision=1").expect_problem(404, "not-found");
    as.owner.get(young.location() + "?revision=1").expect(200).field("/slug", "young");
    as.owner.get(young.location() + "/variants?revision=1").expect(200).field("/items/0/sku", "SKU-young");
    as.owner.get(shown.location() + "?published=true").expect(200).field("/slug", "shown");
    EXPECT_EQ(service.database().admin("select count(*) from revision"), "2");
    EXPECT_EQ(service.database().admin("select string_agg(sku::text, ' ' order by sku) from variant_revision"), "SKU-shown SKU-young");
}

TEST_F(Publishing, WithdrawnIsInNoList) {
    const auto p = product(Json::parse(R"({"name":"Shoe","slug":"shoe","options":[{"name":"size","values":["38"]}]})").or_throw());
    as.owner.post(p.location() + "/generate-variants", {{"sku_prefix", "S"}}).expect(200);
    publish(p);
    as.owner.post(p.location() + "/unpublish").expect(200);
    as.owner.get("/api/v1/products?facets=size").expect(200).field("/items", Json::array()).field("/facets/size", Json::array());
    for (const char* table : {"listing", "attr_index", "product_category", "product_link"})
        EXPECT_EQ(service.database().admin(std::string("select count(*) from ") + table), "0") << table;
    publish(p); // and back
    as.owner.get("/api/v1/products?facets=size").expect(200).field("/items/0/revision", 2).field("/facets/size/0/count", 1);
}

TEST(PriceFrom, IsTheLowestOfTheVariants) {
    ProductContent content;
    content.list_price = Money{900, "EUR"};
    Variant dear, cheap;
    dear.list_price = Money{1200, "EUR"};
    EXPECT_EQ(price_from(content, {})->amount, 900);
    EXPECT_EQ(price_from(content, {dear})->amount, 1200);
    EXPECT_EQ(price_from(content, {dear, cheap})->amount, 900); // one without its own has the product's
    cheap.list_price = Money{500, "EUR"};
    EXPECT_EQ(price_from(content, {dear, cheap})->amount, 500);
    EXPECT_FALSE(price_from(ProductContent{}, {Variant{}}));
}

TEST(PricesOf, AreByCurrencyTheMostCommonFirst) {
    EXPECT_TRUE(prices_of({}).empty());
    std::vector<Variant> variants(6);
    variants[0].list_price = Money{500, "USD"};
    variants[2].list_price = Money{900, "EUR"};
    variants[3].list_price = Money{700, "EUR"};
    variants[5].list_price = Money{1100, "EUR"};
    const auto prices = prices_of(variants);
    EXPECT_EQ(json::encode(prices), R"([{"currency":"EUR","lowest":700,"highest":1100,"variants":3},{"variants":2},)"
                                    R"({"currency":"USD","lowest":500,"highest":500,"variants":1}])");
}

} // namespace
} // namespace gravity::product_catalog
