#include <gravity/jobs/cron.hpp>

#include <gtest/gtest.h>

#include <random>
#include <vector>

using gravity::Duration;
using gravity::Timestamp;
using gravity::TimeZone;
using gravity::jobs::Cron;
namespace tz = gravity::tz;

namespace {

/// The next `n` times after `start`, in UTC.
std::vector<std::string> runs(const Cron& cron, std::string_view start, const TimeZone& zone, int n) {
    std::vector<std::string> out;
    auto at = Timestamp::parse(start);
    std::optional<Timestamp> next = *at;
    while (n-- > 0 && (next = cron.next_after(*next, zone))) out.push_back(next->to_string());
    return out;
}
using Runs = std::vector<std::string>;

TEST(Cron, FollowsTheFields) {
    EXPECT_EQ(runs("30 3 * * *", "2026-11-23T03:30:00Z", "UTC", 2),
              (Runs{"2026-11-24T03:30:00Z", "2026-11-25T03:30:00Z"}));
    EXPECT_EQ(runs("30 3 * * *", "2026-11-23T03:29:59.999999Z", "UTC", 1), (Runs{"2026-11-23T03:30:00Z"}));
    EXPECT_EQ(runs("*/20 9-10 * * *", "2026-11-23T00:00:00Z", "UTC", 7),
              (Runs{"2026-11-23T09:00:00Z", "2026-11-23T09:20:00Z", "2026-11-23T09:40:00Z", "2026-11-23T10:00:00Z",
                    "2026-11-23T10:20:00Z", "2026-11-23T10:40:00Z", "2026-11-24T09:00:00Z"}));
    EXPECT_EQ(runs("0 0 29 2 *", "2026-01-01T00:00:00Z", "UTC", 2),
              (Runs{"2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"}));
    EXPECT_EQ(runs("0 0 29 2 *", "2096-03-01T00:00:00Z", "UTC", 1), (Runs{"2104-02-29T00:00:00Z"})); // 2100 has none
    EXPECT_EQ(runs("0 12 31 * *", "2026-01-31T12:00:00Z", "UTC", 2),
              (Runs{"2026-03-31T12:00:00Z", "2026-05-31T12:00:00Z"}));
    EXPECT_EQ(runs("15,45 10 * JAN,jul Mon-Fri", "2026-07-31T10:15:00Z", "UTC", 2),
              (Runs{"2026-07-31T10:45:00Z", "2027-01-01T10:15:00Z"}));
    EXPECT_EQ(runs("0 0 * * 7", "2026-11-23T00:00:00Z", "UTC", 1), (Runs{"2026-11-29T00:00:00Z"}));
    EXPECT_EQ(runs("0 0 * * 5-7", "2026-11-23T00:00:00Z", "UTC", 4),
              (Runs{"2026-11-27T00:00:00Z", "2026-11-28T00:00:00Z", "2026-11-29T00:00:00Z", "2026-12-04T00:00:00Z"}));
    EXPECT_EQ(runs("59 59 23 31 12 *", "2026-01-01T00:00:00Z", "UTC", 1), (Runs{"2026-12-31T23:59:59Z"}));
    EXPECT_EQ(runs("*/15 * * * * *", "2026-01-01T00:00:30Z", "UTC", 3),
              (Runs{"2026-01-01T00:00:45Z", "2026-01-01T00:01:00Z", "2026-01-01T00:01:15Z"}));
    EXPECT_EQ(runs("@weekly", "2026-11-23T00:00:00Z", "UTC", 1), (Runs{"2026-11-29T00:00:00Z"}));
    EXPECT_EQ(runs("@hourly", "2026-11-23T00:00:00Z", "UTC", 1), (Runs{"2026-11-23T01:00:00Z"}));
    EXPECT_EQ(runs("0 0 * * *", "1969-12-30T12:00:00Z", "UTC", 2),
              (Runs{"1969-12-31T00:00:00Z", "1970-01-01T00:00:00Z"}));
}

TEST(Cron, TakesEitherDayWhenBothAreRestricted) {
    // crontab(5): "30 4 1,15 * 5" is 4:30 on the 1st and 15th, plus every Friday
    EXPECT_EQ(runs("30 4 1,15 * 5", "2026-11-23T00:00:00Z", "UTC", 4),
              (Runs{"2026-11-27T04:30:00Z", "2026-12-01T04:30:00Z", "2026-12-04T04:30:00Z", "2026-12-11T04:30:00Z"}));
    // "*/2" begins with a star, so both must hold: Mondays on odd days
    EXPECT_EQ(runs("0 0 */2 * mon", "2026-11-01T00:00:00Z", "UTC", 3),
              (Runs{"2026-11-09T00:00:00Z", "2026-11-23T00:00:00Z", "2026-12-07T00:00:00Z"}));
}

TEST(Cron, RunsSkippedTimesOnceAtTheChange) {
    const TimeZone berlin = "Europe/Berlin"; // 2026-03-29: 02:00 becomes 03:00 at 01:00Z
    EXPECT_EQ(runs("30 2 * * *", "2026-03-28T00:00:00Z", berlin, 3),
              (Runs{"2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"}));
    EXPECT_EQ(runs("0,15,30 2,3 * * *", "2026-03-29T00:59:59Z", berlin, 3),
              (Runs{"2026-03-29T01:00:00Z", "2026-03-29T01:15:00Z", "2026-03-29T01:30:00Z"}));
    EXPECT_EQ(runs("30 2 * * *", "2026-03-29T01:00:00Z", berlin, 1), (Runs{"2026-03-30T00:30:00Z"})); // once
    EXPECT_EQ(runs("30 2 29 3 *", "2026-01-01T00:00:00Z", berlin, 1), (Runs{"2026-03-29T01:00:00Z"}));
}

TEST(Cron, RunsRepeatedTimesTheFirstTimeOnly) {
    const TimeZone berlin = "Europe/Berlin"; // 2026-10-25: 03:00 becomes 02:00 at 01:00Z
    EXPECT_EQ(runs("30 2 * * *", "2026-10-24T12:00:00Z", berlin, 2),
              (Runs{"2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"}));
    EXPECT_EQ(runs("0 2 * * *", "2026-10-24T12:00:00Z", berlin, 2),
              (Runs{"2026-10-25T00:00:00Z", "2026-10-26T01:00:00Z"}));
    EXPECT_EQ(runs("30 2 * * *", "2026-10-25T01:10:00Z", berlin, 1),
              (Runs{"2026-10-26T01:30:00Z"})); // asked in the second pass
    EXPECT_EQ(runs("0 3 * * *", "2026-10-25T00:30:00Z", berlin, 1), (Runs{"2026-10-25T02:00:00Z"}));
}

TEST(Cron, FollowsTheClockWhenMinuteOrHourIsAStar) {
    const TimeZone berlin = "Europe/Berlin";
    EXPECT_EQ(runs("*/30 * * * *", "2026-03-29T00:30:00Z", berlin, 2),
              (Runs{"2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"}));
    EXPECT_EQ(runs("5 * * * *", "2026-03-29T00:05:00Z", berlin, 2),
              (Runs{"2026-03-29T01:05:00Z", "2026-03-29T02:05:00Z"}));
    EXPECT_EQ(runs("5 * * * *", "2026-10-25T00:00:00Z", berlin, 3),
              (Runs{"2026-10-25T00:05:00Z", "2026-10-25T01:05:00Z", "2026-10-25T02:05:00Z"}));
    EXPECT_EQ(runs("*/20 2 * * *", "2026-10-24T23:59:00Z", berlin, 6).back(), "2026-10-25T01:40:00Z"); // both passes
    EXPECT_EQ(runs("*/20 2 * * *", "2026-03-29T00:00:00Z", berlin, 1),
              (Runs{"2026-03-30T00:00:00Z"})); // no such hour that day
}

TEST(Cron, SurvivesADayThatNeverWas) {
    EXPECT_EQ(runs("0 12 * * *", "2011-12-29T00:00:00Z", "Pacific/Apia", 3),
              (Runs{"2011-12-29T22:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T22:00:00Z"}));
}

TEST(Cron, EndsWithTheCalendar) {
    EXPECT_EQ(Cron("0 0 1 1 *").next_after(*Timestamp::parse("9999-06-01T00:00:00Z"), "UTC"), std::nullopt);
    EXPECT_EQ(Cron("0 0 1 1 *").next_after(Timestamp::max(), "Asia/Tokyo"), std::nullopt);
    EXPECT_TRUE(Cron("0 0 1 1 *").next_after(Timestamp::min(), "America/New_York"));
}

TEST(Cron, AgreesWithAWalkOverEveryMinute) {
    // The definition, spelled out: each local minute that matches, brought to UTC, skipped ones to the end of the gap.
    const TimeZone zone = "America/New_York";
    struct Fixed {
        const char* text;
        unsigned hour;
        unsigned minute;
    };
    for (const Fixed& job : {Fixed{"15 1 * * *", 1, 15}, Fixed{"45 2 * * *", 2, 45}, Fixed{"0 3 * * *", 3, 0},
                             Fixed{"59 23 * * *", 23, 59}, Fixed{"0 0 * * *", 0, 0}}) {
        const Cron cron(Cron::parse(job.text).or_throw());
        Timestamp at = *Timestamp::parse("2026-01-01T12:00:00Z");
        for (gravity::Date day = gravity::Date::of(2026, 1, 2); day.year() < 2028; day = day + 1) {
            const auto local = gravity::LocalTime::of(day, job.hour, job.minute);
            Timestamp expected = tz::to_utc(local, zone);
            if (tz::kind_of(local, zone) == tz::Kind::skipped) expected = tz::segment_at(expected, zone).begin;
            const auto next = cron.next_after(at, zone);
            ASSERT_TRUE(next);
            if (at == *Timestamp::parse("2026-01-01T12:00:00Z") && *next < expected) { // the rest of the first day
                at = *next;
                day = day - 1;
                continue;
            }
            ASSERT_EQ(*next, expected) << job.text << ' ' << local.to_string();
            at = *next;
        }
    }
}

TEST(Cron, NextIsTheFirstAfterAnyStart) {
    // From any start, the answer is later, and from just before it the answer is the same.
    std::mt19937_64 random(5);
    const Timestamp base = *Timestamp::parse("2026-01-01T00:00:00Z");
    for (const char* text : {"30 2 * * *", "*/7 * * * *", "0 */5 * * *", "0 0 1,15 * fri", "10 30 1-3 * * *"}) {
        const Cron cron = Cron::parse(text).or_throw();
        for (const TimeZone& zone :
             {TimeZone("Europe/Berlin"), TimeZone("Australia/Lord_Howe"), TimeZone("America/Havana")}) {
            for (int i = 0; i < 300; ++i) {
                const Timestamp start =
                    base + Duration::seconds(static_cast<std::int64_t>(random() % (2 * 365 * 86'400)));
                const auto next = cron.next_after(start, zone);
                ASSERT_TRUE(next);
                ASSERT_GT(*next, start);
                ASSERT_EQ(cron.next_after(*next - Duration::microseconds(1), zone), next)
                    << text << ' ' << zone.view() << ' ' << start.to_string();
                const auto middle = start + (*next - start) / 2;
                ASSERT_EQ(cron.next_after(middle, zone), next)
                    << text << ' ' << zone.view() << ' ' << start.to_string();
            }
        }
    }
}

TEST(Cron, RefusesWhatItDoesNotKnow) {
    for (const char* bad : {"",
                            "*",
                            "* * * *",
                            "* * * * * * *",
                            "60 * * * *",
                            "* 24 * * *",
                            "* * 0 * *",
                            "* * 32 * *",
                            "* * * 0 *",
                            "* * * 13 *",
                            "* * * * 8",
                            "a * * * *",
                            "5/15 * * * *",
                            "*/0 * * * *",
                            "*/60 * * * *",
                            "10-5 * * * *",
                            "1,,2 * * * *",
                            "1- * * * *",
                            "-1 * * * *",
                            "* * L * *",
                            "* * * foo *",
                            "* * jan * *",
                            "@reboot",
                            "@Daily",
                            "0 0 30 2 *",
                            "0 0 31 4,6,9,11 *",
                            "1-2-3 * * * *",
                            "* * * * mon#2",
                            "1 1 1 1 1\n",
                            "\t* * * * *x",
                            "001 * * * *",
                            "*/ * * * *"}) {
        EXPECT_FALSE(Cron::parse(bad)) << bad;
    }
    EXPECT_TRUE(Cron::parse("0 0 30 2 mon")); // any Monday in February
    EXPECT_TRUE(Cron::parse("0 0 29 2 *"));
    EXPECT_FALSE(Cron::parse(std::string(300, ' ') + "* * * * *"));
    EXPECT_EQ(Cron::parse("  0   3 * *  * ")->to_string(), "0 3 * * *");
    EXPECT_EQ(Cron::parse("@daily")->to_string(), "@daily");
    EXPECT_EQ(Cron::parse("x * * * *").why(), "must have valid minutes (0 to 59), not \"x\"");
    EXPECT_FALSE(Cron{}.is_set());
    EXPECT_EQ(Cron{}.next_after(Timestamp::from_unix_us(0), "UTC"), std::nullopt);
}

} // namespace
