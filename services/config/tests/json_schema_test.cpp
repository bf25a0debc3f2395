#include "json_schema.hpp"

#include <gtest/gtest.h>

#include <tuple>

namespace gravity::config {
namespace {

Json read(std::string_view text) { return Json::parse(text).or_throw(); }

// "" for a schema that is taken.
std::string schema_faults(std::string_view schema) {
    meta::Errors errors;
    JsonSchema::parse(read(schema), errors);
    return errors.to_string();
}
// "" for a value that is let through; else each fault as "key: detail".
std::string wrong(std::string_view schema, std::string_view value, std::int64_t steps = SchemaBudget::usual) {
    meta::Errors errors;
    const JsonSchema made = JsonSchema::parse(read(schema), errors);
    if (!errors.empty()) return "schema: " + errors.to_string();
    SchemaBudget budget(steps);
    std::string all;
    for (const SchemaFault& fault : made.check(read(value), budget))
        all += (all.empty() ? "" : "; ") + (fault.key.empty() ? "" : fault.key + ": ") + fault.detail;
    return all;
}

TEST(ConfigJsonSchema, HasTypesAndValues) {
    EXPECT_EQ(wrong(R"({"type":"integer"})", "1.0"), "");
    EXPECT_EQ(wrong(R"({"type":"integer"})", "1.5"), "must be of type integer");
    EXPECT_EQ(wrong(R"({"type":["string","null"]})", "1"), "must be of type string or null");
    EXPECT_EQ(wrong(R"({"type":"number"})", "1"), "");
    EXPECT_EQ(wrong(R"({"const":1})", "1.0"), "");
    EXPECT_EQ(wrong(R"({"const":{"a":[1.0]}})", R"({"a":[1]})"), "");
    EXPECT_EQ(wrong(R"({"const":"a"})", R"("b")"), R"(must be "a")");
    EXPECT_EQ(wrong(R"({"enum":["s",1]})", R"("l")"), R"(must be one of "s", 1)");
    EXPECT_EQ(wrong(R"({"enum":[[false]]})", "[0]"), "must be one of [false]");
    EXPECT_EQ(wrong("true", "1"), "");
    EXPECT_EQ(wrong("false", "1"), "must not be there");
    EXPECT_EQ(wrong("{}", "[1]"), "");
}

TEST(ConfigJsonSchema, HasBounds) {
    EXPECT_EQ(wrong(R"({"minimum":2})", "1"), "must be at least 2");
    EXPECT_EQ(wrong(R"({"maximum":9007199254740992})", "9007199254740993"), "must be at most 9007199254740992"); // no double tells them apart
    EXPECT_EQ(wrong(R"({"exclusiveMinimum":2})", "2"), "must be more than 2");
    EXPECT_EQ(wrong(R"({"exclusiveMaximum":2})", "2.0"), "must be less than 2");
    EXPECT_EQ(wrong(R"({"multipleOf":3})", "7"), "must be a multiple of 3");
    EXPECT_EQ(wrong(R"({"multipleOf":0.0001})", "0.0075"), "");
    EXPECT_EQ(wrong(R"({"multipleOf":0.0001})", "0.00751"), "must be a multiple of 1e-04");
    EXPECT_EQ(wrong(R"({"multipleOf":0.5})", "1e308"), "must be a multiple of 0.5");
    EXPECT_EQ(wrong(R"({"minLength":2})", "\"\u00e4\""), "must have at least 2 characters");
    EXPECT_EQ(wrong(R"({"maxLength":2})", "\"\u00e4\u00e4\""), "");
    EXPECT_EQ(wrong(R"({"minItems":1})", "[]"), "must have at least 1 items");
    EXPECT_EQ(wrong(R"({"maxProperties":1.0})", R"({"a":1,"b":2})"), "must have at most 1 members");
    EXPECT_EQ(wrong(R"({"pattern":"^a+$"})", R"("aab")"), "must match ^a+$");
    EXPECT_EQ(wrong(R"({"pattern":"a"})", R"("bab")"), "");
    EXPECT_EQ(wrong(R"({"minimum":2,"pattern":"x","minItems":1,"required":["a"]})", "true"), ""); // each is about its own type
}

TEST(ConfigJsonSchema, HasFormats) {
    const std::tuple<std::string, std::string, std::string> formats[] = {
        {"date", "2026-11-27", "2026-02-30"},
        {"date-time", "2026-11-27T12:00:00Z", "2026-11-27"},
        {"email", "a@example.org", "a@"},
        {"hostname", "a-1.example.org", "-a.example"},
        {"hostname", "localhost", "a..b"},
        {"ipv4", "127.0.0.1", "127.0.0.256"},
        {"ipv6", "::1", "::1%lo"},
        {"regex", "a+", "("},
        {"uri", "https://example.org/", "example"},
        {"uuid", "0190b3a4-0000-7000-8000-000000000000", "0190b3a4"},
    };
    for (const auto& [format, good, bad] : formats) {
        EXPECT_EQ(wrong("{\"format\":\"" + format + "\"}", "\"" + good + "\""), "") << format;
        EXPECT_NE(wrong("{\"format\":\"" + format + "\"}", "\"" + bad + "\""), "") << format;
    }
    EXPECT_EQ(schema_faults(R"({"format":"iri"})"), "/format: must be date, date-time, email, hostname, ipv4, ipv6, regex, uri or uuid");
}

TEST(ConfigJsonSchema, LooksIntoObjects) {
    EXPECT_EQ(wrong(R"({"required":["a"],"properties":{"b":{"type":"object","required":["c"]}}})", R"({"b":{}})"), "a: is required; b.c: is required");
    EXPECT_EQ(wrong(R"({"properties":{"a":{}},"additionalProperties":false})", R"({"a":1,"b":1})"), "b: must not be there");
    EXPECT_EQ(wrong(R"({"additionalProperties":{"type":"string"}})", R"({"a":"x","b":1})"), "b: must be of type string");
    EXPECT_EQ(wrong(R"({"patternProperties":{"^x-":{"type":"integer"}},"additionalProperties":false})", R"({"x-a":"1","y":1})"),
              "x-a: must be of type integer; y: must not be there");
    EXPECT_EQ(wrong(R"({"propertyNames":{"maxLength":2}})", R"({"abc":1})"), "abc: must have at most 2 characters");
    EXPECT_EQ(wrong(R"({"dependencies":{"a":["b"],"c":{"required":["d"]}}})", R"({"a":1,"c":1})"), "b: is required; d: is required");
    EXPECT_EQ(wrong(R"({"dependencies":{"a":["b"]}})", R"({"c":1})"), "");
}

TEST(ConfigJsonSchema, LooksIntoLists) {
    EXPECT_EQ(wrong(R"({"properties":{"a":{"items":{"type":"integer"}}}})", R"({"a":[1,"2",3]})"), "a[1]: must be of type integer");
    EXPECT_EQ(wrong(R"({"items":[{"type":"integer"},{"type":"string"}],"additionalItems":false})", R"([1,"a",2])"), "[2]: must not be there");
    EXPECT_EQ(wrong(R"({"items":[{"type":"integer"}],"additionalItems":{"type":"string"}})", R"([1,"a",2])"), "[2]: must be of type string");
    EXPECT_EQ(wrong(R"({"items":{},"additionalItems":false})", "[1,2]"), ""); // of lists of schemas alone
    EXPECT_EQ(wrong(R"({"uniqueItems":true})", R"([1,{"a":1},1.0])"), "[2]: is there twice");
    EXPECT_EQ(wrong(R"({"contains":{"minimum":5}})", "[1,2]"), "must have an item such as the schema says");
    EXPECT_EQ(wrong(R"({"contains":{"minimum":5}})", "[1,6]"), "");
    EXPECT_EQ(wrong(R"({"contains":{}})", "[]"), "must have an item such as the schema says");
}

TEST(ConfigJsonSchema, Combines) {
    EXPECT_EQ(wrong(R"({"allOf":[{"minimum":2},{"maximum":3}]})", "4"), "must be at most 3");
    EXPECT_EQ(wrong(R"({"anyOf":[{"type":"string"},{"minimum":2}]})", "1"), "must be as one of the schemas of anyOf");
    EXPECT_EQ(wrong(R"({"anyOf":[{"type":"string"},{"minimum":2}]})", "2"), "");
    EXPECT_EQ(wrong(R"({"oneOf":[{"type":"integer"},{"minimum":2}]})", "3"), "must be as exactly one of the schemas of oneOf");
    EXPECT_EQ(wrong(R"({"oneOf":[{"type":"integer"},{"minimum":2}]})", "1"), "");
    EXPECT_EQ(wrong(R"({"not":{"type":"integer"}})", "1"), "must not be as the schema of not");
    const std::string conditional = R"({"if":{"properties":{"tls":{"const":true}},"required":["tls"]},)"
                                    R"("then":{"required":["cert"]},"else":{"maxProperties":1}})";
    EXPECT_EQ(wrong(conditional, R"({"tls":true})"), "cert: is required");
    EXPECT_EQ(wrong(conditional, R"({"tls":true,"cert":"x"})"), "");
    EXPECT_EQ(wrong(conditional, R"({"tls":false,"b":1})"), "must have at most 1 members");
}

TEST(ConfigJsonSchema, RefersWithinItself) {
    const std::string tree = R"({"$ref":"#/definitions/node","definitions":{"node":{"properties":{"value":{"type":"integer"},)"
                             R"("children":{"type":"array","items":{"$ref":"#/definitions/node"}}}}}})";
    EXPECT_EQ(wrong(tree, R"({"value":1,"children":[{"value":2,"children":[{"value":"x"}]}]})"), "children[0].children[0].value: must be of type integer");
    EXPECT_EQ(wrong(R"({"definitions":{"a/b":{"type":"null"}},"properties":{"x":{"$ref":"#/definitions/a~1b"}}})", R"({"x":1})"), "x: must be of type null");
    EXPECT_EQ(wrong(R"({"properties":{"a":{"$ref":"#"}},"additionalProperties":false})", R"({"a":{"b":1}})"), "a.b: must not be there");
    EXPECT_EQ(wrong(R"({"definitions":{"any":{}},"$ref":"#/definitions/any","type":"string"})", "1"), ""); // what stands beside it says nothing
    EXPECT_EQ(wrong(R"({"definitions":{"50%":{"type":"null"},"a\"b":{"type":"null"}},)"
                    R"("properties":{"x":{"$ref":"#/definitions/50%25"},"y":{"$ref":"#/definitions/a%22b"}}})",
                    R"({"x":1,"y":1})"),
              "x: must be of type null; y: must be of type null"); // encoded, as fragments of URIs are
    EXPECT_NE(schema_faults(R"({"definitions":{"50%":{}},"$ref":"#/definitions/50%"})"), "");
    EXPECT_NE(schema_faults(R"({"$ref":"#/definitions/none"})"), "");
    EXPECT_NE(schema_faults(R"({"properties":{"a":{"$ref":"#/definitions/b"}},"definitions":{"b":{"$ref":"#/properties/a"}}})"), "");
    EXPECT_NE(schema_faults(R"({"$ref":"#/title","title":"no schema"})"), "");
}

TEST(ConfigJsonSchema, IsBounded) {
    EXPECT_EQ(wrong(R"({"allOf":[{"$ref":"#"}]})", "1"), "is held against schemas that refer too deeply");
    EXPECT_EQ(wrong(R"({"not":{"allOf":[{"$ref":"#"}]}})", "1"), "is held against schemas that refer too deeply"); // which is no yes either
    std::string doubling = R"({"definitions":{"d0":{"minimum":0})";
    for (int i = 1; i < 25; ++i) {
        const std::string before = R"({"$ref":"#/definitions/d)" + std::to_string(i - 1) + "\"}";
        doubling += ",\"d" + std::to_string(i) + R"(":{"allOf":[)" + before + "," + before + "]}";
    }
    doubling += R"(},"$ref":"#/definitions/d24"})";
    const std::string tired = "takes more steps to check than there may be";
    EXPECT_EQ(wrong(doubling, "1", 100'000).substr(0, tired.size()), tired); // 2^24 otherwise
    std::string many = "[";
    for (int i = 0; i < 200; ++i) many += (i > 0 ? "," : "") + std::string("\"x\"");
    meta::Errors errors;
    SchemaBudget budget;
    EXPECT_EQ(JsonSchema::parse(read(R"({"items":{"type":"integer"}})"), errors).check(read(many + "]"), budget).size(), JsonSchema::most_faults);
    std::string wide = "{\"anyOf\":[{}";
    for (int i = 0; i < 1000; ++i) wide += ",{}";
    EXPECT_NE(schema_faults(wide + "]}").find("one schema too many"), std::string::npos);
    std::string chain = R"({"definitions":{"c0":{})";
    for (int i = 1; i < 100; ++i) chain += ",\"c" + std::to_string(i) + R"(":{"$ref":"#/definitions/c)" + std::to_string(i - 1) + "\"}";
    EXPECT_EQ(schema_faults(chain + R"(},"$ref":"#/definitions/c60"})"), "");
    EXPECT_NE(schema_faults(chain + R"(},"$ref":"#/definitions/c99"})"), "");
}

TEST(ConfigJsonSchema, IsRefusedWithThePlace) {
    EXPECT_EQ(schema_faults("1"), "must be a schema: an object, true or false");
    EXPECT_EQ(schema_faults(R"({"properties":{"a":{"typ":"integer"}}})"), "/properties/a/typ: is a keyword that is not there");
    EXPECT_EQ(schema_faults(R"({"items":[{},1]})"), "/items/1: must be a schema: an object, true or false");
    for (const std::string_view bad :
         {R"({"type":"int"})", R"({"type":[]})", R"({"enum":[]})", R"({"minimum":"1"})", R"({"minLength":-1})", R"({"minItems":1.5})", R"({"multipleOf":0})",
          R"({"pattern":"("})", R"({"pattern":1})", R"({"patternProperties":{"(":{}}})", R"({"required":"a"})", R"({"required":[1]})", R"({"uniqueItems":1})",
          R"({"allOf":[]})", R"({"anyOf":{}})", R"({"properties":[]})", R"({"dependencies":{"a":1}})",
          R"({"$schema":"http://json-schema.org/draft-04/schema#"})",
          R"({"properties":{"a":{"$id":"x"}}})", R"({"contentEncoding":"base64"})", R"({"$ref":1})"})
        EXPECT_NE(schema_faults(bad), "") << bad;
    const std::string_view annotated = R"({"$schema":"http://json-schema.org/draft-07/schema#","$id":"http://x/","title":"t","default":1,"x-mine":1})";
    EXPECT_EQ(schema_faults(annotated), "");
}

} // namespace
} // namespace gravity::config
