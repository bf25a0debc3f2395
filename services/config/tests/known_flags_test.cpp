// What flags were for a context is remembered as long as it is so, and not without bounds.
#include "known_flags.hpp"

#include <gtest/gtest.h>

namespace gravity::config {
namespace {

Timestamp at_second(int second) { return Timestamp::parse("2026-11-28T12:00:00Z").or_throw() + Duration::seconds(second); }

Flag beta() {
    Flag flag;
    flag.key = FlagKey::parse("beta").or_throw();
    flag.version = Version(3);
    flag.variants = {{"on", Json::object({{"colour", "\"blue\""}})}, {"o\"ff", Json(false)}};
    flag.default_variant = VariantName("on");
    return flag;
}
Flags flags_of(Flag flag) {
    Flags flags;
    flags.emplace(flag.key.str(), std::move(flag));
    return flags;
}

TEST(FlagMemory, ShowsFlagsAsTheProtocolDoes) {
    const KnownFlags known(flags_of(beta()));
    const Flag& flag = known.flags().at("beta");
    std::string text;
    EXPECT_FALSE(known.append(text, flag, Decided{"o\"ff", Json(false), Reason::targeting_match}));
    EXPECT_EQ(Json::parse(text).or_throw(),
              Json::parse(R"({"key":"beta","reason":"TARGETING_MATCH","variant":"o\"ff","value":false,"metadata":{"version":3}})").or_throw());
    text.clear();
    EXPECT_TRUE(known.append(text, flag, TargetingKeyMissing{}));
    EXPECT_EQ(Json::parse(text).or_throw().find("errorCode")->as_string(), "TARGETING_KEY_MISSING");
}

TEST(FlagMemory, ShowsNumbersOfAFlagAllWithAPointOrNone) {
    const auto shown = [](FlagType type, std::map<std::string, Json, std::less<>> variants) {
        Flag flag = beta();
        flag.type = type;
        flag.variants = std::move(variants);
        const KnownFlags known(flags_of(flag));
        std::string texts;
        for (const auto& [variant, value] : flag.variants) {
            std::string text;
            known.append(text, flag, Decided{variant, value, Reason::static_});
            texts += text.substr(text.find("\"value\":") + 8, text.find(",\"variant\"") - text.find("\"value\":") - 8) + " ";
        }
        return texts;
    };
    EXPECT_EQ(shown(FlagType::number, {{"a", 1}, {"b", 2.5}, {"c", -3}}), "1.0 2.5 -3.0 ");
    EXPECT_EQ(shown(FlagType::number, {{"a", 1}, {"b", 2}}), "1 2 ");
    EXPECT_EQ(shown(FlagType::object, {{"a", Json::array({1, 2.5})}}), "[1,2.5] ");
}

TEST(FlagMemory, KnowsAnAnswerUntilAFlagChangesWithTheTime) {
    Flag flag = beta();
    FlagRule rule;
    rule.from = at_second(10);
    rule.until = at_second(20);
    flag.rules = {rule};
    const KnownFlags known(flags_of(flag));
    const auto knows = [&](int second) { return known.answers("{}", at_second(second)) != nullptr; };
    EXPECT_FALSE(knows(0));
    known.keep("{}", {"before", "\"1\""}, at_second(0));
    EXPECT_TRUE(knows(9));
    EXPECT_FALSE(knows(10));
    known.keep("{}", {"within", "\"2\""}, at_second(10));
    EXPECT_EQ(known.answers("{}", at_second(19))->text, "within");
    EXPECT_FALSE(knows(20));
    known.keep("{}", {"after", "\"3\""}, at_second(20));
    EXPECT_TRUE(knows(1'000'000));
    EXPECT_EQ(known.answers("{} ", at_second(20)), nullptr); // another body
}

TEST(FlagMemory, IsBounded) {
    const KnownFlags known(flags_of(beta()));
    const std::string answer(10'000, 'x');
    std::size_t kept = 0;
    for (int i = 0; i < 1'000; ++i) known.keep(std::to_string(i), {answer, "\"1\""}, at_second(0));
    for (int i = 0; i < 1'000; ++i) kept += known.answers(std::to_string(i), at_second(0)) != nullptr ? answer.size() : 0;
    EXPECT_GT(kept, 0u);
    EXPECT_LT(kept, known.bytes());
    EXPECT_NE(known.answers("999", at_second(0)), nullptr);
    known.keep(std::string(5'000, ' '), {answer, "\"1\""}, at_second(0));
    EXPECT_EQ(known.answers(std::string(5'000, ' '), at_second(0)), nullptr);
    known.keep("huge", {std::string(10'000'000, 'x'), "\"1\""}, at_second(0));
    EXPECT_EQ(known.answers("huge", at_second(0)), nullptr);
    EXPECT_FALSE(known.heavy());
}

} // namespace
} // namespace gravity::config
