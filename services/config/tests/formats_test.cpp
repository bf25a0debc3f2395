#include "formats.hpp"
#include "spring_domain.hpp"

#include <gtest/gtest.h>

namespace gravity::config {
namespace {

Json json(std::string_view text) { return Json::parse(text).or_throw(); }

// What java.util.Properties.store of OpenJDK 17 writes for the same.
TEST(Properties, AreEscapedAsJavaDoes) {
    EXPECT_EQ(to_properties({{"a.b", "x"}}), "a.b=x\n");
    EXPECT_EQ(to_properties({{"a b:c=d#e!f", "  a b:c=d#e!f "}}), "a\\ b\\:c\\=d\\#e\\!f=\\  a b\\:c\\=d\\#e\\!f \n");
    EXPECT_EQ(to_properties({{"k", "tab\t line\n return\r feed\f back\\slash"}}), "k=tab\\t line\\n return\\r feed\\f back\\\\slash\n");
    EXPECT_EQ(to_properties({{"grüße", "日本 😀\x7f"}}), "gr\\u00FC\\u00DFe=\\u65E5\\u672C \\uD83D\\uDE00\\u007F\n");
    EXPECT_EQ(to_properties({{"n", 5}, {"o", 1.5}, {"p", true}, {"q", Json::array()}}), "n=5\no=1.5\np=true\nq=\n");
    EXPECT_EQ(to_properties({}), "");
}

TEST(Yaml, IsReadAlikeByAllReaders) {
    EXPECT_EQ(to_yaml(json(R"({"server":{"port":8080,"on":true},"hosts":["a","b"],"deep":[{"x":1,"y":[2]},[3]],"none":[]})")),
              "deep:\n  -\n    x: 1\n    \"y\":\n      - 2\n  -\n    - 3\nhosts:\n  - a\n  - b\nnone: []\nserver:\n  \"on\": true\n  port: 8080\n");
    EXPECT_EQ(to_yaml(Json::object()), "{}\n");
    for (const std::string quoted : {"no", "Yes", "ON", "null", "~", "0123", "1e3", "12:30:45", "2026-01-01", "", " a", "a: b", "a #b", "-", "*x", "&x",
                                     "{a", "1_000", "y", "N", ".5", "<<"})
        EXPECT_EQ(to_yaml(Json::object({{"k", quoted}})), "k: \"" + quoted + "\"\n");
    EXPECT_EQ(to_yaml(Json::object({{"k", "a.b/c-d_e1"}})), "k: a.b/c-d_e1\n");
    EXPECT_EQ(to_yaml(json(R"({"k":"q\" b\\ n\n t\t \u0001 \u0085 \u2028 é"})")), "k: \"q\\\" b\\\\ n\\n t\\t \\u0001 \\u0085 \\u2028 é\"\n");
    EXPECT_EQ(to_yaml(json(R"({"a":1e300,"b":1.5e-7,"c":0.5})")), "a: 1.0e+300\nb: 1.5e-07\nc: 0.5\n");
}

TEST(SpringNames, AreTakenApart) {
    using spring::FileForm;
    using spring::FileName;
    const auto is = [](std::string_view text, FileName name) { EXPECT_EQ(spring::parse_file_name(text), std::optional(name)) << text; };
    is("shop-dev.yml", {"shop", "dev", FileForm::yaml});
    is("my-shop-dev.yaml", {"my-shop", "dev", FileForm::yaml});
    is("shop-dev,eu.json", {"shop", "dev,eu", FileForm::json});
    is("shop.api-dev.properties", {"shop.api", "dev", FileForm::properties});
    for (const std::string none : {"shop.yml", "-dev.yml", "shop-.yml", "shop-dev.xml", "shop-dev", ".yml",
                                   "dev"}) EXPECT_FALSE(spring::parse_file_name(none)) << none;
    EXPECT_EQ(spring::label_of("feature(_)x(_)y"), "feature/x/y");
    EXPECT_EQ(spring::label_of("main"), "main");
}

TEST(SpringNames, MakeAnEnvironment) {
    const Items dev{{"port", 8080}, {"list[0]", "a"}, {"none", Json::array()}};
    const std::string source = R"({"name":"shop-dev","source":{"list[0]":"a","none":[],"port":8080}})";
    EXPECT_EQ(spring::environment("shop", {"dev"}, "main", 7, {{"shop-dev", &dev}}).dump(),
              R"({"label":"main","name":"shop","profiles":["dev"],"propertySources":[)" + source + R"(],"state":null,"version":"7"})");
    EXPECT_EQ(spring::environment("shop", {}, std::nullopt, 0, {}).dump(),
              R"({"label":null,"name":"shop","profiles":[],"propertySources":[],"state":null,"version":null})");
}

} // namespace
} // namespace gravity::config
