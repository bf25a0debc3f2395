#include "meters_domain.hpp"

#include <gtest/gtest.h>

namespace gravity::project {
namespace {

TEST(Decimals, AreKeptAsTheyWereWritten) {
    const std::pair<std::string, std::string> taken[] = {{"0", "0"},
                                                         {"-0.0", "0"},
                                                         {"007", "7"},
                                                         {"0.10", "0.1"},
                                                         {"-12.50", "-12.5"},
                                                         {"1e3", "1000"},
                                                         {"1.5E-3", "0.0015"},
                                                         {"12.5e1", "125"},
                                                         {"1e+2", "100"},
                                                         {"0.000000000001", "0.000000000001"},
                                                         {"123456789012345678", "123456789012345678"}};
    for (const auto& [text, kept] : taken) EXPECT_EQ(Decimal::parse(text).or_throw().str(), kept) << text;
    for (const std::string text : {"", "-", "+1", ".5", "1.", "1e", "1e--5", "NaN", "Infinity", "1e400", "1e101", "0x1", "1 ", "1,5", "1e18",
                                   "0.0000000000001", "1234567890123456789"})
        EXPECT_FALSE(Decimal::parse(text)) << text;
    EXPECT_FALSE(Decimal::parse(std::string(65, '1')));
}

TEST(Readings, AreNamedPlainly) {
    for (const std::string text : {"tokens", "requests.day", "a-b_c.d", "0"}) EXPECT_TRUE(MeterSlug::parse(text)) << text;
    for (const std::string& text : std::vector<std::string>{"", ".", "a.", "-a", "a..b", "A", "a b", "m\xc3\xa9", std::string(65, 'a')})
        EXPECT_FALSE(MeterSlug::parse(text)) << text;
    for (const std::string text : {"$.a", "$.a.b-c._d", "$.a.b.c.d.e.f.g.h"}) EXPECT_TRUE(JsonPath::parse(text)) << text;
    for (const std::string& text :
         std::vector<std::string>{"", "$", "a", "$.", "$.a.", "$..a", "$.a[0]", "$.1", "$['a']", "$.a.b.c.d.e.f.g.h.i", "$." + std::string(255, 'a')})
        EXPECT_FALSE(JsonPath::parse(text)) << text;
}

NewMeter counting(Aggregation aggregation = Aggregation::sum) {
    NewMeter meter;
    meter.slug = "tokens";
    meter.event_type = "model.called";
    meter.aggregation = aggregation;
    if (aggregation != Aggregation::count) meter.value_path = "$.usage.tokens";
    return meter;
}
Json data(std::string_view text) { return Json::parse(text).or_throw(); }
std::string read(const NewMeter& meter, std::string_view text) {
    const auto measured = measure(meter, data(text));
    const auto* value = std::get_if<Measured>(&measured);
    return value == nullptr ? "refused: " + std::get<std::string>(measured) : value->value.str() + " " + value->grouping;
}

TEST(Readings, ReadNumbersExactly) {
    EXPECT_EQ(read(counting(), R"({"usage":{"tokens":5}})"), "5 {}");
    EXPECT_EQ(read(counting(), R"({"usage":{"tokens":0.1}})"), "0.1 {}");
    EXPECT_EQ(read(counting(), R"({"usage":{"tokens":-2.5e-3}})"), "-0.0025 {}");
    EXPECT_EQ(read(counting(), R"({"usage":{"tokens":"123456789012345678.123456789012"}})"), "123456789012345678.123456789012 {}");
    EXPECT_EQ(read(counting(), R"({"usage":{"tokens":123456789012345678}})"), "123456789012345678 {}");
    EXPECT_EQ(read(counting(Aggregation::count), R"({})"), "1 {}");
    for (const std::string text :
         {R"({})", R"(null)", R"(5)", R"({"usage":5})", R"({"usage":{"tokens":null}})", R"({"usage":{"tokens":true}})", R"({"usage":{"tokens":{}}})",
          R"({"usage":{"tokens":"NaN"}})", R"({"usage":{"tokens":"1e400"}})", R"({"usage":{"tokens":1e300}})", R"({"usage":{"tokens":1234567890123456.5}})",
          R"({"usage":{"tokens":999999999999999.9}})"})
        EXPECT_TRUE(read(counting(), text).starts_with("refused: $.usage.tokens")) << text << read(counting(), text);
}

// As programs write what they have reckoned with doubles: durations, shares, sums. Behind the point what is no sure digit is left out, before it nothing.
TEST(Readings, RoundWhatReckoningLeftBehindThePoint) {
    const auto of = [](const std::string& number) { return read(counting(), R"({"usage":{"tokens":)" + number + "}}"); };
    const std::pair<std::string, std::string> taken[] = {{"0.30000000000000004", "0.3"},
                                                         {"-0.30000000000000004", "-0.3"},
                                                         {"0.3333333333333333", "0.333333333333"},
                                                         {"1234.5678000000305", "1234.56780000003"},
                                                         {"99999.999999999999", "100000"},
                                                         {"123456789012345.0", "123456789012345"},
                                                         {"0.000000000001", "0.000000000001"},
                                                         {"5.551115123125783e-17", "0"},
                                                         {"-5e-324", "0"},
                                                         {"1e17", "100000000000000000"}};
    for (const auto& [number, kept] : taken) EXPECT_EQ(of(number), kept + " {}") << number;
    EXPECT_EQ(of(R"("0.3000000000000")"), "0.3 {}");
    EXPECT_TRUE(of(R"("0.30000000000000004")").starts_with("refused: ")); // a text is what it says, or nothing
}

TEST(Readings, TakeWhatIsCountedOnceAsAText) {
    const auto distinct = [](std::string_view text) -> std::string {
        const auto measured = measure(counting(Aggregation::unique_count), data(text));
        const auto* value = std::get_if<Measured>(&measured);
        return value == nullptr ? "refused: " + std::get<std::string>(measured) : value->value.str() + " " + value->distinct.value_or("none");
    };
    EXPECT_EQ(distinct(R"({"usage":{"tokens":"u-1"}})"), "1 u-1");
    EXPECT_EQ(distinct(R"({"usage":{"tokens":""}})"), "1 ");
    for (const std::string seven : {"7", "7.0", "0.7e1", "\"7\""}) EXPECT_EQ(distinct(R"({"usage":{"tokens":)" + seven + "}}"), "1 7") << seven;
    EXPECT_EQ(distinct(R"({"usage":{"tokens":-1.50}})"), "1 -1.5");
    EXPECT_EQ(distinct(R"({"usage":{"tokens":1e300}})"), "1 1e+300");
    EXPECT_EQ(distinct(R"({"usage":{"tokens":false}})"), "1 false");
    EXPECT_EQ(distinct(R"({"usage":{"tokens":")" + std::string(256, 'x') + "\"}}"), "1 " + std::string(256, 'x'));
    for (const std::string& text : std::vector<std::string>{R"({})", R"(null)", R"({"usage":{"tokens":null}})", R"({"usage":{"tokens":[]}})",
                                                            R"({"usage":{"tokens":{}}})", R"({"usage":{"tokens":")" + std::string(257, 'x') + "\"}}"})
        EXPECT_TRUE(distinct(text).starts_with("refused: $.usage.tokens")) << text;
    EXPECT_FALSE(adds_up(Aggregation::unique_count));
}

TEST(Readings, SplitByWhatAnEventSays) {
    NewMeter meter = counting(Aggregation::count);
    meter.group_by.emplace();
    (*meter.group_by)["model"] = JsonPath("$.model");
    (*meter.group_by)["cached"] = JsonPath("$.cached");
    EXPECT_EQ(read(meter, R"({"model":"m-1","cached":true})"), R"(1 {"cached":"true","model":"m-1"})");
    EXPECT_EQ(read(meter, R"({"model":7})"), R"(1 {"cached":"","model":"7"})");
    EXPECT_EQ(read(meter, R"({"model":7.0,"cached":-0.0})"), R"(1 {"cached":"0","model":"7"})"); // the same numbers, as Python writes them
    EXPECT_TRUE(read(meter, R"({"model":{}})").starts_with("refused: $.model"));
    EXPECT_TRUE(read(meter, R"({"model":")" + std::string(129, 'x') + "\"}").starts_with("refused: $.model"));
}

} // namespace
} // namespace gravity::project
