#include "flags_domain.hpp"
#include "murmur3.hpp"

#include <gravity/json/codec.hpp>

#include <gtest/gtest.h>

namespace gravity::config {
namespace {

Json json(std::string_view text) { return Json::parse(text).or_throw(); }

// From the reference implementation (smhasher) and what others publish of it.
TEST(Murmur3, IsTheHashThatOthersCompute) {
    EXPECT_EQ(murmur3_32(""), 0u);
    EXPECT_EQ(murmur3_32("", 1), 0x514E28B7u);
    EXPECT_EQ(murmur3_32("", 0xffffffffu), 0x81F16F39u);
    EXPECT_EQ(murmur3_32(std::string_view("\0\0\0\0", 4)), 0x2362F9DEu);
    EXPECT_EQ(murmur3_32("\xff\xff\xff\xff"), 0x76293B50u);
    EXPECT_EQ(murmur3_32("!Ce\x87"), 0xF55B516Bu);
    EXPECT_EQ(murmur3_32("!Ce"), 0x7E4A8634u);
    EXPECT_EQ(murmur3_32("!C"), 0xA0F7B07Au);
    EXPECT_EQ(murmur3_32("!"), 0x72661CF4u);
    EXPECT_EQ(murmur3_32("Hello, world!", 0x9747b28cu), 0x24884CBAu);
    EXPECT_EQ(murmur3_32("The quick brown fox jumps over the lazy dog", 0x9747b28cu), 0x2FA826CDu);
}

Flag flag_of(std::string_view text) {
    Flag flag;
    meta::Errors errors;
    NewFlag& wanted = flag;
    json::decode(json(text), meta::mutable_ref(wanted), errors);
    EXPECT_TRUE(errors.empty() && faults_of(flag).empty()) << errors.to_string() << faults_of(flag).to_string();
    flag.salt = "salt";
    return flag;
}
std::string told(const Flag& flag, std::string_view context, std::string_view now = "2026-06-01T00:00:00Z", const Flags& flags = {}) {
    const Json attributes = json(context);
    Decider decider(flags, attributes, Timestamp::parse(now).or_throw());
    const Decision& decision = decider.decide(flag);
    const auto* decided = std::get_if<Decided>(&decision);
    return decided == nullptr ? "TARGETING_KEY_MISSING" : decided->variant + " " + decided->value.dump() + " " + std::string(to_string(decided->reason));
}
std::string on_off(const std::string& more, const std::string& key = "f") {
    return R"({"key":")" + key + R"(","type":"boolean","variants":{"on":true,"off":false},"default_variant":"off")" + more + "}";
}

TEST(Flags, AreDecided) {
    EXPECT_EQ(told(flag_of(on_off("")), "{}"), "off false STATIC");
    EXPECT_EQ(told(flag_of(on_off(R"(,"enabled":false,"rules":[{"variant":"on"}])")), "{}"), "off false DISABLED");
    EXPECT_EQ(told(flag_of(on_off(R"(,"rules":[{"variant":"on"}])")), "{}"), "on true TARGETING_MATCH");
    const Flag beta = flag_of(on_off(R"(,"rules":[{"when":{"attribute":"beta","op":"eq","value":true},"variant":"on"}])"));
    EXPECT_EQ(told(beta, R"({"beta":true})"), "on true TARGETING_MATCH");
    EXPECT_EQ(told(beta, R"({"beta":false})"), "off false DEFAULT");
    EXPECT_EQ(told(beta, "{}"), "off false DEFAULT");
    const Flag scheduled = flag_of(on_off(R"(,"rules":[{"from":"2026-06-01T00:00:00Z","until":"2026-07-01T00:00:00Z","variant":"on"}])"));
    EXPECT_EQ(told(scheduled, "{}", "2026-05-31T23:59:59Z"), "off false DEFAULT");
    EXPECT_EQ(told(scheduled, "{}", "2026-06-01T00:00:00Z"), "on true TARGETING_MATCH");
    EXPECT_EQ(told(scheduled, "{}", "2026-07-01T00:00:00Z"), "off false DEFAULT");
}

bool holds(std::string_view condition, std::string_view context) {
    const Json tree = json(condition);
    EXPECT_EQ(fault_of_condition(tree).value_or(""), "");
    return matches(tree, json(context));
}
bool holds(const std::string& op, const std::string& value, const std::string& attribute) {
    return holds(R"({"attribute":"a","op":")" + op + R"(","value":)" + value + "}", R"({"a":)" + attribute + "}");
}

TEST(Conditions, Compare) {
    EXPECT_TRUE(holds("eq", "1", "1.0"));
    EXPECT_FALSE(holds("eq", "1", "\"1\""));
    EXPECT_FALSE(holds("eq", "9007199254740993", "9007199254740992")) << "ids are longer than the fraction of a double";
    EXPECT_TRUE(holds("gt", "9007199254740992", "9007199254740993"));
    EXPECT_TRUE(holds("ne", "1", "2"));
    EXPECT_TRUE(holds("in", R"(["de","at"])", R"("at")"));
    EXPECT_FALSE(holds("in", R"(["de","at"])", R"("fr")"));
    EXPECT_TRUE(holds("not_in", R"(["de"])", R"("fr")"));
    EXPECT_TRUE(holds("lt", "2", "1.5"));
    EXPECT_FALSE(holds("lt", "2", "2"));
    EXPECT_TRUE(holds("le", "2", "2"));
    EXPECT_TRUE(holds("gt", "2", "3"));
    EXPECT_TRUE(holds("ge", "2", "2"));
    for (const std::string op : {"lt", "le", "gt", "ge"}) EXPECT_FALSE(holds(op, "2", "\"2\"")) << op;
    EXPECT_TRUE(holds("starts_with", "\"ab\"", "\"abc\""));
    EXPECT_TRUE(holds("ends_with", "\"bc\"", "\"abc\""));
    EXPECT_TRUE(holds("contains", "\"b\"", "\"abc\""));
    EXPECT_FALSE(holds("contains", "\"b\"", "5"));
    EXPECT_TRUE(holds("before", "\"2026-01-01T00:00:00Z\"", "\"2025-12-31T23:00:00-01:00\"") == false); // the same moment
    EXPECT_TRUE(holds("before", "\"2026-01-01T00:00:00Z\"", "\"2025-12-31T23:00:00Z\""));
    EXPECT_TRUE(holds("after", "\"2026-01-01T00:00:00Z\"", "\"2026-01-02T00:00:00Z\""));
    EXPECT_FALSE(holds("after", "\"2026-01-01T00:00:00Z\"", "\"tomorrow\""));
    const std::string ordered[] = {"1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
                                   "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "2.0.0", "2.1.0",
                                   "2.1.1"};
    for (std::size_t i = 1; i < std::size(ordered); ++i) { // section 11 of Semantic Versioning
        EXPECT_TRUE(holds("semver_lt", '"' + ordered[i] + '"', '"' + ordered[i - 1] + '"')) << ordered[i];
        EXPECT_TRUE(holds("semver_ge", '"' + ordered[i - 1] + '"', '"' + ordered[i] + '"')) << ordered[i];
        EXPECT_FALSE(holds("semver_lt", '"' + ordered[i - 1] + '"', '"' + ordered[i] + '"')) << ordered[i];
    }
    EXPECT_TRUE(holds("semver_eq", "\"1.0.0\"", "\"1.0.0+build\""));
    EXPECT_FALSE(holds("semver_lt", "\"1.0.0\"", "\"0.9\""));
}

TEST(Conditions, TakeForVersionsWhatTheSpecificationDoes) {
    const auto is_version = [](const std::string& text) {
        return !fault_of_condition(Json::object({{"attribute", "a"}, {"op", "semver_eq"}, {"value", text}}));
    };
    for (const std::string text : {"0.0.4", "1.1.2-prerelease+meta", "1.0.0-alpha-a.b-c", "1.0.0-alpha0.valid", "1.0.0-alpha.0valid",
                                   "1.2.3----R-S.12.9.1--.12+meta", "1.0.0+0.build.1-rc.10000aaa-kk-0.1", "1.0.0+001",
                                   "99999999999999999999999.999999999999999999.99999999999999999"})
        EXPECT_TRUE(is_version(text)) << text;
    for (const std::string text : {"1", "1.2", "1.2.3-0123", "1.2.3-a.0123", "1.1.2+.123", "1.1.2+", "1.2.3-", "1.0.0-alpha_beta", "1.0.0-alpha..1", "01.1.1",
                                   "1.01.1", "1.2.3.4", "1.2.3.DEV", "-1.0.3", "+1.2.3", "9.8.7+meta+meta", "v1.2.3", " 1.2.3", "1.2.\u0663", ""})
        EXPECT_FALSE(is_version(text)) << text;
    EXPECT_TRUE(holds("semver_lt", "\"100000000000000000000.0.0\"", "\"99999999999999999999.0.0\"")) << "numbers have no bound";
    EXPECT_TRUE(holds("semver_lt", "\"2.10.0\"", "\"2.9.0\""));
}

TEST(Conditions, AreTrees) {
    const std::string a = R"({"attribute":"a","op":"eq","value":1})", b = R"({"attribute":"b.c","op":"eq","value":2})";
    EXPECT_TRUE(holds(R"({"all":[)" + a + "," + b + "]}", R"({"a":1,"b":{"c":2}})"));
    EXPECT_TRUE(holds(R"({"all":[)" + a + "," + b + "]}", R"({"a":1,"b.c":2})"));
    EXPECT_FALSE(holds(R"({"all":[)" + a + "," + b + "]}", R"({"a":1,"b":2})"));
    EXPECT_TRUE(holds(R"({"any":[)" + a + "," + b + "]}", R"({"a":1})"));
    EXPECT_FALSE(holds(R"({"any":[]})", "{}"));
    EXPECT_TRUE(holds(R"({"all":[]})", "{}"));
    EXPECT_TRUE(holds(R"({"not":)" + a + "}", "{}"));
    const auto fault = [](std::string_view text) { return fault_of_condition(json(text)).value_or("none"); };
    EXPECT_EQ(fault("5"), "must be an object");
    EXPECT_EQ(fault(R"({"all":5})"), "must be {\"all\": [...]}");
    EXPECT_EQ(fault(R"({"not":{},"x":1})"), "must be {\"not\": ...}");
    EXPECT_EQ(fault(R"({"attribute":"a","op":"eq"})"), "must be {attribute, op, value}, all, any or not");
    EXPECT_EQ(fault(R"({"attribute":"a","op":"like","value":1})"), "has an op that is not known");
    EXPECT_EQ(fault(R"({"attribute":"a","op":"lt","value":"1"})"), "has a value that lt cannot be held against");
    EXPECT_EQ(fault(R"({"attribute":"a","op":"semver_lt","value":"1.0"})"), "has a value that semver_lt cannot be held against");
    std::string deep = a;
    for (int i = 0; i < 11; ++i) deep = R"({"not":)" + deep + "}";
    EXPECT_EQ(fault(deep), "is nested too deeply");
    std::string wide = a;
    for (int i = 0; i < 200; ++i) wide += "," + a;
    EXPECT_EQ(fault(R"({"any":[)" + wide + "]}"), "has too many parts");
}

TEST(Splits, KeepTheirSidesAndMoveNobodyOut) {
    const auto split = [](int share) { return flag_of(on_off(R"(,"rules":[{"split":[{"variant":"on","share":)" + std::to_string(share) + "}]}]")); };
    const Flag ten = split(10'000), twenty = split(20'000);
    int in_ten = 0, in_twenty = 0;
    for (int i = 0; i < 20'000; ++i) {
        const std::string context = R"({"targetingKey":"user-)" + std::to_string(i) + "\"}";
        const bool first = told(ten, context) == "on true SPLIT", second = told(twenty, context) == "on true SPLIT";
        EXPECT_TRUE(!first || second) << i;
        in_ten += first;
        in_twenty += second;
    }
    EXPECT_NEAR(in_ten, 2'000, 150);
    EXPECT_NEAR(in_twenty, 4'000, 200);
    EXPECT_EQ(told(ten, "{}"), "TARGETING_KEY_MISSING");
    EXPECT_EQ(told(ten, R"({"targetingKey":""})"), "TARGETING_KEY_MISSING");
    EXPECT_EQ(told(split(100'000), R"({"targetingKey":"x"})"), "on true SPLIT");
    EXPECT_EQ(told(split(0), R"({"targetingKey":"x"})"), "off false SPLIT");
    Flag salted = ten;
    salted.salt = "other";
    EXPECT_NE(side_of(ten, "user-1"), side_of(salted, "user-1"));
    EXPECT_EQ(side_of(ten, "user-1"), static_cast<int>(murmur3_32("fsaltuser-1") % 100'000));
}

TEST(Prerequisites, MustBeMet) {
    Flags flags;
    flags.emplace("base", flag_of(on_off(R"(,"rules":[{"when":{"attribute":"beta","op":"eq","value":true},"variant":"on"}])", "base")));
    const Flag flag = flag_of(on_off(R"(,"prerequisites":[{"flag":"base","variant":"on"}],"rules":[{"variant":"on"}])"));
    EXPECT_EQ(told(flag, R"({"beta":true})", "2026-06-01T00:00:00Z", flags), "on true TARGETING_MATCH");
    EXPECT_EQ(told(flag, "{}", "2026-06-01T00:00:00Z", flags), "off false DEFAULT");
    EXPECT_EQ(told(flag, R"({"beta":true})"), "off false DEFAULT"); // which is not there
    const auto needing = [](const std::string& key, const std::string& other) {
        return flag_of(on_off(R"(,"prerequisites":[{"flag":")" + other + R"(","variant":"on"}])", key));
    };
    Flags circle;
    circle.emplace("a", needing("a", "b"));
    circle.emplace("b", needing("b", "c"));
    EXPECT_EQ(circle_through("a", circle), std::nullopt);
    circle.emplace("c", needing("c", "a"));
    EXPECT_EQ(circle_through("a", circle).value_or(""), "a > b > c > a");
    EXPECT_EQ(told(circle.at("a"), "{}", "2026-06-01T00:00:00Z", circle), "off false DEFAULT");
    Flags self;
    self.emplace("a", needing("a", "a"));
    EXPECT_EQ(circle_through("a", self).value_or(""), "a > a");
}

TEST(Flags, AreChecked) {
    const auto fault = [](const std::string& text) {
        NewFlag flag;
        meta::Errors errors;
        json::decode(json(text), meta::mutable_ref(flag), errors);
        return errors.empty() ? faults_of(flag).to_string() : errors.to_string();
    };
    EXPECT_EQ(fault(on_off("")), "");
    EXPECT_NE(fault(R"({"key":"f","type":"boolean","variants":{},"default_variant":"off"})"), "");
    EXPECT_NE(fault(R"({"key":"f","type":"boolean","variants":{"on":1},"default_variant":"on"})"), "");
    EXPECT_NE(fault(R"({"key":"f","type":"number","variants":{"on":"1"},"default_variant":"on"})"), "");
    EXPECT_EQ(fault(R"({"key":"f","type":"object","variants":{"on":{"a":1}},"default_variant":"on"})"), "");
    EXPECT_NE(fault(R"({"key":"f g","type":"boolean","variants":{"on":true},"default_variant":"on"})"), "");
    EXPECT_NE(fault(R"({"key":"f","type":"boolean","variants":{"on":true},"default_variant":"off"})"), "");
    for (const std::string rule : {R"({})", R"({"variant":"none"})", R"({"variant":"on","split":[{"variant":"on","share":1}]})"})
        EXPECT_NE(fault(on_off(R"(,"rules":[)" + rule + "]")), "") << rule;
    for (const std::string rule : {R"({"split":[{"variant":"none","share":1}]})",
                                   R"({"split":[{"variant":"on","share":60000},{"variant":"off","share":60000}]})", R"({"variant":"on","when":5})",
                                   R"({"variant":"on","from":"2026-01-01T00:00:00Z","until":"2026-01-01T00:00:00Z"})"})
        EXPECT_NE(fault(on_off(R"(,"rules":[)" + rule + "]")), "") << rule;
}

} // namespace
} // namespace gravity::config
