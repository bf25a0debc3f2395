#include "catalog_fixture.hpp"

namespace gravity::product_catalog {
namespace {

using testkit::eur;

Json axes() { return Json::parse(R"([{"name":"color","values":["red","blue"]},{"name":"size","values":["38","39","40"]}])").or_throw(); }

class Variants : public CatalogApi {
protected:
    testkit::Answer shoe = product(Json::object({{"name", "Shoe"}, {"slug", "shoe"}, {"options", axes()}}));
};

TEST_F(Variants, HaveOneValueOfEachAxis) {
    const auto at = shoe.location() + "/variants";
    as.owner.post(at, {{"sku", "A"}, {"options", Json::object({{"color", "red"}, {"size", "38"}})}, {"gtin", "4006381333931"}, {"list_price", eur(4999)}})
        .expect(201)
        .field("/gtin", "04006381333931")
        .field("/position", 0);
    const auto answer = as.owner.post(at, {{"sku", "B"}, {"options", Json::object({{"color", "pink"}, {"width", "w"}})}}).expect_problem(422, "invalid-value");
    EXPECT_EQ(pointers(answer), "/options/color /options/width /options/size ");
    as.owner.post(at, {{"sku", "B"}, {"options", Json::object({{"color", Json()}, {"size", "38"}})}})
        .expect_problem(400, "malformed-request")
        .field("/errors/0/pointer", "/options/color");
}

TEST_F(Variants, OfOneCombinationThereIsOne) {
    variant(shoe, "A", Json::object({{"color", "red"}, {"size", "38"}}));
    as.owner.post(shoe.location() + "/variants", {{"sku", "B"}, {"options", Json::object({{"size", "38"}, {"color", "red"}})}})
        .expect_problem(409, "options-taken");
    const auto mug = this->mug();
    variant(mug, "MUG"); // without axes there is one combination
    as.owner.post(mug.location() + "/variants", {{"sku", "MUG-2"}}).expect_problem(409, "options-taken");
}

TEST_F(Variants, ASkuIsUniqueWhateverItsCase) {
    variant(shoe, "Shoe-1", Json::object({{"color", "red"}, {"size", "38"}}));
    as.owner.post(shoe.location() + "/variants", {{"sku", "sHOE-1"}, {"options", Json::object({{"color", "red"}, {"size", "39"}})}})
        .expect_problem(409, "sku-taken");
    const auto answer =
        as.owner.post(shoe.location() + "/variants", {{"sku", "Sho\xD0\xB5-1"}, {"options", Json::object({{"color", "red"}, {"size", "39"}})}})
            .expect_problem(422, "invalid-value");
    EXPECT_NE(answer.text("/errors/0/detail").find("U+0435"), std::string::npos) << answer.body();
    const auto taken = mug();
    as.owner.post(taken.location() + "/variants", {{"sku", "M"}, {"gtin", "96385074"}}).expect(201);
    as.owner.post(shoe.location() + "/variants", {{"sku", "N"}, {"gtin", "00000096385074"}, {"options", Json::object({{"color", "red"}, {"size", "39"}})}})
        .expect_problem(409, "gtin-taken");
}

TEST_F(Variants, AreLookedUpBySkuAsPublished) {
    const auto v = variant(shoe, "Shoe-1", Json::object({{"color", "red"}, {"size", "38"}}));
    as.owner.get("/api/v1/variants?sku=shoe-1").expect(200).field("/items", Json::array()); // a draft's is nobody's business
    publish(shoe);
    as.owner.get("/api/v1/variants?sku=SHOE-1,other")
        .expect(200)
        .field("/items/0/sku", "Shoe-1")
        .field("/items/0/id", v.text("/id"))
        .field("/items/0/product_id", shoe.text("/id"))
        .field("/items/0/revision", 1)
        .field("/items/0/name", "Shoe")
        .field("/items/1", Json());
    as.owner.patch(v.location(), {{"sku", "Shoe-2"}}).expect(200);
    as.owner.get("/api/v1/variants?sku=shoe-1,shoe-2").expect(200).field("/items/0/sku", "Shoe-1").field("/items/1", Json());
    as.stranger.get("/api/v1/variants?sku=shoe-1").expect(200).field("/items", Json::array());
    publish(shoe);
    as.owner.get("/api/v1/variants?sku=shoe-1,shoe-2").expect(200).field("/items/0/sku", "Shoe-2").field("/items/0/revision", 2).field("/items/1", Json());
    as.owner.post(shoe.location() + "/unpublish").expect(200);
    as.owner.get("/api/v1/variants?sku=shoe-2").expect(200).field("/items", Json::array());
    std::string many = "a0";
    for (int i = 1; i <= 200; ++i) many += ",a" + std::to_string(i);
    as.owner.get("/api/v1/variants?sku=" + many).expect_problem(422, "invalid-value");
    as.owner.get("/api/v1/variants").expect_problem(422, "invalid-value");
}

TEST_F(Variants, ASkuThatAnotherProductStillShowsCannotBePublished) {
    const auto v = variant(shoe, "S", Json::object({{"color", "red"}, {"size", "38"}}));
    publish(shoe);
    as.owner.patch(v.location(), {{"sku", "T"}}).expect(200);
    const auto other = mug();
    variant(other, "S");
    as.owner.post(other.location() + "/publish").expect_problem(409, "sku-taken");
    publish(shoe);
    publish(other);
}

TEST_F(Variants, TwoMayExchangeTheirSkusInOnePublication) {
    const auto a = variant(shoe, "A", Json::object({{"color", "red"}, {"size", "38"}}));
    const auto b = variant(shoe, "B", Json::object({{"color", "red"}, {"size", "39"}}));
    publish(shoe);
    as.owner.patch(a.location(), {{"sku", "X"}}).expect(200);
    as.owner.patch(b.location(), {{"sku", "A"}}).expect(200);
    as.owner.patch(a.location(), {{"sku", "B"}}).expect(200);
    publish(shoe);
    as.owner.get("/api/v1/variants?sku=a").expect(200).field("/items/0/id", b.text("/id"));
}

TEST_F(Variants, AMatrixIsGeneratedOnceAndFillsTheGaps) {
    variant(shoe, "special", Json::object({{"color", "blue"}, {"size", "40"}}));
    const auto at = shoe.location() + "/generate-variants";
    as.owner.post(at, {{"sku_prefix", "SHOE"}}).expect(200).field("/created", 5).field("/total", 6);
    as.owner.post(at, {{"sku_prefix", "SHOE"}}).expect(200).field("/created", 0).field("/total", 6);
    const auto list = as.owner.get(shoe.location() + "/variants").expect(200);
    EXPECT_EQ(list.text("/items/0/sku"), "special");
    EXPECT_EQ(list.text("/items/1/sku"), "SHOE-RED-38");
    EXPECT_EQ(list.text("/items/5/sku"), "SHOE-BLUE-39");
    std::size_t created = 0;
    for (const auto& event : service.take_events()) created += event.type == "gravity.product_catalog.variant.created";
    EXPECT_EQ(created, 6u);
    as.owner.post(mug().location() + "/generate-variants", {{"sku_prefix", "M"}}).expect_problem(422, "no-options");
}

TEST_F(Variants, ThatNoLongerFitTheAxesAreNotPublished) {
    const auto v = variant(shoe, "A", Json::object({{"color", "red"}, {"size", "38"}}));
    as.owner.patch(shoe.location(), {{"options", Json::parse(R"([{"name":"color","values":["blue"]}])").or_throw()}}).expect(200);
    const auto answer = as.owner.post(shoe.location() + "/publish").expect_problem(422, "incomplete");
    const std::string at = "/variants/" + v.text("/id") + "/options/";
    EXPECT_EQ(pointers(answer), at + "color " + at + "size ");
    as.owner.patch(v.location(), {{"options", Json::object({{"color", "blue"}, {"size", Json()}})}}).expect(200);
    publish(shoe);
}

TEST_F(Variants, AreChangedUnderTheirOwnVersion) {
    const auto v = variant(shoe, "A", Json::object({{"color", "red"}, {"size", "38"}}));
    as.owner.patch(v.location(), {{"options", Json::object({{"size", "40"}})}})
        .if_match(v.etag())
        .expect(200)
        .field("/options/size", "40")
        .field("/version", 2);
    as.owner.patch(v.location(), {{"sku", "B"}}).if_match(v.etag()).expect_problem(412, "stale-version");
    as.owner.get(shoe.location()).expect(200).field("/version", 3); // a product changes with its variants
    as.owner.del(v.location()).if_match("\"2\"").expect(204);
    as.owner.get(v.location()).expect_problem(404, "not-found");
    EXPECT_EQ(event_types(), "product.created variant.created variant.updated variant.deleted ");
}

class FewVariants : public CatalogApi {
protected:
    FewVariants() : CatalogApi({{"CATALOG_MAX_VARIANTS", "5"}}) {}
};

TEST_F(FewVariants, TooManyAreRefusedWithTheNumber) {
    const auto shoe = product(Json::object({{"name", "Shoe"}, {"slug", "shoe"}, {"options", axes()}}));
    as.owner.post(shoe.location() + "/generate-variants", {{"sku_prefix", "S"}})
        .expect_problem(422, "too-many-variants")
        .field("/variants", 6)
        .field("/limit", 5);
    as.owner.patch(shoe.location(), {{"options", Json::parse(R"([{"name":"n","values":["1","2","3","4","5"]}])").or_throw()}}).expect(200);
    as.owner.post(shoe.location() + "/generate-variants", {{"sku_prefix", "S"}}).expect(200).field("/created", 5);
    as.owner.patch(shoe.location(), {{"options", Json::parse(R"([{"name":"n","values":["6"]}])").or_throw()}}).expect(200);
    as.owner.post(shoe.location() + "/variants", {{"sku", "S-6"}, {"options", Json::object({{"n", "6"}})}})
        .expect_problem(422, "too-many-variants")
        .field("/variants", 6);
    as.owner.post(shoe.location() + "/generate-variants", {{"sku_prefix", "T"}}).expect_problem(422, "too-many-variants").field("/variants", 6);
}

// ---- types

constexpr auto shoe_attributes = R"([
    {"name":"brand","kind":"text","required":true},
    {"name":"model_number","kind":"text","unique":true},
    {"name":"weight","kind":"measurement","unit":"g"},
    {"name":"color","kind":"enum","per_variant":true,"values":[{"value":"red","label":{"en":"Red","de":"Rot"}},{"value":"blue"}]},
    {"name":"size","kind":"number","per_variant":true,"required":true}])";

