#include "catalog_fixture.hpp"
#include "changes_domain.hpp"
#include "collections_domain.hpp"

#include <algorithm>
#include <random>
#include <set>

namespace gravity::product_catalog {
namespace {

class Collections : public CatalogApi {
protected:
    testkit::Answer collection(std::string slug, std::string_view rule) {
        Json body = Json::object({{"name", slug}, {"slug", slug}});
        if (!rule.empty()) body["rule"] = Json::parse(rule).or_throw();
        return as.owner.post("/api/v1/product-collections", testkit::Members(body)).expect(201);
    }
    // A product with one axis, its variants made, and a price; published.
    testkit::Answer shoe(std::string slug, std::string colors, int price = 1000, Json more = Json::object()) {
        Json body = Json::parse(R"({"options":[{"name":"color","values":[)" + colors + "]}]}").or_throw();
        body["name"] = slug;
        body["slug"] = slug;
        body["list_price"] = testkit::eur(price);
        for (const auto& [key, value] : more.as_object()) body[key] = value;
        const auto p = product(body);
        as.owner.post(p.location() + "/generate-variants", {{"sku_prefix", slug}}).expect(200);
        publish(p);
        return p;
    }
    std::set<std::string> members(const testkit::Answer& collection) {
        std::set<std::string> ids;
        const Json items = as.owner.get(collection.location() + "/products?limit=200").expect(200).at("/items");
        for (const Json& item : items.as_array()) ids.insert(item.find("product_id")->as_string());
        return ids;
    }
    static std::set<std::string> ids(std::initializer_list<testkit::Answer> products) {
        std::set<std::string> all;
        for (const auto& product : products) all.insert(product.text("/id"));
        return all;
    }
};

TEST_F(Collections, ByRuleFollowWhatIsPublished) {
    const auto a = shoe("a", R"("red","blue")"), b = shoe("b", R"("blue")");
    const auto red = collection("red", R"({"attr":{"color":"red"}})"), cheap = collection("cheap", R"({"price_lte":500})");
    EXPECT_EQ(members(red), ids({a}));
    EXPECT_EQ(members(cheap), ids({}));
    as.owner.get(red.location()).expect(200).field("/members", 1);
    const auto c = shoe("c", R"("red")", 400);
    EXPECT_EQ(members(red), ids({a, c}));
    EXPECT_EQ(members(cheap), ids({c}));
    as.owner.patch(b.location(), {{"list_price", testkit::eur(300)}}).expect(200);
    EXPECT_EQ(members(cheap), ids({c})) << "what is only staged changes nothing";
    publish(b);
    EXPECT_EQ(members(cheap), ids({b, c}));
    as.owner.post(c.location() + "/unpublish").expect(200);
    EXPECT_EQ(members(red), ids({a}));
    EXPECT_EQ(members(cheap), ids({b}));
}

TEST_F(Collections, AnotherRuleFindsItsMembersAnew) {
    const auto a = shoe("a", R"("red")"), b = shoe("b", R"("blue")");
    const auto c = collection("c", R"({"attr":{"color":"red"}})");
    as.owner.patch(c.location(), {{"rule", Json::object({{"attr", Json::object({{"color", "blue"}})}})}}).if_match(c.etag()).expect(200);
    EXPECT_EQ(members(c), ids({b}));
    EXPECT_EQ(service.database().admin("select string_agg(looks_at, ' ') from collection_rule"), "attr.color");
    as.owner.post("/api/v1/product-collections", {{"name", "x"}, {"slug", "x"}, {"rule", Json::object()}})
        .expect_problem(422, "invalid-value")
        .field("/errors/0/pointer", "/rule");
    as.owner.post("/api/v1/product-collections", {{"name", "x"}, {"slug", "x"}, {"rule", Json::parse(R"({"attr":{"size.over":"3"}})").or_throw()}})
        .expect_problem(422, "invalid-value")
        .field("/errors/0/pointer", "/rule/attr/size.over");
    as.owner.put(c.location() + "/products", {{"product_ids", Json::array()}}).expect_problem(409, "has-rule");
    as.owner.del(c.location()).expect(204);
}

TEST_F(Collections, ByHandAreShownInTheirOrder) {
    const auto a = shoe("a", R"("red")"), b = shoe("b", R"("red")");
    const auto draft = mug();
    const auto c = collection("c", "");
    as.owner.put(c.location() + "/products", {{"product_ids", Json::array({b.text("/id"), draft.text("/id"), a.text("/id")})}})
        .expect(200)
        .field("/members", 2);
    as.owner.get(c.location() + "/products")
        .expect(200)
        .field("/items/0/product_id", b.text("/id"))
        .field("/items/1/product_id", a.text("/id"))
        .field("/items/2", Json());
    as.owner.put(c.location() + "/products", {{"product_ids", Json::array({a.text("/id"), a.text("/id")})}}).expect_problem(422, "invalid-value");
    as.owner.put(c.location() + "/products", {{"product_ids", Json::array({"01975f2c-0000-7000-8000-000000000000"})}})
        .expect_problem(422, "invalid-value")
        .field("/errors/0/pointer", "/product_ids/0");
    publish(draft);
    as.owner.get(c.location()).expect(200).field("/members", 3);
}

TEST_F(Collections, OfACategoryFollowTheTree) {
    const auto top = as.owner.post("/api/v1/product-categories", {{"name", "Top"}, {"slug", "top"}}).expect(201);
    const auto side = as.owner.post("/api/v1/product-categories", {{"name", "Side"}, {"slug", "side"}}).expect(201);
    const auto leaf = as.owner.post("/api/v1/product-categories", {{"name", "Leaf"}, {"slug", "leaf"}, {"parent_id", top.text("/id")}}).expect(201);
    const auto a = shoe("a", R"("red")", 1000, Json::object({{"categories", Json::array({leaf.text("/id")})}}));
    const auto below_top = collection("t", R"({"category":")" + top.text("/id") + "\"}"),
               below_side = collection("s", R"({"category":")" + side.text("/id") + "\"}");
    EXPECT_EQ(members(below_top), ids({a}));
    as.owner.post(leaf.location() + "/move", {{"parent_id", side.text("/id")}}).expect(200);
    EXPECT_EQ(members(below_top), ids({}));
    EXPECT_EQ(members(below_side), ids({a}));
    as.owner.del(leaf.location()).expect(204);
    EXPECT_EQ(members(below_side), ids({}));
}

