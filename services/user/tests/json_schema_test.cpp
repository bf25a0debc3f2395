#include "json_schema.hpp"

#include <gtest/gtest.h>

namespace gravity::user {
namespace {

Json parsed(std::string_view text) { return Json::parse(text).or_throw(); }

// "" for a schema that is taken.
std::string faults_of(std::string_view schema) {
    meta::Errors errors;
    JsonSchema::parse(parsed(schema), errors);
    return errors.to_string();
}
// "" for a value that is let through.
std::string wrong(std::string_view schema, std::string_view value) {
    meta::Errors errors;
    const JsonSchema made = JsonSchema::parse(parsed(schema), errors);
    if (!errors.empty()) return "schema: " + errors.to_string();
    made.check(parsed(value), errors);
    return errors.to_string();
}

TEST(JsonSchemas, HaveTypes) {
    for (const auto& [type, values] : std::map<std::string, std::vector<std::string>>{{"null", {"null"}},
                                                                                      {"boolean", {"true"}},
                                                                                      {"integer", {"1", "1.0", "1e3"}},
                                                                                      {"number", {"1", "1.5"}},
                                                                                      {"string", {R"("a")"}},
                                                                                      {"array", {"[]"}},
                                                                                      {"object", {"{}"}}})
        for (const std::string value : {"null", "true", "1", "1.0", "1e3", "1.5", R"("a")", "[]", "{}"}) {
            const bool is = std::find(values.begin(), values.end(), value) != values.end() || (type == "number" && (value == "1.0" || value == "1e3"));
            EXPECT_EQ(wrong(R"({"type":")" + type + "\"}", value).empty(), is) << type << " " << value;
        }
    EXPECT_EQ(wrong(R"({"type":["string","null"]})", "1"), "must be of type string or null");
    EXPECT_EQ(wrong(R"({"type":["string","null"]})", "null"), "");
    EXPECT_EQ(wrong("{}", "[1]"), "");
}

TEST(JsonSchemas, HaveBounds) {
    EXPECT_EQ(wrong(R"({"minimum":2})", "1"), "must be at least 2");
    EXPECT_EQ(wrong(R"({"minimum":2})", "2"), "");
    EXPECT_EQ(wrong(R"({"maximum":2.5})", "3"), "must be at most 2.5");
    EXPECT_EQ(wrong(R"({"exclusiveMinimum":2})", "2"), "must be more than 2");
    EXPECT_EQ(wrong(R"({"exclusiveMaximum":2})", "2.0"), "must be less than 2");
    EXPECT_EQ(wrong(R"({"maximum":9007199254740992})", "9007199254740993"), "must be at most 9007199254740992"); // no double tells them apart
    EXPECT_EQ(wrong(R"({"minimum":2})", R"("a")"), "");                                                         // of numbers alone
    EXPECT_EQ(wrong(R"({"minLength":2})", "\"\u00e4\""), "must be at least 2 characters");
    EXPECT_EQ(wrong(R"({"maxLength":2})", "\"\u00e4\u00e4\""), "");
    EXPECT_EQ(wrong(R"({"maxLength":2})", R"("abc")"), "must be at most 2 characters");
    EXPECT_EQ(wrong(R"({"minItems":1})", "[]"), "must have at least 1 items");
    EXPECT_EQ(wrong(R"({"maxItems":1.0})", "[1,2]"), "must have at most 1 items");
    EXPECT_EQ(wrong(R"({"minProperties":1})", "{}"), "must have at least 1 members");
    EXPECT_EQ(wrong(R"({"maxProperties":1})", R"({"a":1,"b":2})"), "must have at most 1 members");
}

TEST(JsonSchemas, HaveValuesPatternsAndFormats) {
    EXPECT_EQ(wrong(R"({"enum":["s","m",1]})", R"("l")"), R"(must be one of "s", "m", 1)");
    EXPECT_EQ(wrong(R"({"enum":["s","m",1]})", "1.0"), "");
    EXPECT_EQ(wrong(R"({"const":{"a":[1]}})", R"({"a":[1.0]})"), "");
    EXPECT_EQ(wrong(R"({"const":1})", "true"), "must be 1");
    EXPECT_EQ(wrong(R"({"pattern":"^[A-Z]{2}$"})", R"("ab")"), "must match ^[A-Z]{2}$");
    EXPECT_EQ(wrong(R"({"pattern":"b"})", R"("abc")"), ""); // some part of it
    EXPECT_EQ(wrong(R"({"pattern":"^(a+)+$"})", "\"" + std::string(30'000, 'a') + "!\""), "must match ^(a+)+$"); // in time
    EXPECT_EQ(wrong(R"({"format":"date"})", R"("2026-02-30")"), "must be a day such as 2026-11-27");
    EXPECT_EQ(wrong(R"({"format":"date-time"})", R"("2026-02-28T10:00:00Z")"), "");
    EXPECT_EQ(wrong(R"({"format":"email"})", R"("x")"), "must be an e-mail address");
    EXPECT_EQ(wrong(R"({"format":"uri"})", R"("javascript:x")"), "must be an absolute http or https URL");
    EXPECT_EQ(wrong(R"({"format":"uuid"})", R"("0190c5a8-7d3a-7b52-a1f6-0d3f3a2c9e11")"), "");
}

TEST(JsonSchemas, HaveMembersAndItemsEachWithItsPlace) {
    const std::string schema = R"({"type":"object","required":["size","tags"],"additionalProperties":false,
        "properties":{"size":{"type":"integer"},"tags":{"type":"array","uniqueItems":true,"items":{"type":"string"}},
                      "more":{"type":"object","additionalProperties":{"type":"boolean"}}}})";
    EXPECT_EQ(wrong(schema, R"({"size":1,"tags":["a","b"],"more":{"x":true}})"), "");
    EXPECT_EQ(wrong(schema, "{}"), "/size: is required; /tags: is required");
    EXPECT_EQ(wrong(schema, R"({"size":"a","tags":["a",1,"a"],"more":{"x":1},"z":0})"),
              "/more/x: must be of type boolean; /size: must be of type integer; /tags/1: must be of type string; /tags/2: is there twice; /z: is not known");
    EXPECT_EQ(wrong(R"({"uniqueItems":true})", "[1,1.0]"), "/1: is there twice");
}

TEST(JsonSchemas, AreRefusedWhereTheySayMoreThanIsChecked) {
    EXPECT_EQ(faults_of(R"({"$ref":"#","anyOf":[],"title":"x","description":"y","default":1,"examples":[],"deprecated":true})"),
              "/$ref: is a keyword that is not there; /anyOf: is a keyword that is not there");
    EXPECT_EQ(faults_of(R"({"$schema":"https://json-schema.org/draft/2020-12/schema"})"), "");
    EXPECT_NE(faults_of(R"({"$schema":"http://json-schema.org/draft-07/schema#"})"), "");
    const std::string refused[] = {
        "1", "[]", R"({"type":"text"})", R"({"type":[]})", R"({"type":1})", R"({"enum":[]})", R"({"enum":1})", R"({"minimum":"1"})", //
        R"({"minLength":-1})", R"({"minLength":1.5})", R"({"pattern":"("})", R"({"pattern":1})", R"x({"pattern":"a(?=b)"})x",
        R"({"format":"colour"})", R"({"properties":[]})", R"({"properties":{"a":1}})", R"({"required":"a"})", R"({"required":[1]})",
        R"({"additionalProperties":1})", R"({"items":[]})", R"({"uniqueItems":1})", R"({"readOnly":true})", R"({"x-private":true})",
        R"({"properties":{"a":{"x-private":"yes"}}})", R"({"properties":{"a":{"properties":{"b":{"readOnly":true}}}}})"};
    for (const std::string& schema : refused) EXPECT_NE(faults_of(schema), "") << schema;
    EXPECT_NE(faults_of(R"({"pattern":")" + std::string(501, 'a') + "\"}"), "");
    EXPECT_EQ(faults_of(R"({"title":")" + std::string(66'000, 'a') + "\"}"), "must be at most 64 KiB");
    std::string deep = "{}", wide = "{}";
    for (int i = 0; i < 9; ++i) deep = R"({"items":)" + deep + "}";
    EXPECT_EQ(faults_of(deep), "");
    EXPECT_NE(faults_of(R"({"items":)" + deep + "}"), "");
    for (int i = 1; i < 500; ++i) wide += ",\"" + std::to_string(i) + "\":{}";
    const auto properties = [](const std::string& members) { return R"({"properties":{"0":)" + members + "}}"; };
    EXPECT_NE(faults_of(properties(wide)).find("at most 500"), std::string::npos);
    EXPECT_EQ(faults_of(properties(wide.substr(0, wide.rfind(',')))), "");
}

TEST(JsonSchemas, MarkFieldsThatAreNotForEverybody) {
    meta::Errors errors;
    const std::string text = R"({"properties":{"a":{"x-private":true},"b":{"properties":{"c":{}},"readOnly":true},"c":{"readOnly":false},"d":{}}})";
    const auto schema = JsonSchema::parse(parsed(text), errors);
    EXPECT_TRUE(errors.empty()) << errors.to_string();
    ASSERT_EQ(schema.marks().size(), 2U);
    EXPECT_TRUE(schema.marks().at("a").hidden && !schema.marks().at("a").read_only);
    EXPECT_TRUE(schema.marks().at("b").read_only && !schema.marks().at("b").hidden);
}

} // namespace
} // namespace gravity::user