class Types : public CatalogApi {
protected:
    testkit::Answer shoes = type(shoe_attributes);
    testkit::Answer shoe(std::string slug, Json attributes) {
        return product(Json::object({{"name", "Shoe"}, {"slug", slug}, {"type_id", shoes.text("/id")}, {"attributes", std::move(attributes)}}));
    }
};

TEST_F(Types, ProductsFollowTheirType) {
    const auto answer =
        as.owner
            .post("/api/v1/products", {{"name", "Shoe"},
                                       {"slug", "s"},
                                       {"type_id", shoes.text("/id")},
                                       {"attributes", Json::parse(R"({"size":3,"weight":{"value":"12,5","unit":"g"},"sole":"x"})").or_throw()}})
            .expect_problem(422, "invalid-value");
    EXPECT_EQ(pointers(answer), "/attributes/size /attributes/sole /attributes/weight/value ");
    as.owner.post("/api/v1/products", {{"name", "Shoe"}, {"slug", "s"}, {"attributes", Json::object({{"brand", "x"}})}})
        .expect_problem(422, "invalid-value"); // the built-in type has none
    as.owner.post("/api/v1/products", {{"name", "Shoe"}, {"slug", "s"}, {"type_id", "01975f2c-0000-7000-8000-000000000000"}})
        .expect_problem(422, "no-such-product-type");
}