// What is kept step by step must be what finding it all anew gives, whatever happens to the products.
TEST_F(Collections, KeptIncrementallyAreWhatARebuildFinds) {
    std::mt19937 random(7);
    const char* const colors[] = {R"("red")", R"("blue")", R"("red","green")", R"("blue","green")"};
    const std::string rules[] = {R"({"attr":{"color":"red,green"}})", R"({"attr":{"color":"blue"},"price_gte":500})", R"({"price_lte":700})"};
    std::vector<testkit::Answer> products, collections;
    for (int i = 0; i < 3; ++i) collections.push_back(collection("c" + std::to_string(i), rules[i]));
    for (int i = 0; i < 8; ++i) products.push_back(shoe("p" + std::to_string(i), colors[random() % 4], 100 * static_cast<int>(1 + random() % 10)));
    for (int step = 0; step < 40; ++step) {
        const auto& p = products[random() % products.size()];
        switch (random() % 3) {
        case 0: as.owner.patch(p.location(), {{"list_price", testkit::eur(static_cast<int>(100 + 100 * (random() % 10)))}}).expect(200); break;
        case 1: as.owner.post(p.location() + "/unpublish").send(); break;
        case 2: {
            const auto variants = as.owner.get(p.location() + "/variants").expect(200);
            if (!variants.text("/items/0/id").empty()) as.owner.del(p.location() + "/variants/" + variants.text("/items/0/id")).expect(204);
            break;
        }
        }
        if (random() % 4) as.owner.post(p.location() + "/publish").send();
    }
    for (int i = 0; i < 3; ++i) {
        const auto again = collection("again" + std::to_string(i), rules[i]);
        EXPECT_EQ(members(collections[static_cast<std::size_t>(i)]), members(again)) << rules[i];
    }
}

