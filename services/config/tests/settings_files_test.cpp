// Files of settings that others wrote.
#include "formats.hpp"
#include "settings_files.hpp"
#include "settings_text.hpp"

#include <gravity/base/problem.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace gravity::config {
namespace {

/// The items as JSON; or what is wrong, with the pointers.
std::string read(SettingsFormat format, std::string_view content) {
    try {
        return to_json(read_settings(format, content)).dump();
    } catch (const Refusal& refused) {
        std::string told = std::to_string(refused.problem().status);
        for (const auto& fault : refused.faults()) told += " " + fault.pointer + " " + fault.detail + ";";
        return told;
    }
}
std::string yaml(std::string_view content) { return read(SettingsFormat::yaml, content); }
std::string properties(std::string_view content) { return read(SettingsFormat::properties, content); }
std::string dotenv(std::string_view content) { return read(SettingsFormat::dotenv, content); }
std::string json(std::string_view content) { return read(SettingsFormat::json, content); }

TEST(SettingsOfYaml, AreFlattened) {
    EXPECT_EQ(yaml("server:\n  port: 8080\n  hosts: [a, b]\nlist:\n- x: 1\n- x: 2\n"),
              R"({"list[0].x":1,"list[1].x":2,"server.hosts[0]":"a","server.hosts[1]":"b","server.port":8080})");
    EXPECT_EQ(yaml("a.b: 1\na:\n  c: 2\n"), R"({"a.b":1,"a.c":2})");
    EXPECT_EQ(yaml("a: no\nb: 0123\nc: 1e3\nd: 2026-01-01\ne:\nf: []\ng: {}\n"), R"({"a":"no","b":"0123","c":"1e3","d":"2026-01-01","e":"","f":[]})");
    EXPECT_EQ(yaml(""), "{}");
    EXPECT_EQ(yaml("\xef\xbb\xbf"
                   "a: 1"),
              R"({"a":1})");
}

TEST(SettingsOfYaml, HaveEachKeyOnce) {
    EXPECT_EQ(yaml("a: 1\na: 2"), R"(422 /content line 2, column 1: "a" stands twice;)");
    EXPECT_EQ(yaml("a.b: 1\na:\n  b: 2\n"), "422 /items/a.b stands twice;");
    EXPECT_EQ(yaml("a: [1]\n'a[0]': 2\n"), "422 /items/a[0] stands twice;");
    EXPECT_EQ(yaml("a: 1\na.b: 2\n"), "422 /items/a has a value and parts as well;");
    EXPECT_EQ(yaml("a: 1\na[0]: 2\n"), "422 /items/a has a value and parts as well;");
}

TEST(SettingsOfYaml, RefuseWhatIsNone) {
    EXPECT_EQ(yaml("- a\n- b\n"), "422 /content must be a mapping of names to values;");
    EXPECT_EQ(yaml("text"), "422 /content must be a mapping of names to values;");
    EXPECT_EQ(yaml("a: 1\n---\nb: 1\n"), "422 /content must be one document;");
    EXPECT_EQ(yaml("a:\n  __proto__: 1\n"), "422 /items/a.__proto__ must not be named __proto__;");
    EXPECT_EQ(yaml("a..b: 1\n"), "422 /items/a..b has a part without a name;");
    EXPECT_EQ(yaml("'a[1]': 1\n"), "422 /items/a lacks places of its list;");
    EXPECT_TRUE(yaml("a: [1").starts_with("422 /content line 1"));
    for (const std::string open : {"a: \"x\nb: 2\n", "a: 'x\r\nb: 2\r\n", "a: 'x\nb: 2\n  "})
        EXPECT_EQ(yaml(open), "422 /content has quotes that do not end;") << open;
    EXPECT_EQ(yaml("a: |\n  x\n...\n"), R"({"a":"x\n"})");
    EXPECT_EQ(yaml("a: |\n  x"), R"({"a":"x"})");
    EXPECT_EQ(yaml("\xff"), "422 /content must be valid UTF-8;");
    EXPECT_EQ(yaml(std::string_view("a\0: 1", 6)), "422 /content must not have U+0000 in it;");
    EXPECT_TRUE(yaml("a: " + std::string(max_value_bytes + 1, 'x')).starts_with("413"));
    EXPECT_TRUE(yaml(std::string(max_file_bytes + 1, ' ')).starts_with("413"));
    std::string many;
    for (int i = 0; i <= 10'000; ++i) many += "k" + std::to_string(i) + ": 1\n";
    EXPECT_TRUE(yaml(many).starts_with("413"));
    std::string wrong;
    for (int i = 0; i < 200; ++i) wrong += "a" + std::to_string(i) + "..b: 1\n";
    const std::string told = yaml(wrong);
    EXPECT_EQ(std::count(told.begin(), told.end(), ';'), 50);
}

TEST(SettingsOfJson, AreFlattened) {
    EXPECT_EQ(json(R"({"a": {"b": [1, {"c": true}]}, "d": null})"), R"({"a.b[0]":1,"a.b[1].c":true,"d":""})");
    EXPECT_TRUE(json(R"({"a": 1, "a": 2})").starts_with("422 /content "));
    EXPECT_TRUE(json("").starts_with("422 /content "));
    EXPECT_TRUE(json("null").starts_with("422 /content "));
    EXPECT_TRUE(json("[1]").starts_with("422 /content "));
    EXPECT_TRUE(json(R"({"a": 1} x)").starts_with("422 /content "));
}

TEST(SettingsOfProperties, AreReadAsJavaDoes) {
    EXPECT_EQ(properties("a=1\nb:2\nc 3\nd = 4\ne\t:\t5\nf\n"), R"({"a":"1","b":"2","c":"3","d":"4","e":"5","f":""})");
    EXPECT_EQ(properties("# comment \\\n! another\n   # and one\n\n  a = b \n"), R"({"a":"b "})") << "what follows a value belongs to it";
    EXPECT_EQ(properties("a=one\\\n    two\\\r\n\tthree\nb=x\\\\\nc=y"), R"({"a":"onetwothree","b":"x\\","c":"y"})");
    EXPECT_EQ(properties("a\\=b\\:c\\ d=e=f:g"), R"({"a=b:c d":"e=f:g"})");
    EXPECT_EQ(properties("a=\\t\\n\\f\\q\\'x"), R"({"a":"\t\n\u000cq'x"})");
    EXPECT_EQ(properties("a=\\u00e9\\uD83D\\uDE00\\u0041"), "{\"a\":\"\u00e9\U0001F600A\"}");
    EXPECT_EQ(properties("a=é"), "{\"a\":\"é\"}");
    EXPECT_EQ(properties("a=x\\"), R"({"a":"x"})");
    EXPECT_EQ(properties("a=\\\n\nb=1"), R"({"a":"","b":"1"})");
    EXPECT_EQ(properties("\\\n# comment\n\\\n\n\\\r\n  !x\\\na=1\n\\\nb=2"), R"({"a":"1","b":"2"})") << "what is continued with nothing has not begun";
    EXPECT_EQ(properties("list[0]=a\nlist[1].x=b"), R"({"list[0]":"a","list[1].x":"b"})");
    EXPECT_EQ(properties("port=8080\nreally=true"), R"({"port":"8080","really":"true"})") << "which knows texts alone";
    EXPECT_EQ(properties("a=1\rb=2"), R"({"a":"1","b":"2"})");
}

TEST(SettingsOfProperties, RefuseWhatIsNone) {
    EXPECT_EQ(properties("a=1\na=2"), "422 /items/a stands twice;");
    EXPECT_EQ(properties("x=1\na=\\u12"), "422 /content line 2: \\u wants four hexadecimal digits;");
    EXPECT_EQ(properties("a=\\u12G4"), "422 /content line 1: \\u wants four hexadecimal digits;");
    EXPECT_EQ(properties("a=\\u0000"), "422 /content line 1: has U+0000 in it;");
    for (const std::string half : {"\\uD83D", "\\uD83Dx", "\\uDE00", "\\uD83D\\u0041", "\\uD83D\\n", "\\uD83D\\uD83D\\uDE00"})
        EXPECT_EQ(properties("a=" + half), "422 /content line 1: has half a pair of surrogates;") << half;
    EXPECT_EQ(properties("=x"), "422 /items/ must have 1 to 256 bytes;");
    EXPECT_EQ(properties("a=1\na.b=2"), "422 /items/a has a value and parts as well;");
}

TEST(SettingsOfDotenv, AreRead) {
    EXPECT_EQ(dotenv("A=1\nexport B = two words # comment\n# nothing\n\nC=\nD=a#b\nE=#x\n"), R"({"A":"1","B":"two words","C":"","D":"a#b","E":""})");
    EXPECT_EQ(dotenv("A='x \\n $Y \"z\"' # c\nB=\"a\\nb\\t\\\"\\$\\\\\\q\"\n"), R"({"A":"x \\n $Y \"z\"","B":"a\nb\t\"$\\\\q"})");
    EXPECT_EQ(dotenv("A=\"one\ntwo\"\nB='three\nfour'\r\nC=5"), R"({"A":"one\ntwo","B":"three\nfour","C":"5"})");
    EXPECT_EQ(dotenv("export=1\nexport A=2"), R"({"A":"2","export":"1"})");
    EXPECT_EQ(dotenv("a.b-c=1"), R"({"a.b-c":"1"})");
    EXPECT_EQ(dotenv(""), "{}");
}

TEST(SettingsOfDotenv, RefuseWhatIsNone) {
    EXPECT_EQ(dotenv("A=1\nA=2"), "422 /items/A stands twice;");
    EXPECT_EQ(dotenv("A=1\nB"), "422 /content line 2: wants a = behind the name;");
    EXPECT_EQ(dotenv("=1"), "422 /content line 1: wants a name of letters, digits, underscores, dots and hyphens;");
    EXPECT_EQ(dotenv("export"), "422 /content line 1: wants a = behind the name;");
    EXPECT_EQ(dotenv("A='x\n\nB=1"), "422 /content line 1: has quotes that do not end;");
    EXPECT_EQ(dotenv("A='x\ny' z"), "422 /content line 2: has more behind the quotes;");
    EXPECT_EQ(dotenv("A=1\n\"B\"=2"), "422 /content line 2: wants a name of letters, digits, underscores, dots and hyphens;");
}

// What is written is read again as it was.
TEST(SettingsText, ComesBack) {
    Items items;
    for (const std::string text : {"plain", "no", "0123", "1e3", "2026-01-01", "'\"\\ $x", "1\n2\r", "", " x ", "\u00e9\U0001F600", "a #b", "${a.b}",
                                   "C:\\a b\\"})
        items["text" + std::to_string(items.size())] = text;
    items["a.b"] = "x";
    items["a.c[0]"] = 1;
    items["a.c[1].d"] = true;
    items["no"] = 1.5;
    items["list"] = Json::array();
    EXPECT_EQ(to_json(read_settings(SettingsFormat::yaml, settings_text(SettingsFormat::yaml, items))), to_json(items));
    EXPECT_EQ(to_json(read_settings(SettingsFormat::json, settings_text(SettingsFormat::json, items))), to_json(items));
    Items texts;
    for (const auto& [key, value] : items) texts[key] = value.is_string() ? value : value.is_array() ? Json("")
                                                                                                     : Json(value.dump());
    EXPECT_EQ(to_json(read_settings(SettingsFormat::properties, settings_text(SettingsFormat::properties, items))), to_json(texts));
    const Items variables = read_settings(SettingsFormat::dotenv, settings_text(SettingsFormat::dotenv, items));
    EXPECT_EQ(variables.at("A_C_1_D"), Json("true"));
    for (int i = 0; i < 13; ++i) EXPECT_EQ(variables.at("TEXT" + std::to_string(i)), texts.at("text" + std::to_string(i))) << i;
}

TEST(SettingsText, HasNamesOfVariables) {
    EXPECT_EQ(to_dotenv({{"server.max-size", 5}, {"a[0].b", "x"}, {"ALREADY_ONE", "y z"}}), "ALREADY_ONE='y z'\nA_0_B=x\nSERVER_MAXSIZE=5\n");
    EXPECT_EQ(to_dotenv({{"a", "C:\\b\\"}, {"c", "\\b c"}}), "A=\"C:\\\\b\\\\\"\nC='\\b c'\n");
    for (const std::string key : {"a b", "8080", "a/b", "\u00e9"}) EXPECT_THROW(to_dotenv({{key, 1}}), Refusal) << key;
    try {
        to_dotenv({{"a.b", 1}, {"a_b", 2}, {"c", 3}});
        ADD_FAILURE();
    } catch (const Refusal& refused) {
        EXPECT_EQ(refused.problem().status, 409);
        ASSERT_EQ(refused.faults().size(), 1u);
        EXPECT_EQ(refused.faults()[0].pointer + " " + refused.faults()[0].detail, "/items/a_b would be A_B, as another key is");
    }
}

} // namespace
} // namespace gravity::config