TEST_F(Types, ANumberMayBeLargerThanAnInteger) {
    const auto t = type(R"([{"name":"atoms","kind":"number"}])", "heap");
    const auto made = product(Json::object({{"name", "Sand"}, {"slug", "sand"}, {"type_id", t.text("/id")}, {"attributes", Json::object({{"atoms", 1e30}})}}));
    as.owner.get(made.location()).expect(200).field("/attributes/atoms", 1e30);
    as.owner.patch(made.location(), {{"name", "Desert"}}).expect(200).field("/attributes/atoms", 1e30);
}

TEST_F(Types, WhatIsRequiredIsRequiredToPublish) {
    const auto p = shoe("s", Json::object());
    const auto v = variant(p, "A");
    const auto answer = as.owner.post(p.location() + "/publish").expect_problem(422, "incomplete");
    EXPECT_EQ(pointers(answer), "/attributes/brand /variants/" + v.text("/id") + "/attributes/size ");
    as.owner.patch(p.location(), {{"attributes", Json::object({{"brand", "Acme"}})}}).expect(200);
    as.owner.patch(v.location(), {{"attributes", Json::object({{"size", 38}})}}).expect(200);
    publish(p);
}

TEST_F(Types, AReferenceNamesWhatIsThere) {
    const auto t = type(R"([{"name":"made_for","kind":"reference","target":"product"}])", "part");
    const auto target = mug();
    const auto p = product(
        Json::object({{"name", "Lid"}, {"slug", "lid"}, {"type_id", t.text("/id")}, {"attributes", Json::object({{"made_for", target.text("/id")}})}}));
    as.owner.patch(p.location(), {{"attributes", Json::object({{"made_for", "01975f2c-0000-7000-8000-000000000000"}})}})
        .expect_problem(422, "invalid-value")
        .field("/errors/0/pointer", "/attributes/made_for");
}