TEST(CollectionRules, AreOnlyEvaluatedForWhatTheyLookAt) {
    Facts before;
    before.index = {{"color", std::nullopt, "red", std::nullopt}, {"size", std::nullopt, std::nullopt, 38}};
    before.price = 100;
    Facts after = before;
    EXPECT_TRUE(differences(before, after).empty());
    after.index[1].number = 39;
    EXPECT_EQ(differences(before, after), std::vector<std::string>{"attr.size"});
    after.price = 90;
    EXPECT_EQ(differences(before, after), (std::vector<std::string>{"attr.size", "price"}));
    EXPECT_EQ(differences(std::nullopt, before), (std::vector<std::string>{"attr.color", "attr.size", "category", "price", "type"}));
    CollectionRule rule;
    rule.attr = {{"size.gte", "38"}, {"size.lt", "40"}, {"color", "red"}};
    rule.price_lte = 100;
    EXPECT_EQ(looks_at(rule), (std::vector<std::string>{"attr.color", "attr.size", "price"}));
    EXPECT_TRUE(matches(rule, after));
    after.index[1].number = 40;
    EXPECT_FALSE(matches(rule, after));
}

// ---- previews

TEST_F(Collections, APreviewTellsWhatAChangeWouldDo) {
    const auto a = shoe("a", R"("red","blue")");
    const auto red = collection("red", R"({"attr":{"color":"red"}})"), cheap = collection("cheap", R"({"price_lte":500})");
    const auto other =
        shoe("other", R"("red")", 1000, Json::object({{"links", Json::array({Json::object({{"kind", "accessory"}, {"product_id", a.text("/id")}})})}}));
    const auto variants = as.owner.get(a.location() + "/variants").expect(200);
    as.owner.del(a.location() + "/variants/" + variants.text("/items/0/id")).expect(204); // the red one
    service.take_events();

    as.owner
        .post("/api/v1/catalog-changes/preview",
              {{"product_id", a.text("/id")}, {"patch", Json::object({{"slug", "b"}, {"list_price", testkit::eur(400)}})}})
        .expect(200)
        .field("/variants_removed", 1)
        .field("/variants_added", 0)
        .field("/collections_left/0/id", red.text("/id"))
        .field("/collections_joined/0/id", cheap.text("/id"))
        .field("/urls_redirected/0/from", "a")
        .field("/urls_redirected/0/to", "b")
        .field("/urls_broken", Json::array())
        .field("/obstacles", Json::array())
        .field("/found_otherwise", Json::array({"attr.color", "price"}));
    as.owner.post("/api/v1/catalog-changes/preview", {{"product_id", a.text("/id")}, {"action", "unpublish"}})
        .expect(200)
        .field("/variants_removed", 2)
        .field("/links_broken", 1)
        .field("/urls_broken/0/from", "a")
        .field("/collections_left/0/id", red.text("/id"))
        .field("/obstacles", Json::array());
    const auto refused = as.owner.post("/api/v1/catalog-changes/preview", {{"product_id", a.text("/id")}, {"action", "delete"}}).expect(200);
    EXPECT_EQ(refused.text("/obstacles/0/detail"), "An active product must be unpublished before it is deleted");
    as.owner.post("/api/v1/catalog-changes/preview", {{"product_id", a.text("/id")}, {"patch", Json::object({{"attributes", Json::object({{"x", 1}})}})}})
        .expect(200)
        .field("/obstacles/0/pointer", "/attributes/x");

    as.owner.get(a.location()).expect(200).field("/slug", "a"); // nothing has happened
    EXPECT_EQ(members(red), ids({a, other}));
    EXPECT_TRUE(service.take_events().empty());
    as.stranger.post("/api/v1/catalog-changes/preview", {{"product_id", a.text("/id")}}).expect_problem(404, "not-found");
}

} // namespace
} // namespace gravity::product_catalog
