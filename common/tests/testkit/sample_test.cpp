#include "../openapi/shop.hpp"

#include <gravity/openapi/document.hpp>
#include <gravity/testkit/openapi_check.hpp>
#include <gravity/testkit/sample.hpp>

#include <gtest/gtest.h>

#include <set>

namespace gravity::testkit {
namespace {

const meta::Type& new_product = meta::type_of<shop::NewProduct>();

bool taken(const meta::Type& type, const Json& value) {
    const auto scratch = type.make();
    meta::Errors errors;
    json::decode(value, {&type, scratch.get()}, errors);
    return errors.empty();
}

TEST(Sampler, MakesWhatTheTypeTakes) {
    Sampler sampler(7);
    for (int i = 0; i < 50; ++i)
        for (const auto fullness : {Sampler::Fullness::required, Sampler::Fullness::everything, Sampler::Fullness::mixed}) {
            const Json value = sampler.value(new_product, fullness);
            EXPECT_TRUE(taken(new_product, value)) << value.dump();
            const Json order = sampler.value(meta::type_of<shop::NewOrder>(), fullness);
            EXPECT_TRUE(taken(meta::type_of<shop::NewOrder>(), order)) << order.dump();
        }
}

TEST(Sampler, TheSameSeedMakesTheSame) {
    EXPECT_EQ(Sampler(3).value(new_product, Sampler::Fullness::mixed), Sampler(3).value(new_product, Sampler::Fullness::mixed));
    EXPECT_NE(Sampler(3).value(new_product), Sampler(4).value(new_product));
}

TEST(Sampler, EndsInATypeThatHoldsItself) {
    const Json tree = Sampler(1).value(meta::type_of<shop::Category>(), Sampler::Fullness::everything);
    EXPECT_LT(tree.dump().size(), 20'000u);
    EXPECT_NE(tree.at_pointer("/children/0/name"), nullptr);
}

TEST(Sampler, EverythingHasEveryMember) {
    const Json value = Sampler(1).value(new_product, Sampler::Fullness::everything);
    for (const auto& field : new_product.object->fields()) EXPECT_NE(value.find(field.name), nullptr) << field.name;
}

struct Odd {
    Bounded<int, 1, 100> least, most;
};
BOOST_DESCRIBE_STRUCT(Odd, (), (least, most))
void check(const Odd& odd, meta::Errors& errors) {
    if (odd.least > odd.most.value()) errors.reject("least", "must not be above the most");
}
struct Impossible {
    bool flag;
};
BOOST_DESCRIBE_STRUCT(Impossible, (), (flag))
void check(const Impossible&, meta::Errors& errors) { errors.reject("", "is never right"); }

TEST(Sampler, KeepsRulesOverSeveralFieldsOrSaysThatItCannot) {
    Sampler sampler(1);
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(taken(meta::type_of<Odd>(), sampler.value(meta::type_of<Odd>())));
    EXPECT_THROW(sampler.value(meta::type_of<Impossible>()), std::runtime_error);
}

TEST(Spoil, EachInputIsRefusedWhereItSays) {
    Sampler sampler(5);
    const Json valid = sampler.value(new_product, Sampler::Fullness::everything);
    std::set<std::string> pointers;
    const auto inputs = spoil(new_product, valid, false, sampler);
    for (const SpoiledInput& bad : inputs) {
        const auto scratch = new_product.make();
        meta::Errors errors;
        json::decode(bad.document, {&new_product, scratch.get()}, errors);
        ASSERT_EQ(errors.items().size(), 1u) << bad.what << ": " << errors.to_string();
        EXPECT_EQ(errors.items()[0].pointer, bad.pointer) << bad.what;
        EXPECT_EQ(errors.any_shape() ? 400 : 422, bad.status) << bad.what;
        pointers.insert(bad.pointer);
    }
    EXPECT_GT(inputs.size(), 40u);
    for (const std::string place : {"", "/sku", "/price/amount", "/price/no_such_member", "/supplier/contacts/0", "/status", "/stock"})
        EXPECT_TRUE(pointers.contains(place)) << place;
}

TEST(Spoil, OfAMergePatchToo) {
    Sampler sampler(5);
    const meta::Type& edit = meta::type_of<shop::ProductEdit>();
    const Json valid = sampler.value(edit, Sampler::Fullness::everything);
    for (const SpoiledInput& bad : spoil(edit, valid, true, sampler)) {
        auto target = sampler.make<shop::ProductEdit>();
        meta::Errors errors;
        json::patch(bad.document, meta::mutable_ref(target), errors);
        ASSERT_FALSE(errors.empty()) << bad.what;
        EXPECT_EQ(errors.items()[0].pointer, bad.pointer) << bad.what;
        EXPECT_EQ(errors.any_shape() ? 400 : 422, bad.status) << bad.what;
    }
}

struct Described : testing::Test {
    Described() : check(document()) {}
    static Json document() {
        Router router;
        shop::routes(router);
        return openapi::document(router, {.title = "shop", .version = "1"});
    }
    std::vector<std::string> list(int status, std::string body, std::string type = "application/json") const {
        http::Response response{status, {}, std::move(body)};
        if (!type.empty()) response.headers.set("Content-Type", type);
        return check.answer("GET", "/api/v1/categories", response);
    }
    OpenApiCheck check;
};

TEST_F(Described, TellsAnAnswerThatConformsFromOneThatDoesNot) {
    EXPECT_EQ(list(200, "[]"), std::vector<std::string>{});
    EXPECT_EQ(list(200, R"([{"name":"a","children":[{"name":"b","children":[]}]}])", "application/json; charset=utf-8"), std::vector<std::string>{});
    EXPECT_EQ(list(418, "[]").size(), 1u);
    EXPECT_EQ(list(200, "[]", "text/plain").size(), 1u);
    EXPECT_EQ(list(200, "[").size(), 1u);
    EXPECT_EQ(list(200, "{}").size(), 1u);
    EXPECT_EQ(list(200, R"([{"name":"a","children":[{"name":"Not A Slug","children":[]}]}])"),
              (std::vector<std::string>{"body: /0/children/0/name \"Not A Slug\" does not match ^[a-z0-9]+(-[a-z0-9]+)*$"}));
    EXPECT_EQ(check.answer("GET", "/nowhere", {200, {}, ""}).size(), 1u);
    EXPECT_EQ(check.answer("DELETE", "/api/v1/products/{id}", {204, {}, "a body"}).size(), 1u);
    EXPECT_EQ(check.answer("DELETE", "/api/v1/products/{id}", {204, {}, ""}).size(), 0u);
    EXPECT_EQ(check.answer("GET", "/api/v1/products/{id}", {304, {}, ""}), std::vector<std::string>{"the header ETag is missing"});
}

TEST_F(Described, SchemasAreReadKeywordByKeyword) {
    const auto faults = [&](const char* schema, const char* value) {
        return check.value(Json::parse(schema).or_throw(), Json::parse(value).or_throw()).size();
    };
    EXPECT_EQ(faults(R"({"type":["string","null"]})", "null"), 0u);
    EXPECT_EQ(faults(R"({"type":["string","null"]})", "1"), 1u);
    EXPECT_EQ(faults(R"({"type":"integer"})", "1.0"), 0u);
    EXPECT_EQ(faults(R"({"type":"integer"})", "1.5"), 1u);
    EXPECT_EQ(faults(R"({"enum":["a","b"]})", "\"c\""), 1u);
    EXPECT_EQ(faults(R"({"const":true})", "false"), 1u);
    EXPECT_EQ(faults(R"({"minimum":1,"maximum":3})", "4"), 1u);
    EXPECT_EQ(faults(R"({"minimum":1,"maximum":3})", "0"), 1u);
    EXPECT_EQ(faults(R"({"minLength":2,"maxLength":3})", "\"\u00e4\u00f6\u00fc\""), 0u);
    EXPECT_EQ(faults(R"({"minLength":2,"maxLength":3})", "\"abcd\""), 1u);
    EXPECT_EQ(faults(R"({"minItems":1,"maxItems":1,"items":{"type":"boolean"}})", "[1,true]"), 2u);
    EXPECT_EQ(faults(R"({"minProperties":1})", "{}"), 1u);
    EXPECT_EQ(faults(R"({"maxProperties":1,"additionalProperties":{"type":"string"}})", R"({"a":"x","b":1})"), 2u);
    EXPECT_EQ(faults(R"({"properties":{"a":{}},"additionalProperties":false,"required":["a"]})", R"({"b":1})"), 2u);
    EXPECT_EQ(faults(R"({"anyOf":[{"type":"string"},{"type":"null"}]})", "1"), 1u);
    EXPECT_EQ(faults(R"({"oneOf":[{"type":"integer"},{"minimum":0}]})", "1"), 1u);
    EXPECT_EQ(faults(R"({"allOf":[{"type":"integer"},{"minimum":2}]})", "1"), 1u);
    EXPECT_THROW(faults(R"({"multipleOf":2})", "1"), std::logic_error);
    EXPECT_THROW(faults(R"({"$ref":"#/components/schemas/Nothing"})", "1"), std::logic_error);
}

} // namespace
} // namespace gravity::testkit
