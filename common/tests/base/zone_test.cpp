#include "base/zone.hpp"

#include <gtest/gtest.h>

#include <random>

using gravity::zone::Stretch;
using gravity::zone::Zone;
namespace zone = gravity::zone;

namespace {

std::string number(std::uint64_t value, std::size_t size) {
    std::string out;
    for (std::size_t i = size; i-- > 0;) out += static_cast<char>(value >> (8 * i));
    return out;
}
std::string header(char version, std::uint32_t leaps, std::uint32_t times, std::uint32_t types, std::uint32_t chars) {
    return std::string("TZif") + version + std::string(15, '\0') + number(0, 4) + number(0, 4) + number(leaps, 4) +
           number(times, 4) + number(types, 4) + number(chars, 4);
}
std::string type(std::int32_t offset) { return number(static_cast<std::uint32_t>(offset), 4) + std::string(2, '\0'); }

/// An empty version 1 block and a block with the changes given; types are 0, 3600 and 7200 seconds.
std::string file(const std::vector<std::pair<std::int64_t, int>>& changes, std::string_view rule) {
    std::string out = header('2', 0, 0, 1, 4) + type(0) + std::string("LMT\0", 4);
    out += header('2', 0, static_cast<std::uint32_t>(changes.size()), 3, 4);
    for (const auto& [at, kind] : changes) out += number(static_cast<std::uint64_t>(at), 8);
    for (const auto& [at, kind] : changes) out += static_cast<char>(kind);
    out += type(0) + type(3'600) + type(7'200) + std::string("LMT\0", 4);
    return out + '\n' + std::string(rule) + '\n';
}

TEST(ZoneRule, ReadsPosixTexts) {
    const auto berlin = zone::parse_rule("CET-1CEST,M3.5.0,M10.5.0/3");
    ASSERT_TRUE(berlin);
    EXPECT_EQ(berlin->standard, 3'600);
    EXPECT_EQ(berlin->saving, 7'200);
    EXPECT_EQ(berlin->begin.in_year(2026), 1'774'749'600); // 2026-03-29T02:00:00
    EXPECT_EQ(berlin->end.in_year(2026), 1'792'897'200);   // 2026-10-25T03:00:00
    EXPECT_EQ(zone::parse_rule("<+0330>-3:30")->standard, 12'600);
    EXPECT_EQ(zone::parse_rule("EST5")->standard, -18'000);
    const auto dublin = zone::parse_rule("IST-1GMT0,M10.5.0,M3.5.0/1"); // winter time is the "saving"
    EXPECT_EQ(dublin->saving, 0);
    const auto gaza = zone::parse_rule("EET-2EEST,M3.4.4/50,M10.4.4/50"); // hours beyond a day
    EXPECT_EQ(gaza->begin.time, 50 * 3'600);
    EXPECT_EQ(zone::parse_rule("<-02>2<-01>,M3.5.0/-1,M10.5.0/0")->begin.time, -3'600);
    const auto julian = zone::parse_rule("AAA3BBB,J60,59/0");
    EXPECT_EQ(julian->begin.in_year(2024), 1'709'251'200 + 7'200); // J60 is 1 March in every year
    EXPECT_EQ(julian->begin.in_year(2023), 1'677'628'800 + 7'200);
    EXPECT_EQ(julian->end.in_year(2024), 1'709'164'800); // day 59 from zero is 29 February in a leap year
}

TEST(ZoneRule, RefusesTheRest) {
    for (const char* bad : {"",
                            "CET",
                            "C-1",
                            "CET-25",
                            "CET-1CEST",
                            "CET-1CEST,",
                            "CET-1CEST,M3.5.0",
                            "CET-1CEST,M13.5.0,M10.5.0",
                            "CET-1CEST,M0.5.0,M10.5.0",
                            "CET-1CEST,M3.6.0,M10.5.0",
                            "CET-1CEST,M3.0.0,M10.5.0",
                            "CET-1CEST,M3.5.7,M10.5.0",
                            "CET-1CEST,J0,J1",
                            "CET-1CEST,J366,J1",
                            "CET-1CEST,366,1",
                            "CET-1CEST,M3.5.0,M10.5.0/168",
                            "CET-1CEST,M3.5.0,M10.5.0/",
                            "CET-1CEST,M3.5.0,M10.5.0x",
                            "<CET-1",
                            "<>-1",
                            "CET-1:60"}) {
        EXPECT_FALSE(zone::parse_rule(bad)) << bad;
    }
}

TEST(Zone, FollowsTheTableThenTheRule) {
    const auto z = Zone::parse(file({{100, 1}, {200, 2}, {300, 2}, {400, 1}}, "CET-1CEST,M3.5.0,M10.5.0/3"));
    ASSERT_TRUE(z);
    const Stretch before = z->at(99);
    EXPECT_EQ(before.begin, zone::always);
    EXPECT_EQ(before.end, 100);
    EXPECT_EQ(before.offset, 0);
    const Stretch merged = z->at(350); // the change at 300 changes nothing
    EXPECT_EQ(merged.begin, 200);
    EXPECT_EQ(merged.end, 400);
    EXPECT_EQ(merged.offset, 7'200);
    EXPECT_EQ(merged.offset_before, 3'600);
    const Stretch last = z->at(400);
    EXPECT_EQ(last.begin, 400);
    EXPECT_EQ(last.offset, 3'600);
    EXPECT_EQ(last.end, 7'520'400); // 1970-03-29T01:00:00Z
    const Stretch summer = z->at(last.end);
    EXPECT_EQ(summer.begin, last.end);
    EXPECT_EQ(summer.offset, 7'200);
    EXPECT_EQ(summer.offset_before, 3'600);
}

TEST(Zone, EndsWithoutARuleOrWithAFixedOne) {
    EXPECT_EQ(Zone::parse(file({{100, 1}}, ""))->at(1'000'000'000'000).end, zone::forever);
    EXPECT_EQ(Zone::parse(file({{100, 1}}, "CET-1"))->at(100).begin, 100);
    const auto all_year =
        Zone::parse(file({{100, 1}}, "XXX0YYY,0/0,J365/25")); // RFC 9636 section 3.3.2: saving time all year
    ASSERT_TRUE(all_year);
    EXPECT_EQ(all_year->at(1'000'000'000).offset, 3'600);
    EXPECT_EQ(all_year->at(1'009'843'200).offset, 3'600); // at the turn of a year
    EXPECT_EQ(Zone::utc().at(0).end, zone::forever);
}

TEST(Zone, RefusesDamagedFiles) {
    const std::string good = file({{100, 1}, {200, 2}}, "CET-1");
    ASSERT_TRUE(Zone::parse(good));
    for (std::size_t n = 0; n < good.size(); ++n) EXPECT_FALSE(Zone::parse(std::string_view(good).substr(0, n))) << n;
    EXPECT_FALSE(Zone::parse(good + "x"));
    EXPECT_FALSE(Zone::parse(file({{200, 1}, {100, 2}}, "CET-1")));
    EXPECT_FALSE(Zone::parse(file({{100, 3}}, "CET-1")));
    EXPECT_FALSE(Zone::parse(file({{100, 1}}, "nonsense")));
    std::string version_1 = good;
    version_1[4] = '\0';
    EXPECT_FALSE(Zone::parse(version_1));
    std::mt19937_64 random(1);
    for (int i = 0; i < 20'000; ++i) { // whatever it says, reading it ends and stays inside
        std::string mutated = good;
        for (int k = 0; k < 3; ++k) mutated[random() % mutated.size()] = static_cast<char>(random());
        if (const auto z = Zone::parse(mutated)) {
            for (const std::int64_t at : {std::int64_t{0}, std::int64_t{150}, std::int64_t{253'402'300'799}}) {
                const Stretch s = z->at(at);
                ASSERT_LE(s.begin, at);
                ASSERT_GT(s.end, at);
            }
        }
    }
}

} // namespace
