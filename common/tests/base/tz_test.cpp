#include <gravity/base/tz.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

using gravity::Date;
using gravity::Duration;
using gravity::LocalTime;
using gravity::Timestamp;
using gravity::TimeZone;
namespace tz = gravity::tz;

namespace {

std::string utc(std::string_view local, const TimeZone& zone) {
    return tz::to_utc(*LocalTime::parse(local), zone).to_string();
}
std::string local(std::string_view at, const TimeZone& zone) {
    return tz::to_local(*Timestamp::parse(at), zone).to_string();
}
tz::Kind kind(std::string_view text, const TimeZone& zone) { return tz::kind_of(*LocalTime::parse(text), zone); }

TEST(Tz, ConvertsOrdinaryTimes) {
    const TimeZone berlin = "Europe/Berlin";
    EXPECT_EQ(utc("2026-01-15T12:00:00", berlin), "2026-01-15T11:00:00Z");
    EXPECT_EQ(utc("2026-07-15T12:00:00.123456", berlin), "2026-07-15T10:00:00.123456Z");
    EXPECT_EQ(local("2026-07-15T22:30:00.000001Z", berlin), "2026-07-16T00:30:00.000001");
    EXPECT_EQ(utc("2026-07-15T12:00:00", "Asia/Kathmandu"), "2026-07-15T06:15:00Z");
    EXPECT_EQ(utc("2026-07-15T12:00:00", "UTC"), "2026-07-15T12:00:00Z");
    EXPECT_EQ(tz::offset_at(*Timestamp::parse("2026-07-15T12:00:00Z"), "America/St_Johns"), Duration::minutes(-150));
}

TEST(Tz, ReadsASkippedTimeWithTheOffsetBeforeTheGap) {
    // RFC 5545 section 3.3.5: 2007-03-11T02:30 in New York "refers to 2007-03-11T03:30:00-0400"
    const TimeZone new_york = "America/New_York";
    EXPECT_EQ(kind("2007-03-11T02:30:00", new_york), tz::Kind::skipped);
    EXPECT_EQ(utc("2007-03-11T02:30:00", new_york), "2007-03-11T07:30:00Z");
    EXPECT_EQ(local("2007-03-11T07:30:00Z", new_york), "2007-03-11T03:30:00");
    EXPECT_EQ(kind("2007-03-11T01:59:59.999999", new_york), tz::Kind::unique);
    EXPECT_EQ(kind("2007-03-11T02:00:00", new_york), tz::Kind::skipped);
    EXPECT_EQ(kind("2007-03-11T02:59:59.999999", new_york), tz::Kind::skipped);
    EXPECT_EQ(kind("2007-03-11T03:00:00", new_york), tz::Kind::unique);
}

TEST(Tz, ReadsARepeatedTimeAsTheFirst) {
    // RFC 5545 section 3.3.5: 2007-11-04T01:30 "indicates 2007-11-04T01:30:00-0400"
    const TimeZone new_york = "America/New_York";
    EXPECT_EQ(kind("2007-11-04T01:30:00", new_york), tz::Kind::repeated);
    EXPECT_EQ(utc("2007-11-04T01:30:00", new_york), "2007-11-04T05:30:00Z");
    EXPECT_EQ(local("2007-11-04T06:30:00Z", new_york), "2007-11-04T01:30:00");
    EXPECT_EQ(kind("2007-11-04T02:00:00", new_york), tz::Kind::unique);
    EXPECT_EQ(utc("2026-10-25T02:30:00", "Europe/Berlin"), "2026-10-25T00:30:00Z");
    EXPECT_EQ(utc("2026-04-05T01:45:00", "Australia/Lord_Howe"), "2026-04-04T14:45:00Z"); // by half an hour
}

TEST(Tz, KnowsADayThatNeverWas) {
    EXPECT_EQ(kind("2011-12-30T12:00:00", "Pacific/Apia"), tz::Kind::skipped);
    EXPECT_EQ(utc("2011-12-30T12:00:00", "Pacific/Apia"), "2011-12-30T22:00:00Z"); // shown as the 31st, 12:00
}

TEST(Tz, GivesTheSegmentsOfAYear) {
    const TimeZone berlin = "Europe/Berlin";
    const tz::Segment summer = tz::segment_at(*Timestamp::parse("2026-07-01T00:00:00Z"), berlin);
    EXPECT_EQ(summer.begin.to_string(), "2026-03-29T01:00:00Z");
    EXPECT_EQ(summer.end.to_string(), "2026-10-25T01:00:00Z");
    EXPECT_EQ(summer.offset, Duration::hours(2));
    EXPECT_EQ(summer.offset_before, Duration::hours(1));
    EXPECT_EQ(tz::segment_at(summer.begin, berlin).begin, summer.begin); // inclusive
    EXPECT_EQ(tz::segment_at(summer.begin - Duration::microseconds(1), berlin).end, summer.begin);
    EXPECT_EQ(tz::segment_at(summer.end, berlin).begin, summer.end);
    const tz::Segment utc_only = tz::segment_at(*Timestamp::parse("2026-07-01T00:00:00Z"), "UTC");
    EXPECT_EQ(utc_only.begin, Timestamp::min());
    EXPECT_EQ(utc_only.end, Timestamp::max());
    EXPECT_EQ(utc_only.offset_before, Duration::zero());
}

TEST(Tz, GoesThereAndBackOverTheYears) {
    for (const TimeZone& zone :
         {TimeZone("Europe/Berlin"), TimeZone("America/New_York"), TimeZone("Australia/Lord_Howe"),
          TimeZone("Asia/Tehran"), TimeZone("Africa/Casablanca")}) {
        Timestamp at = *Timestamp::parse("1995-01-01T00:00:00Z");
        const Timestamp end = *Timestamp::parse("2036-01-01T00:00:00Z");
        for (; at < end; at += Duration::minutes(607)) {
            const LocalTime shown = tz::to_local(at, zone);
            const Timestamp back = tz::to_utc(shown, zone);
            if (tz::kind_of(shown, zone) == tz::Kind::repeated) {
                ASSERT_LE(back, at) << zone.view() << ' ' << at.to_string();
                ASSERT_EQ(tz::to_local(back, zone), shown);
            } else {
                ASSERT_EQ(back, at) << zone.view() << ' ' << at.to_string();
            }
        }
    }
}

TEST(Tz, HoldsAtTheEndsOfTheCalendar) {
    EXPECT_THROW(tz::to_local(Timestamp::max(), "Asia/Tokyo"), std::overflow_error);
    EXPECT_THROW(tz::to_utc(*LocalTime::parse("0001-01-01T00:00:00"), "Asia/Tokyo"), std::overflow_error);
    EXPECT_EQ(local("9999-12-31T23:59:59Z", "America/New_York"), "9999-12-31T18:59:59");
    EXPECT_EQ(tz::segment_at(Timestamp::min(), "Europe/Berlin").begin, Timestamp::min());
}

TEST(Tz, IsReadByManyThreads) {
    std::vector<std::thread> threads;
    std::vector<int> wrong(4, 0);
    for (int& n : wrong) {
        threads.emplace_back([&n] {
            for (const char* name :
                 {"Europe/Paris", "Europe/Rome", "Europe/Madrid", "Europe/Vienna", "Europe/Prague"}) {
                const auto zone = TimeZone::parse(name);
                for (int i = 0; i < 200; ++i)
                    n += tz::offset_at(Timestamp::from_unix_seconds(1'784'000'000), *zone) != Duration::hours(2);
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

TEST(LocalTime, ReadsAndWrites) {
    const LocalTime t = LocalTime::of(Date::of(2026, 3, 29), 2, 30, 15, 500'000);
    EXPECT_EQ(t.to_string(), "2026-03-29T02:30:15.500");
    EXPECT_EQ(*LocalTime::parse("2026-03-29T02:30:15.5"), t);
    EXPECT_EQ(*LocalTime::from_postgres("2026-03-29 02:30:15.5"), t);
    EXPECT_EQ(t.date().to_string(), "2026-03-29");
    EXPECT_EQ(t.hour(), 2u);
    EXPECT_EQ(t.minute(), 30u);
    EXPECT_EQ(t.second(), 15u);
    EXPECT_EQ(t.microsecond(), 500'000u);
    EXPECT_EQ(LocalTime::of(Date::of(1960, 1, 1), 23, 59).hour(), 23u); // before the epoch
    for (const char* bad : {"", "2026-03-29", "2026-03-29T02:30", "2026-03-29T02:30:00Z", "2026-03-29T02:30:00+01:00",
                            "2026-03-29 02:30:00", "2026-02-29T00:00:00", "2026-03-29T24:00:00"}) {
        EXPECT_FALSE(LocalTime::parse(bad)) << bad;
    }
    EXPECT_FALSE(LocalTime::from_postgres("2026-03-29 02:30:15+00"));
    EXPECT_THROW(LocalTime::of(Date::of(2026, 3, 29), 24, 0), std::invalid_argument);
    EXPECT_FALSE(LocalTime{}.is_set());
}

/// What the C library, another reader of the same data, thinks the offset is.
std::int64_t c_offset(std::int64_t seconds, const char* zone) {
    setenv("TZ", zone, 1);
    tzset();
    std::tm shown{};
    const std::time_t time = seconds;
    localtime_r(&time, &shown);
    unsetenv("TZ");
    tzset();
    return shown.tm_gmtoff;
}

TEST(Tz, AgreesWithTheCLibrary) {
    std::mt19937_64 random(7);
    std::uniform_int_distribution<std::int64_t> any(-3'000'000'000,
                                                    7'000'000'000); // 1874 to 2191: before, in and after the tables
    for (const char* name : {"Europe/Berlin", "Europe/Dublin", "America/New_York", "America/Mexico_City",
                             "America/Sao_Paulo", "America/St_Johns", "America/Nuuk", "Asia/Tehran", "Asia/Gaza",
                             "Asia/Kolkata", "Africa/Casablanca", "Africa/Cairo", "Australia/Lord_Howe", "Pacific/Apia",
                             "Pacific/Chatham", "Antarctica/Troll", "Etc/GMT-14", "UTC"}) {
        const TimeZone zone = TimeZone::parse(name).or_throw();
        for (int i = 0; i < 400; ++i) {
            const std::int64_t at = any(random);
            ASSERT_EQ(tz::offset_at(Timestamp::from_unix_seconds(at), zone).count_seconds(), c_offset(at, name))
                << name << ' ' << at;
        }
    }
}

TEST(Tz, SegmentsJoinWithoutAGap) {
    for (const TimeZone& zone : {TimeZone("Europe/Berlin"), TimeZone("America/Sao_Paulo"),
                                 TimeZone("Africa/Casablanca"), TimeZone("Pacific/Apia")}) {
        tz::Segment segment = tz::segment_at(Timestamp::min(), zone);
        EXPECT_EQ(segment.begin, Timestamp::min());
        int n = 0;
        for (; segment.end < *Timestamp::parse("2200-01-01T00:00:00Z"); ++n) {
            const tz::Segment next = tz::segment_at(segment.end, zone);
            ASSERT_EQ(next.begin, segment.end) << zone.view();
            ASSERT_EQ(next.offset_before, segment.offset) << zone.view() << ' ' << next.begin.to_string();
            ASSERT_NE(next.offset, segment.offset);
            ASSERT_EQ(tz::offset_at(next.begin - Duration::microseconds(1), zone), segment.offset);
            segment = next;
        }
        EXPECT_GT(n, 10);
    }
}

TEST(Tz, NamesItsDatabase) { EXPECT_GE(tz::database_version(), "2022"); }

} // namespace
