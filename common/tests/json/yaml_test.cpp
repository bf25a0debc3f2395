#include <gravity/json/yaml.hpp>

#include <gtest/gtest.h>

namespace gravity {
namespace {

std::string yaml(std::string_view text, const YamlLimits& limits = {}) {
    const auto parsed = parse_yaml(text, limits);
    return parsed ? parsed->dump() : "! " + parsed.why();
}

TEST(Yaml, BecomesADocument) {
    EXPECT_EQ(yaml("a: 1\nb:\n  c: [x, true, 1.5]\n  d: {e: -7}\nf:\n- g\n- h: i\n"), R"({"a":1,"b":{"c":["x",true,1.5],"d":{"e":-7}},"f":["g",{"h":"i"}]})");
    EXPECT_EQ(yaml("a: |\n  one\n  two\nb: >-\n  one\n  two\n"), R"({"a":"one\ntwo\n","b":"one two"})");
    EXPECT_EQ(yaml(R"(a: "x\ty\u00e9")"), "{\"a\":\"x\\ty\u00e9\"}");
    EXPECT_EQ(yaml(""), "null");
    EXPECT_EQ(yaml("# nothing\n"), "null");
    EXPECT_EQ(yaml("text"), R"("text")");
    EXPECT_EQ(yaml(R"({"a": [1, {"b": null}]})"), R"({"a":[1,{"b":null}]})") << "JSON is YAML";
}

TEST(Yaml, TakesForNumbersWhatAllReadersDo) {
    for (const std::string text :
         {"no", "No", "NO", "yes", "on", "off", "y", "n", "0123", "1e3", "1E3", "1.5e3", "1_000", "0o17", "0b1", "12:30:00", "2026-01-01",
          "2026-01-01T00:00:00Z", ".inf", ".nan", "tRUE", "12345678901234567890", "0x", "0x-1", "0x+1", "0xFFFFFFFFFFFFFFFFF", "+", ".", "-.", "1.2.3",
          "+-1", "007"})
        EXPECT_EQ(yaml("a: " + text), R"({"a":")" + text + R"("})");
    for (const std::string text : {"true", "True", "FALSE", "null", "~", "1", "'1'"}) EXPECT_NE(yaml("a: " + text), R"({"a":")" + text + R"("})") << text;
    EXPECT_EQ(yaml("[0, -0, +5, 42, -9223372036854775808, 0x1F, 0xff]"), "[0,0,5,42,-9223372036854775808,31,255]");
    EXPECT_EQ(yaml("[1.5, -.5, 1., 1.5e+3, +0.25]"), "[1.5,-0.5,1.0,1500.0,0.25]");
    EXPECT_EQ(yaml("[true, True, TRUE, false, False, FALSE]"), "[true,true,true,false,false,false]");
    EXPECT_EQ(yaml("[~, null, Null, NULL, ]"), "[null,null,null,null]");
    EXPECT_EQ(yaml("a:\nb: ''"), R"({"a":null,"b":""})");
}

TEST(Yaml, LeavesToTheAuthorWhatIsQuoted) {
    EXPECT_EQ(yaml(R"(["1", '1.5', "true", 'null', "~", ''])"), R"(["1","1.5","true","null","~",""])");
    EXPECT_EQ(yaml("[!!str 1, !!int 1, !!bool true, !!null ~, !!float 1.5, ! 1]"), R"(["1",1,true,null,1.5,"1"])");
    for (const std::string bad : {"!!int x", "!!bool 1", "!!binary aGk=", "!!timestamp 2026-01-01", "!custom x", "!!map [1]", "!!seq {a: 1}", "!custom {a: 1}"})
        EXPECT_NE(yaml("a: " + bad).find("the tag "), std::string::npos) << bad;
}

TEST(Yaml, HasNamesThatAreTexts) {
    EXPECT_EQ(yaml("8080: a\ntrue: b\nno: c\n'x y': d\n0x1: e"), R"({"0x1":"e","8080":"a","no":"c","true":"b","x y":"d"})");
    EXPECT_EQ(yaml("a: 1\nb: 2\na: 3"), "! line 3, column 1: \"a\" stands twice");
    EXPECT_EQ(yaml("x: {'1': a, 1: b}"), "! line 1, column 13: \"1\" stands twice");
    EXPECT_NE(yaml("[a, b]: c").find("! "), std::string::npos);
    EXPECT_NE(yaml("? {a: 1}\n: c").find("a name must be a text"), std::string::npos);
    EXPECT_NE(yaml("~: c").find("a name is missing"), std::string::npos);
    EXPECT_NE(yaml("? \n: c").find("! "), std::string::npos);
}

TEST(Yaml, HasAliasesAndMerges) {
    EXPECT_EQ(yaml("a: &x {k: 1}\nb: *x\nc: [*x, *x]"), R"({"a":{"k":1},"b":{"k":1},"c":[{"k":1},{"k":1}]})");
    EXPECT_EQ(yaml("base: &b {k: 1, l: 2}\nown:\n  <<: *b\n  k: 3"), R"({"base":{"k":1,"l":2},"own":{"k":3,"l":2}})");
    EXPECT_EQ(yaml("own:\n  k: 3\n  <<: [{k: 1, l: 1}, {l: 2, m: 2}]"), R"({"own":{"k":3,"l":1,"m":2}})");
    EXPECT_EQ(yaml("'<<': 1"), R"({"<<":1})") << "in quotes it is a name";
    EXPECT_EQ(yaml("&k name: v\nother: *k"), R"({"name":"v","other":"name"})");
    EXPECT_EQ(yaml("a: &k name\n*k : v"), R"({"a":"name","name":"v"})");
    EXPECT_NE(yaml("<<: 1").find("<< merges mappings"), std::string::npos);
    EXPECT_NE(yaml("<<: [1]").find("<< merges mappings"), std::string::npos);
    EXPECT_NE(yaml("<<: {a: 1}\n<<: {b: 1}").find("stands twice"), std::string::npos);
    EXPECT_NE(yaml("a: &x [1]\n? *x\n: 1").find("a name must be a text"), std::string::npos);
    EXPECT_NE(yaml("a: *nobody").find("! line 1"), std::string::npos);
    EXPECT_NE(yaml("a: &x [*x]").find("within what it names"), std::string::npos);
}

TEST(Yaml, IsBounded) {
    std::string laughs = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n";
    for (int i = 1; i < 12; ++i) {
        const std::string one = "a" + std::to_string(i), of = "*a" + std::to_string(i - 1);
        laughs += one + ": &" + one + " [" + of;
        for (int j = 0; j < 8; ++j) laughs += ", " + of;
        laughs += "]\n";
    }
    EXPECT_NE(yaml(laughs).find("there is more than there may be"), std::string::npos);
    EXPECT_EQ(yaml("[a, b]", {.max_values = 3}), R"(["a","b"])");
    EXPECT_NE(yaml("[a, b, c]", {.max_values = 3}).find("there is more"), std::string::npos);
    EXPECT_NE(yaml("[&a abcdef, *a, *a]", {.max_text = 22}).find("there is more"), std::string::npos) << "as often as it stands there, and once as a name";
    EXPECT_NE(yaml(std::string(33, '[') + std::string(33, ']')).find("nested deeper than 32"), std::string::npos);
    EXPECT_EQ(yaml(std::string(32, '[') + std::string(32, ']')), std::string(32, '[') + std::string(32, ']'));
    EXPECT_NE(yaml(std::string(100'000, '[')).find("! "), std::string::npos);
    EXPECT_NE(yaml(std::string(100'000, '{')).find("! "), std::string::npos);
    EXPECT_NE(yaml(std::string(5 * 1024 * 1024, 'x')).find("must have at most"), std::string::npos);
}

TEST(Yaml, RefusesWhatIsNone) {
    for (const std::string_view bad : {"a: [1", "a: 'x", "a: b: c", "\ta: 1", "a: 1\n b: 2", "%YAML 3", "a: \"\\x\"", "{a: 1"})
        EXPECT_TRUE(yaml(bad).starts_with("! line ")) << bad << ": " << yaml(bad);
    for (const std::string_view two : {"a: 1\n---\nb: 2", "- a\nb: 1"}) EXPECT_EQ(yaml(two), "! must be one document") << two;
    EXPECT_EQ(yaml("\xff"), "! must be valid UTF-8");
    EXPECT_EQ(yaml(std::string_view("a: \0", 4)), "! must not have U+0000 in it");
    EXPECT_NE(yaml(R"(a: "\0")").find("U+0000"), std::string::npos);
}

} // namespace
} // namespace gravity
