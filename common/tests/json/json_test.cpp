#include <gravity/json/json.hpp>

#include <gtest/gtest.h>

#include <cmath>

namespace gravity {
namespace {

std::string why_not(std::string_view text, const JsonLimits& limits = {}) {
    const auto parsed = Json::parse(text, limits);
    return parsed ? "it was taken: " + parsed->dump() : parsed.why();
}
std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(JsonParse, KeepsEveryKindApart) {
    const Json value = Json::parse(R"( {"a": [null, true, -0, 1, 1.0, 1e2, "x"], "b": {}} )").or_throw();
    EXPECT_EQ(value.dump(), R"({"a":[null,true,0,1,1.0,100.0,"x"],"b":{}})");
    EXPECT_EQ(value.at_pointer("/a/3")->kind(), Json::Kind::integer);
    EXPECT_EQ(value.at_pointer("/a/4")->kind(), Json::Kind::number);
    EXPECT_EQ(value.at_pointer("/a/4")->as_number(), 1.0);
    EXPECT_THROW(value.at_pointer("/a/4")->as_integer(), std::bad_variant_access);
}

TEST(JsonParse, HoldsSixtyFourBits) {
    EXPECT_EQ(Json::parse("9223372036854775807")->as_integer(), INT64_MAX);
    EXPECT_EQ(Json::parse("-9223372036854775808")->as_integer(), INT64_MIN);
    for (const auto text : {"9223372036854775808", "18446744073709551615", "18446744073709551616",
                            "-9223372036854775809", "123456789012345678901234567890"})
        EXPECT_EQ(why_not(text), "an integer is beyond 64 bits") << text;
    EXPECT_EQ(why_not("1e999"), "a number is out of range");
    EXPECT_EQ(why_not("-1e999"), "a number is out of range");
    EXPECT_EQ(why_not(std::string(400, '9')), "a number is out of range");
    EXPECT_EQ(Json::parse("1e-999")->as_number(), 0.0);
}

TEST(JsonParse, RefusesWhatIsNotOneValue) {
    for (const auto text : {"",
                            " ",
                            "{",
                            "[1,]",
                            "{\"a\":1,}",
                            "{a:1}",
                            "'a'",
                            "01",
                            "1.",
                            ".5",
                            "+1",
                            "NaN",
                            "Infinity",
                            "tru",
                            "1 2",
                            "[]x",
                            "\"a",
                            "\"\t\"",
                            "\"\\x\"",
                            "\"\\u12\"",
                            "// c\n1",
                            "/* c */1",
                            "[1 2]",
                            "{\"a\" 1}",
                            "\"\\ud800\"",
                            "\"\\udc00\\ud800\""})
        EXPECT_EQ(why_not(text).substr(0, 24), "not valid JSON near byte") << text;
}

TEST(JsonParse, RefusesInvalidUtf8) {
    for (const std::string_view text :
         {"\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xe2\x82\"", "{\"\xff\":1}"})
        EXPECT_EQ(why_not(text).substr(0, 24), "not valid JSON near byte");
    EXPECT_EQ(Json::parse("\"\\ud83d\\ude00\"")->as_string(), "\xf0\x9f\x98\x80");
}

TEST(JsonParse, RefusesNulInTextsAndNames) {
    EXPECT_EQ(why_not(R"("a\u0000b")"), "a text contains the NUL character (\\u0000)");
    EXPECT_EQ(why_not(R"({"a\u0000b": 1})"), "a member name contains the NUL character (\\u0000)");
    EXPECT_EQ(why_not(std::string_view("\"a\0b\"", 5)).substr(0, 24), "not valid JSON near byte");
}

TEST(JsonParse, RefusesDuplicateNames) {
    EXPECT_EQ(why_not(R"({"a": 1, "a": 1})"), "the member \"a\" appears twice in one object");
    EXPECT_EQ(why_not(R"({"b": {"\u0061": 1, "a": 2}})"), "the member \"a\" appears twice in one object");
    EXPECT_TRUE(Json::parse(R"([{"a": 1}, {"a": 2}])"));
}

TEST(JsonParse, HoldsDepthAndCount) {
    EXPECT_TRUE(Json::parse(nested(32)));
    EXPECT_EQ(why_not(nested(33)), "nested too deep (at most 32 levels)");
    EXPECT_EQ(why_not(std::string(1'000'000, '[')), "nested too deep (at most 32 levels)");
    std::string deep_object;
    for (int i = 0; i < 33; ++i) deep_object += "{\"a\":";
    EXPECT_EQ(why_not(deep_object), "nested too deep (at most 32 levels)");
    EXPECT_TRUE(Json::parse("[1,2]", {.max_values = 3}));
    EXPECT_EQ(why_not("[1,2,3]", {.max_values = 3}), "too many values (at most 3)");
    EXPECT_EQ(why_not("[[],[],[]]", {.max_values = 3}), "too many values (at most 3)");
    EXPECT_TRUE(Json::parse("[[1],[2]]", {.max_depth = 2})); // siblings are not inside one another
}

TEST(JsonText, IsCanonicalAndReadsBack) {
    const std::string text = R"({"a":"\"\\\b\f\n\r\t\u0001é/","b":[1.5e-07,1e+300,-0.0,0.1],"z":{}})";
    const Json value = Json::parse(text).or_throw();
    EXPECT_EQ(Json::parse(value.dump()).or_throw(), value);
    EXPECT_EQ(Json::parse(R"({"b":1,"a":2})")->dump(), R"({"a":2,"b":1})");
    EXPECT_TRUE(std::signbit(Json::parse(value.dump())->at_pointer("/b/2")->as_number()));
    std::string number;
    json::append_number(number, std::nan(""));
    EXPECT_EQ(number, "null");
    number.clear();
    json::append_number(number, 3);
    EXPECT_EQ(number, "3.0");
}

