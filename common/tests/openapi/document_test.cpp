#include "openapi/schemas.hpp"
#include "shop.hpp"

#include <gravity/http/deep_object.hpp>
#include <gravity/openapi/document.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace gravity::openapi {
namespace {

const Json& shop_document() {
    static const Json made = [] {
        Router router;
        shop::routes(router);
        return document(router, {.title = "Shop", .version = "1.2.3", .description = "A made-up service."});
    }();
    return made;
}

Json at(std::string_view pointer) {
    const Json* found = shop_document().at_pointer(pointer);
    EXPECT_NE(found, nullptr) << pointer;
    return found == nullptr ? Json() : *found;
}
Json schema(std::string_view name) { return at("/components/schemas/" + std::string(name)); }
Json parsed(std::string_view text) { return Json::parse(text).or_throw(); }

std::set<std::string> names(const Json& object) {
    std::set<std::string> found;
    for (const auto& [name, value] : object.as_object()) found.insert(name);
    return found;
}
std::set<std::string> texts(const Json& array) {
    std::set<std::string> found;
    for (const Json& item : array.as_array()) found.insert(item.as_string());
    return found;
}

// Every "$ref" of the document leads somewhere.
void check_references(const Json& place) {
    if (place.is_array()) {
        for (const Json& item : place.as_array()) check_references(item);
    } else if (place.is_object()) {
        for (const auto& [name, member] : place.as_object()) {
            if (name == "$ref") {
                EXPECT_NE(shop_document().at_pointer(member.as_string().substr(1)), nullptr) << member.as_string();
            }
            check_references(member);
        }
    }
}

// GRAVITY_UPDATE_GOLDEN=1 writes the file anew; it has been through openapi-spec-validator when it was committed.
TEST(Document, IsWhatWasReviewed) {
    const std::string path = std::string(GRAVITY_TEST_DATA) + "/openapi/shop.golden.json";
    const std::string made = nlohmann::json::parse(shop_document().dump()).dump(2) + "\n";
    if (std::getenv("GRAVITY_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << made;
    std::ifstream file(path);
    ASSERT_TRUE(file) << path;
    std::stringstream golden;
    golden << file.rdbuf();
    EXPECT_EQ(made, golden.str());
}

TEST(Document, IsTheSameEveryTime) {
    Router router;
    shop::routes(router);
    EXPECT_EQ(document(router, {.title = "Shop", .version = "1.2.3", .description = "A made-up service."}).dump(),
              shop_document().dump());
}

TEST(Document, HasNoReferenceIntoNowhere) { check_references(shop_document()); }

TEST(Document, TellsWhatItIs) {
    EXPECT_EQ(at("/openapi"), Json("3.1.0"));
    EXPECT_EQ(at("/info/license/identifier"), Json("MIT"));
    EXPECT_EQ(at("/servers/0/url"), Json("/"));
    EXPECT_EQ(at("/tags/0/name"), Json("products"));
    EXPECT_EQ(at("/paths/~1api~1v1~1products/post/operationId"), Json("create_products"));
}

TEST(Document, ComponentNamesLoseNamespacesAndBrackets) {
    EXPECT_EQ(component_name("Product"), "Product");
    EXPECT_EQ(component_name("Page<gravity::shop::Product>"), "ProductPage");
    EXPECT_EQ(component_name("Page<gravity::{anonymous}::Product>"), "ProductPage");
    EXPECT_EQ(component_name("Pair<a::Left, b::Page<c::Right> >"), "LeftRightPagePair");
    EXPECT_EQ(component_name("<>"), "Object");
}

TEST(Schema, OfARequestRefusesUnknownMembersAndNamesDefaults) {
    const Json product = schema("NewProduct");
    EXPECT_EQ(product.at_pointer("/additionalProperties")->as_bool(), false);
    EXPECT_EQ(texts(*product.find("required")), (std::set<std::string>{"sku", "name", "price", "extra"}));
    EXPECT_EQ(*product.at_pointer("/properties/status/default"), Json("draft"));
    EXPECT_EQ(*product.at_pointer("/properties/stock/default"), Json(0));
    EXPECT_EQ(*product.at_pointer("/properties/labels/default"), Json::array());
    EXPECT_EQ(*product.at_pointer("/properties/description/type"), parsed(R"(["string", "null"])"));
    EXPECT_EQ(*product.at_pointer("/properties/sku/description"), Json("Stock keeping unit, unique in the project"));
    EXPECT_EQ(product.at_pointer("/properties/extra")->size(), 0u); // anything
}

TEST(Schema, OfAnAnswerHasEverythingThatIsAlwaysThere) {
    const Json product = schema("Product");
    EXPECT_EQ(product.find("additionalProperties"), nullptr);
    EXPECT_EQ(texts(*product.find("required")),
              (std::set<std::string>{"sku", "name", "price", "status", "stock", "labels", "attributes", "extra", "id",
                                     "version", "created_at", "discount"}));
    EXPECT_EQ(*product.at_pointer("/properties/description/type"), Json("string")); // left out, never null
    EXPECT_EQ(product.at_pointer("/properties/labels/maxItems"), nullptr);
}

TEST(Schema, OfAStructUsedBothWaysIsOneUnlessADefaultMakesTwo) {
    EXPECT_EQ(shop_document().at_pointer("/components/schemas/MoneyInput"), nullptr);
    EXPECT_EQ(schema("Money").find("additionalProperties")->as_bool(), false);
    EXPECT_EQ(texts(*schema("Supplier").find("required")), (std::set<std::string>{"name", "active", "contacts"}));
    EXPECT_EQ(texts(*schema("SupplierInput").find("required")), (std::set<std::string>{"name"}));
    EXPECT_EQ(*schema("SupplierInput").at_pointer("/properties/active/default"), Json(true));
    EXPECT_EQ(*schema("NewProduct").at_pointer("/properties/supplier/anyOf/0/$ref"),
              Json("#/components/schemas/SupplierInput"));
    EXPECT_EQ(*schema("Product").at_pointer("/properties/supplier/$ref"), Json("#/components/schemas/Supplier"));
    EXPECT_EQ(*schema("Category").at_pointer("/properties/children/items/$ref"), Json("#/components/schemas/Category"));
    EXPECT_EQ(*schema("CategoryInput").at_pointer("/properties/children/items/$ref"),
              Json("#/components/schemas/CategoryInput"));
}

TEST(Schema, OfAMergePatchRequiresNothingAndTakesNullWhereThereMayBeNone) {
    const Json patch = schema("ProductEditPatch");
    EXPECT_EQ(patch.find("required"), nullptr);
    EXPECT_EQ(patch.find("additionalProperties")->as_bool(), false);
    EXPECT_EQ(*patch.at_pointer("/properties/name/type"), Json("string"));
    EXPECT_EQ(*patch.at_pointer("/properties/description/type"), parsed(R"(["string", "null"])"));
    EXPECT_EQ(*patch.at_pointer("/properties/size/$ref"), Json("#/components/schemas/SizePatch"));
    EXPECT_EQ(*patch.at_pointer("/properties/supplier"),
              parsed(R"({"anyOf": [{"$ref": "#/components/schemas/SupplierPatch"}, {"type": "null"}]})"));
    EXPECT_EQ(*patch.at_pointer("/properties/attributes/additionalProperties/type"), parsed(R"(["string", "null"])"));
    EXPECT_EQ(
        at("/paths/~1api~1v1~1products~1{id}/patch/requestBody/content/application~1merge-patch+json/schema/$ref"),
        Json("#/components/schemas/ProductEditPatch"));
}

TEST(Schema, OfAVariantIsToldApartByItsType) {
    const Json payment = *schema("NewOrder").at_pointer("/properties/payment");
    EXPECT_EQ(payment,
              parsed(R"({"oneOf": [{"$ref": "#/components/schemas/Card"}, {"$ref": "#/components/schemas/Invoice"}],
        "discriminator": {"propertyName": "type", "mapping": {"card": "#/components/schemas/Card", "invoice": "#/components/schemas/Invoice"}}})"));
    EXPECT_EQ(*schema("Card").at_pointer("/properties/type/const"), Json("card"));
    EXPECT_EQ(texts(*schema("Card").find("required")), (std::set<std::string>{"type", "last_digits"}));
}

TEST(Schema, OfScalarsHasTheirBoundsAndForms) {
    EXPECT_EQ(*schema("NewProduct").at_pointer("/properties/name/maxLength"), Json(200));
    EXPECT_EQ(*schema("NewProduct").at_pointer("/properties/stock/maximum"), Json(1'000'000));
    EXPECT_EQ(*schema("NewProduct").at_pointer("/properties/attributes/maxProperties"), Json(1000));
    EXPECT_EQ(*schema("Product").at_pointer("/properties/id/format"), Json("uuid"));
    EXPECT_EQ(schema("Product").at_pointer("/properties/lead_time/format"), nullptr); // not RFC 3339's duration
    EXPECT_EQ(*schema("Product").at_pointer("/properties/discount/maximum"), Json(100.0));
    EXPECT_EQ(names(*schema("Money").at_pointer("/properties/amount")),
              (std::set<std::string>{"type", "format", "description"}));
    EXPECT_EQ(*schema("NewOrder").at_pointer("/properties/coupon/writeOnly"), Json(true));
    EXPECT_EQ(*schema("NewOrder").at_pointer("/properties/attachment/contentEncoding"), Json("base64"));
    EXPECT_EQ(*schema("Status").find("enum"), parsed(R"(["draft", "active", "archived"])"));
    EXPECT_EQ(shop_document().at_pointer("/components/schemas/Status2"),
              nullptr); // Default<Status::draft> is the same enumeration
}

TEST(Parameters, AreTheFieldsOfTheQueryAndTheNamesOfThePath) {
    std::map<std::string, Json> found;
    const Json list = at("/paths/~1api~1v1~1products/get/parameters");
    for (const Json& parameter : list.as_array())
        if (const Json* name = parameter.find("name")) found[name->as_string()] = parameter;
    EXPECT_EQ(found.size(), 5u);
    EXPECT_EQ(*found["limit"].at_pointer("/schema/default"), Json(50));
    EXPECT_EQ(*found["status"].at_pointer("/schema/$ref"), Json("#/components/schemas/Status"));
    EXPECT_EQ(*found["status"].find("description"), Json("Only products of this status"));
    EXPECT_EQ(*found["label"].find("explode"), Json(true));
    EXPECT_EQ(*found["label"].find("style"), Json("form"));
    EXPECT_EQ(found["limit"].find("required"), nullptr);
    EXPECT_EQ(*found["in_stock"].at_pointer("/schema/type"), Json("boolean"));
    EXPECT_EQ(at("/paths/~1api~1v1~1products/get/x-gravity-query-maps/0/name"), Json("attr.*"));

    const Json id = at("/paths/~1api~1v1~1products~1{id}/get/parameters/0");
    EXPECT_EQ(*id.find("in"), Json("path"));
    EXPECT_EQ(*id.find("required"), Json(true));
    EXPECT_EQ(at("/paths/~1files~1{path}/get/parameters/0/name"), Json("path")); // `{path...}`
}

std::set<std::string> statuses(std::string_view path, std::string_view method) {
    return names(at("/paths/" + std::string(path) + "/" + std::string(method) + "/responses"));
}

TEST(Answers, AreThoseThePipelineCanGiveOnTheRoute) {
    EXPECT_EQ(
        statuses("~1api~1v1~1products~1{id}", "get"),
        (std::set<std::string>{"200", "304", "400", "401", "403", "404", "414", "429", "431", "500", "503", "504"}));
    EXPECT_EQ(statuses("~1api~1v1~1products", "post"),
              (std::set<std::string>{"201", "400", "401", "403", "408", "409", "413", "414", "415", "422", "429", "431",
                                     "500", "503", "504"}));
    EXPECT_EQ(statuses("~1api~1v1~1products~1{id}", "patch"),
              (std::set<std::string>{"200", "400", "401", "403", "404", "408", "409", "412", "413", "414", "415", "422",
                                     "429", "431", "500", "503", "504"}));
    EXPECT_EQ(statuses("~1latest", "get"),
              (std::set<std::string>{"303", "400", "401", "414", "429", "431", "500", "503", "504"}));
    // A coroutine has no transaction of the pipeline's, and so no conflict and no stored answer.
    EXPECT_EQ(statuses("~1api~1v1~1orders", "post"),
              (std::set<std::string>{"202", "400", "401", "403", "404", "408", "410", "413", "414", "415", "422", "429",
                                     "431", "500", "503", "504"}));
}

TEST(Answers, NameTheProblemsOfTheRoute) {
    const std::string conflict = at("/paths/~1api~1v1~1products/post/responses/409/description").as_string();
    EXPECT_NE(conflict.find("`urn:gravity:problem:sku-taken`: Another product has this SKU"), std::string::npos);
    EXPECT_NE(conflict.find("urn:gravity:problem:request-running"), std::string::npos);
    EXPECT_EQ(at("/paths/~1api~1v1~1products/post/responses/409/$ref"), Json("#/components/responses/Conflict"));
    EXPECT_EQ(shop_document().at_pointer("/paths/~1api~1v1~1products/post/responses/422/description"), nullptr);
    EXPECT_EQ(at("/components/responses/Gone/content/application~1problem+json/schema/$ref"),
              Json("#/components/schemas/Problem"));
    // Named by the service though the platform has it: once, in the platform's words.
    EXPECT_EQ(shop_document().at_pointer("/paths/~1api~1v1~1orders/post/responses/404/description"), nullptr);
}

TEST(Answers, HaveTheirHeaders) {
    EXPECT_EQ(names(at("/paths/~1api~1v1~1products/post/responses/201/headers")),
              (std::set<std::string>{"ETag", "Location", "Idempotency-Replayed"}));
    EXPECT_EQ(names(at("/paths/~1api~1v1~1products~1{id}/get/responses/304/headers")), (std::set<std::string>{"ETag"}));
    EXPECT_NE(shop_document().at_pointer("/components/responses/ServiceUnavailable/headers/Retry-After"), nullptr);
}

NoContent foreign(Tx&, RawBody) { return {}; }

TEST(Answers, OfAForeignStandardHaveItsErrorForm) {
    Router router;
    router.surface("things").post<foreign>("/feeds-{name}.xml", {.open = "a standard's", .error_type = "application/json"});
    const Json made = document(router, {});
    const std::string post = "/paths/~1feeds-{name}.xml/post/responses/";
    EXPECT_EQ(names(*made.at_pointer(post + "400/content")), (std::set<std::string>{"application/json", "application/problem+json"}));
    EXPECT_NE(made.at_pointer(post + "400/description")->as_string(), "");
    EXPECT_NE(made.at_pointer(post + "503/$ref"), nullptr);
}

TEST(Security, IsTheScopeOfTheRoute) {
    EXPECT_EQ(at("/paths/~1api~1v1~1products~1{id}/delete/security"), parsed(R"([{"bearer": ["products:admin"]}])"));
    EXPECT_EQ(at("/paths/~1api~1v1~1products~1{id}/delete/x-gravity-scope"), Json("products:admin"));
    EXPECT_EQ(at("/paths/~1latest/get/security"), parsed(R"([{}, {"bearer": []}])"));
    EXPECT_EQ(at("/components/securitySchemes/bearer/bearerFormat"), Json("JWT"));
}

struct Filtered {
    DeepObject<Text<0, 20>, 4> filter;
};
BOOST_DESCRIBE_STRUCT(Filtered, (), (filter))
NoContent deeply(Tx&, Params<Filtered>) { return {}; }

TEST(Parameters, WithNamesOfTheCallersChoiceStandInBrackets) {
    Router router;
    router.collection("/api/v1/things", "things").get<deeply>("");
    const Json made = document(router, {});
    const Json* const filter = made.at_pointer("/paths/~1api~1v1~1things/get/parameters/0");
    ASSERT_NE(filter, nullptr);
    EXPECT_EQ(*filter->find("name"), Json("filter"));
    EXPECT_EQ(*filter->find("style"), Json("deepObject"));
    EXPECT_EQ(*filter->find("explode"), Json(true));
    EXPECT_EQ(filter->find("required"), nullptr);
    EXPECT_EQ(*filter->at_pointer("/schema/additionalProperties/maxLength"), Json(20));
    EXPECT_EQ(*filter->at_pointer("/schema/maxProperties"), Json(4));
    EXPECT_EQ(*filter->at_pointer("/schema/propertyNames/maxLength"), Json(128));
    EXPECT_EQ(filter->at_pointer("/schema/default"), nullptr);
    EXPECT_EQ(made.at_pointer("/paths/~1api~1v1~1things/get/x-gravity-query-maps"), nullptr);
}

// ---- what cannot be described truthfully

struct Filter {
    std::optional<Money> price;
};
BOOST_DESCRIBE_STRUCT(Filter, (), (price))
NoContent filtered(Tx&, Params<Filter>) { return {}; }

TEST(Document, RefusesAQueryFieldWithMembers) {
    Router router;
    router.collection("/api/v1/things", "things").get<filtered>("");
    router.finish();
    EXPECT_THROW(document(router, {}), std::logic_error);
}

namespace other {
enum class Status {
    on,
    off
};
BOOST_DESCRIBE_ENUM(Status, on, off)
struct Problem {
    Status status;
    shop::Status product;
};
BOOST_DESCRIBE_STRUCT(Problem, (), (status, product))
} // namespace other
other::Problem both(Tx&) { return {}; }

TEST(Schema, OfTwoTypesWithOneNameAreToldApart) {
    Router router;
    router.collection("/api/v1/things", "things").get<both>("");
    const Json made = document(router, {});
    EXPECT_EQ(names(*made.at_pointer("/components/schemas")),
              (std::set<std::string>{"Problem", "Problem2", "Status", "Status2"}));
    EXPECT_EQ(*made.at_pointer("/components/schemas/Status/enum"), parsed(R"(["on", "off"])"));
}

} // namespace
} // namespace gravity::openapi