TEST_F(Types, AUniqueValueOccursOnce) {
    const auto a = shoe("a", Json::object({{"model_number", "M1"}}));
    as.owner
        .post("/api/v1/products", {{"name", "Shoe"}, {"slug", "b"}, {"type_id", shoes.text("/id")}, {"attributes", Json::object({{"model_number", "M1"}})}})
        .expect_problem(409, "attribute-not-unique");
    as.owner.patch(a.location(), {{"attributes", Json::object({{"model_number", "M2"}})}}).expect(200);
    shoe("b", Json::object({{"model_number", "M1"}}));
    as.stranger.post("/api/v1/product-types", {{"key", "shoe"}, {"name", "Shoe"}, {"attributes", Json::parse(shoe_attributes).or_throw()}}).expect(201);
}

TEST_F(Types, ANameMeansOneThingInAProject) {
    as.owner
        .post("/api/v1/product-types",
              {{"key", "pack"}, {"name", "Pack"}, {"attributes", Json::parse(R"([{"name":"weight","kind":"measurement","unit":"kg"}])").or_throw()}})
        .expect_problem(409, "attribute-differs")
        .field("/attribute", "weight");
    as.owner
        .post("/api/v1/product-types", {{"key", "pack"}, {"name", "Pack"}, {"attributes", Json::parse(R"([{"name":"color","kind":"text"}])").or_throw()}})
        .expect(201); // indexed alike
    as.owner.post("/api/v1/product-types", {{"key", "shoe"}, {"name", "Again"}, {"attributes", Json::array()}}).expect_problem(409, "product-type-key-taken");
}

TEST_F(Types, AChangeBringsItsProductsAlong) {
    const auto p = shoe("s", Json::parse(R"({"brand":"Acme","model_number":"12"})").or_throw());
    const auto v = variant(p, "A", Json::object(), Json::object({{"size", 38}, {"color", "red"}}));
    const auto attributes =
        Json::parse(
            R"([{"name":"brand","kind":"text"},{"name":"model_number","kind":"number","unique":true},{"name":"size","kind":"text","per_variant":true}])")
            .or_throw();
    as.owner.post(shoes.location() + "/preview-change")
        .raw(Json::object({{"attributes", attributes}}).dump(), "application/merge-patch+json")
        .expect(200)
        .field("/products", 1)
        .field("/changed_values", 3)
        .field("/broken_values", 0);
    as.owner.get(p.location()).expect(200).field("/attributes/model_number", "12");
    as.owner.patch(shoes.location(), {{"attributes", attributes}}).if_match(shoes.etag()).expect(200).field("/version", 2);
    as.owner.get(p.location()).expect(200).field("/attributes/model_number", 12.0).field("/version", 3);
    as.owner.get(v.location()).expect(200).field("/attributes", Json::object({{"size", "38"}}));
}