TEST(JsonPointer, FollowsRfc6901) {
    const Json value =
        Json::parse(R"({"foo": ["bar", "baz"], "": 0, "a/b": 1, "m~n": 8, "01": 5, "~1": 6, "-": 7})").or_throw();
    const auto at = [&](std::string_view pointer) {
        const Json* found = value.at_pointer(pointer);
        return found == nullptr ? "none" : found->dump();
    };
    EXPECT_EQ(value.at_pointer(""), &value);
    EXPECT_EQ(at("/foo/0"), "\"bar\"");
    EXPECT_EQ(at("/"), "0");
    EXPECT_EQ(at("/a~1b"), "1");
    EXPECT_EQ(at("/m~0n"), "8");
    EXPECT_EQ(at("/~01"), "6");
    EXPECT_EQ(at("/01"), "5");
    EXPECT_EQ(at("/-"), "7");
    for (const auto pointer : {"foo", "/foo/2", "/foo/00", "/foo/01", "/foo/-", "/foo/-1", "/foo/", "/foo/0/x", "/m~n",
                               "/m~2n", "/foo/99999999999999999999", "/foo/1x", "/foo/+1"})
        EXPECT_EQ(at(pointer), "none") << pointer;
}

TEST(JsonValue, GrowsFromNull) {
    Json value;
    value["a"]["b"] = 1;
    value["list"].push_back("x");
    EXPECT_EQ(value.dump(), R"({"a":{"b":1},"list":["x"]})");
    EXPECT_EQ(value.size(), 2u);
    EXPECT_EQ(Json("text").size(), 0u);
    EXPECT_EQ(Json(1).find("a"), nullptr);
    EXPECT_NE(Json(1), Json(1.0));
}

// The examples of RFC 7396 appendix A.
TEST(MergePatch, FollowsTheRfc) {
    const std::pair<std::string_view, std::pair<std::string_view, std::string_view>> cases[] = {
        {R"({"a":"b"})", {R"({"a":"c"})", R"({"a":"c"})"}},
        {R"({"a":"b"})", {R"({"b":"c"})", R"({"a":"b","b":"c"})"}},
        {R"({"a":"b"})", {R"({"a":null})", R"({})"}},
        {R"({"a":"b","b":"c"})", {R"({"a":null})", R"({"b":"c"})"}},
        {R"({"a":["b"]})", {R"({"a":"c"})", R"({"a":"c"})"}},
        {R"({"a":"c"})", {R"({"a":["b"]})", R"({"a":["b"]})"}},
        {R"({"a":{"b":"c"}})", {R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"}},
        {R"({"a":[{"b":"c"}]})", {R"({"a":[1]})", R"({"a":[1]})"}},
        {R"(["a","b"])", {R"(["c","d"])", R"(["c","d"])"}},
        {R"({"a":"b"})", {R"(["c"])", R"(["c"])"}},
        {R"({"a":"foo"})", {"null", "null"}},
        {R"({"a":"foo"})", {R"("bar")", R"("bar")"}},
        {R"({"e":null})", {R"({"a":1})", R"({"a":1,"e":null})"}},
        {"[1,2]", {R"({"a":"b","c":null})", R"({"a":"b"})"}},
        {"{}", {R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"}},
    };
    for (const auto& [target, rest] : cases)
        EXPECT_EQ(merge_patch(Json::parse(target).or_throw(), Json::parse(rest.first).or_throw()).dump(), rest.second)
            << target << rest.first;
}

} // namespace
} // namespace gravity
