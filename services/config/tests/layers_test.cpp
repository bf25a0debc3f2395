#include "layers.hpp"
#include "names.hpp"
#include "references.hpp"

#include <gtest/gtest.h>

namespace gravity::config {
namespace {

std::string told(const std::vector<Layer>& layers) {
    std::string text;
    for (const Layer& layer : layers) text += layer_name(layer.application, layer.profile) + " ";
    return text;
}

TEST(Layers, TheLastProfileWinsAndTheOwnApplicationBeforeTheShared) {
    EXPECT_EQ(told(layers_of({{"shop"}, {"dev", "eu"}})), "shop-eu application-eu shop-dev application-dev shop application ");
    EXPECT_EQ(told(layers_of({{"shop"}, {}})), "shop application ");
    EXPECT_EQ(told(layers_of({{"shop"}, {"default"}})), "shop application ");
    EXPECT_EQ(told(layers_of({{"shop"}, {"dev", "default"}})), "shop-dev application-dev shop application ");
    EXPECT_EQ(told(layers_of({{"application"}, {"dev"}})), "application-dev application ");
    EXPECT_EQ(told(layers_of({{"shop", "pay"}, {}})), "pay shop application ");
}

TEST(Layers, NamesStandBetweenCommas) {
    using Names = std::vector<std::string>;
    EXPECT_EQ(*split_names("dev, eu"), (Names{"dev", "eu"}));
    EXPECT_EQ(*split_names("dev,eu,dev"), (Names{"eu", "dev"}));
    EXPECT_EQ(*split_names(" , "), Names{});
    EXPECT_EQ(split_names("a,b,c,d,e,f,g,h,i,j")->size(), 10u);
    EXPECT_FALSE(split_names("a,b,c,d,e,f,g,h,i,j,k"));
    EXPECT_FALSE(ConfigName::parse("Shop"));
    EXPECT_FALSE(ConfigName::parse(""));
    EXPECT_FALSE(ConfigName::parse(std::string(65, 'a')));
    EXPECT_TRUE(ConfigName::parse("shop.a_b-1"));
    EXPECT_TRUE(LabelName::parse("feature/x"));
    for (const std::string bad : {"/x", "x/", "a//b", "A", ""}) EXPECT_FALSE(LabelName::parse(bad)) << bad;
}

std::string over(const Items& top, const Items& below) { return to_json(values_of(overlay({&top, &below}))).dump(); }

TEST(Layers, MergeByKeyAndReplaceLists) {
    EXPECT_EQ(over({{"a", 1}}, {{"a", 2}, {"b", 3}}), R"({"a":1,"b":3})");
    EXPECT_EQ(over({{"list[0]", 9}}, {{"list[0]", 1}, {"list[1]", 2}}), R"({"list[0]":9})");
    EXPECT_EQ(over({{"list", Json::array()}}, {{"list[0]", 1}}), R"({"list":[]})");
    EXPECT_EQ(over({{"list[0]", 1}}, {{"list", Json::array()}}), R"({"list[0]":1})");
    EXPECT_EQ(over({{"m[0].a", 1}}, {{"m[0].b", 1}, {"m[1].b", 1}}), R"({"m[0].a":1})");
    EXPECT_EQ(over({{"a", 1}}, {{"a.b", 2}}), R"({"a":1})");
    EXPECT_EQ(over({{"a.b", 2}}, {{"a", 1}}), R"({"a.b":2})");
    EXPECT_EQ(over({{"a.b", 2}}, {{"a[0]", 1}}), R"({"a.b":2})");
    EXPECT_EQ(over({{"a[0]", 2}}, {{"a.b", 1}}), R"({"a[0]":2})");
    const Items top{{"a", 1}}, below{{"b", 2}};
    const Layered layered = overlay({&top, &below});
    EXPECT_EQ(layered.at("a").layer, 0);
    EXPECT_EQ(layered.at("b").layer, 1);
}

std::string resolved(const Items& items, const std::string& key = "a") { return resolve(items).items.at(key).dump(); }
std::string fault(const Items& items) {
    const auto faults = resolve(items).faults;
    return faults.empty() ? "" : faults[0].key + " " + faults[0].detail;
}

TEST(References, AreResolved) {
    EXPECT_EQ(resolved({{"a", "http://${host}:${port}/"}, {"host", "x"}, {"port", 80}}), R"("http://x:80/")");
    EXPECT_EQ(resolved({{"a", "${b}"}, {"b", "${c}"}, {"c", true}}), R"("true")");
    EXPECT_EQ(resolved({{"a", "${b:none}"}}), R"("none")");
    EXPECT_EQ(resolved({{"a", "${b:}"}}), R"("")");
    EXPECT_EQ(resolved({{"a", "${b:x:y}"}}), R"("x:y")");
    EXPECT_EQ(resolved({{"a", "${b:${c}}"}, {"c", "d"}}), R"("d")");
    EXPECT_EQ(resolved({{"a", "${b:${c:e}}"}}), R"("e")");
    EXPECT_EQ(resolved({{"a", "${db.${env}.host}"}, {"env", "dev"}, {"db.dev.host", "x"}}), R"("x")");
    EXPECT_EQ(resolved({{"a", "${l[0]}"}, {"l[0]", 1.5}}), R"("1.5")");
    EXPECT_EQ(resolved({{"a", "${b}"}, {"b", Json::array()}}), R"("")");
    EXPECT_EQ(resolved({{"a", "$b {b} ${"}, {"b", 1}}), R"("$b {b} ${")");
    EXPECT_EQ(resolved({{"a", R"(\${b} ${b})"}, {"b", 1}}), R"("${b} 1")");
    EXPECT_EQ(resolved({{"a", "${b}${b}"}, {"b", "x"}}), R"("xx")"); // twice is no cycle
}

TEST(References, ThatCannotBeResolvedAreTold) {
    EXPECT_EQ(fault({{"a", "${b}"}}), "a ${b} is not set");
    EXPECT_EQ(resolved({{"a", "x ${b}"}}), R"("x ${b}")");
    EXPECT_EQ(fault({{"a", "${a}"}}), "a ${a} refers back to itself");
    EXPECT_EQ(fault({{"a", "${b}"}, {"b", "${c}"}, {"c", "x${a}"}}), "a ${a} refers back to itself");
    EXPECT_EQ(resolve({{"a", "${b}"}, {"b", "${a}"}}).faults.size(), 2u);
    EXPECT_EQ(fault({{"a", "${b:${c}}"}}), "a ${c} is not set");
    std::string nested = "x";
    for (int i = 0; i < 40; ++i) nested = "${none:" + nested + "}";
    EXPECT_EQ(fault({{"a", nested}}), "a refers too deeply");
    Items laughs{{"k0", std::string(1000, 'x')}};
    for (int i = 1; i <= 12; ++i) {
        std::string text;
        for (int k = 0; k < 10; ++k) text += "${k" + std::to_string(i - 1) + "}";
        laughs["k" + std::to_string(i)] = text;
    }
    const Resolved outcome = resolve(laughs);
    EXPECT_FALSE(outcome.faults.empty());
    EXPECT_EQ(outcome.faults.back().detail, "becomes too large");
    laughs["k0"] = ""; // of nothing, very often
    EXPECT_EQ(resolve(laughs).faults.back().detail, "becomes too large");
}

TEST(References, ToOtherApplications) {
    const Items payments{{"url", "${host}"}, {"host", "pay"}, {"back", "${[shop]a}"}, {"n", 7}}, shop{{"a", "${[payments]back}"}};
    const Others others = [&](const std::string& name) { return name == "payments" ? &payments : name == "shop" ? &shop
                                                                                                                : nullptr; };
    const auto value = [&](const std::string& text) { return resolve({{"a", text}, {"host", "own"}}, others).items.at("a").dump(); };
    EXPECT_EQ(value("${[payments]url} ${host}"), R"("pay own")");
    EXPECT_EQ(value("${[payments]n}"), R"("7")");
    EXPECT_EQ(value("${[payments]none:${host}}"), R"("own")");
    EXPECT_EQ(value("${[till]host:x}"), R"("x")");
    EXPECT_EQ(value("${[payments]:x}${[payments:y}${[]host:z}"), R"("xyz")");
    EXPECT_EQ(value("${[${host}]host:made names are none}"), R"("made names are none")");
    const auto why = [&](const std::string& text) { return resolve({{"a", text}}, others).faults.at(0).detail; };
    EXPECT_EQ(why("${[payments]none}"), "${[payments]none} is not set");
    EXPECT_EQ(why("${[payments]back}"), "${[payments]back} refers back to itself");
    EXPECT_EQ(resolve({{"a", "${[payments]n}"}}).faults.size(), 1u); // nobody knows others
}

TEST(References, ToOtherApplicationsAreResolvedWithinALayer) {
    const Items payments{{"url", R"(${host}\${x})"}, {"host", "pay"}};
    const Others others = [&](const std::string& name) { return name == "payments" ? &payments : nullptr; };
    const Items layer{{"a", "${[payments]url} ${own}"}, {"b", "${own}"}, {"c", "${[payments]none}"}, {"d", 1}}, all{{"own", "o"}};
    const Items made = resolve_others(layer, all, others);
    EXPECT_EQ(to_json(made).dump(), R"({"a":"pay\\${x} o","b":"${own}","c":"${[payments]none}","d":1})");
}

TEST(References, TellWhomTheyName) {
    const auto named = [](const std::string& text) {
        std::string all;
        for (const std::string& name : referred_applications({{"a", text}, {"b", 1}})) all += name + " ";
        return all;
    };
    EXPECT_EQ(named("${[b]x:${[a]y}} ${[b]z} ${c}"), "a b ");
    EXPECT_EQ(named(R"(\${[a]x} [b] ${[c ${[D]x} ${[]x})"), "");
    EXPECT_EQ(named("${[" + std::string(65, 'a') + "]x}"), "");
    const std::map<std::string, Names> names{{"a", {"b", "c"}}, {"b", {"d", "a"}}, {"c", {"e"}}};
    const auto next = [&](const std::string& name) { return names.contains(name) ? &names.at(name) : nullptr; };
    EXPECT_EQ(reached({"a"}, next, 10), (std::vector<std::string>{"a", "b", "c", "d", "e"})); // the nearest first, and each once
    EXPECT_EQ(reached({"a"}, next, 3), (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_EQ(reached({}, next, 3), std::vector<std::string>{});
}

} // namespace
} // namespace gravity::config