TEST_F(Types, AChangeMovesValuesBetweenProductAndVariants) {
    const auto p = shoe("s", Json::parse(R"({"brand":"Acme","weight":{"value":300,"unit":"g"}})").or_throw());
    as.owner.patch(p.location(), {{"options", Json::parse(R"([{"name":"fit","values":["slim","wide"]}])").or_throw()}}).expect(200);
    const auto a = variant(p, "A", Json::object({{"fit", "slim"}}), Json::object({{"size", 38}, {"color", "red"}}));
    const auto attributes = [](std::string weight, std::string color) {
        return Json::parse(R"([{"name":"brand","kind":"text"},{"name":"size","kind":"number","per_variant":true},)"
                           R"({"name":"weight","kind":"measurement","unit":"g")" +
                           weight + R"(},{"name":"color","kind":"text")" + color + "}]")
            .or_throw();
    };
    publish(p);
    const auto listed = [&](const std::string& query) { return as.owner.get("/api/v1/products?" + query).expect(200).at("/items").size(); };
    as.owner.patch(shoes.location(), {{"attributes", attributes(R"(,"per_variant":true)", "")}}).expect(200);
    as.owner.get(p.location()).expect(200).field("/attributes", Json::parse(R"({"brand":"Acme","color":"red"})").or_throw());
    as.owner.get(a.location()).expect(200).field("/attributes", Json::parse(R"({"size":38,"weight":{"value":300,"unit":"g"}})").or_throw());
    EXPECT_EQ(listed("attr.color=red&attr.weight.gte=300&attr.size=38"), 1u); // found by what it shows, though it is not published anew
    publish(p);
    EXPECT_EQ(listed("attr.color=red&attr.weight.gte=300&attr.size=38"), 1u);

    const auto b = variant(p, "B", Json::object({{"fit", "wide"}}), Json::object({{"size", 39}}));
    const auto back = attributes("", R"(,"per_variant":true)");
    const auto refused = as.owner.patch(shoes.location(), {{"attributes", back}}).expect_problem(409, "breaks-products").field("/broken_values", 1);
    EXPECT_NE(refused.text("/errors/0/detail").find("weight"), std::string::npos);
    as.owner.patch(b.location(), {{"attributes", Json::parse(R"({"weight":{"value":300,"unit":"g"}})").or_throw()}}).expect(200);
    as.owner.post(shoes.location() + "/preview-change")
        .raw(Json::object({{"attributes", back}}).dump(), "application/merge-patch+json")
        .expect(200)
        .field("/changed_values", 2)
        .field("/broken_values", 0);
    as.owner.patch(shoes.location(), {{"attributes", back}}).expect(200);
    as.owner.get(b.location()).expect(200).field("/attributes", Json::parse(R"({"size":39,"color":"red"})").or_throw());
    as.owner.get(p.location()).expect(200).field("/attributes/weight/value", 300);
}

TEST_F(Types, AChangeThatWouldLoseValuesIsRefusedWithTheList) {
    const auto p = shoe("s", Json::parse(R"({"brand":"Acme"})").or_throw());
    const auto attributes = Json::parse(R"([{"name":"brand","kind":"number"}])").or_throw();
    const auto answer = as.owner.patch(shoes.location(), {{"attributes", attributes}}).expect_problem(409, "breaks-products").field("/broken_values", 1);
    EXPECT_NE(answer.text("/errors/0/detail").find(p.text("/id")), std::string::npos);
    as.owner.get(shoes.location()).expect(200).field("/version", 1).field("/attributes/0/kind", "text");
    as.owner.get(p.location()).expect(200).field("/attributes/brand", "Acme");
}

TEST_F(Types, AreDeletedWhenNoProductHasThem) {
    const auto p = shoe("s", Json::object());
    as.owner.del(shoes.location()).expect_problem(409, "product-type-in-use");
    as.owner.del(p.location()).expect(204);
    as.owner.del(shoes.location()).expect(204);
    as.owner.get(shoes.location()).expect_problem(404, "not-found");
}

} // namespace
} // namespace gravity::product_catalog
