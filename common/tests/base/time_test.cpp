#include <gravity/base/time.hpp>

#include <gtest/gtest.h>

#include <random>
#include <stdexcept>

using gravity::Date;
using gravity::Duration;
using gravity::Timestamp;

namespace {

std::string timestamp(std::string_view text) {
    const auto parsed = Timestamp::parse(text);
    return parsed ? parsed->to_string() : "refused";
}
std::string duration(std::string_view text) {
    const auto parsed = Duration::parse(text);
    return parsed ? parsed->to_string() : "refused";
}

TEST(Timestamp, ReadsRfc3339) {
    EXPECT_EQ(Timestamp::parse("1970-01-01T00:00:00Z")->unix_us(), 0);
    EXPECT_EQ(Timestamp::parse("2026-11-23T12:34:56.123456Z")->unix_us(), 1'795'437'296'123'456);
    // Section 5.8
    EXPECT_EQ(timestamp("1985-04-12T23:20:50.52Z"), "1985-04-12T23:20:50.520Z");
    EXPECT_EQ(timestamp("1996-12-19T16:39:57-08:00"), "1996-12-20T00:39:57Z");
    EXPECT_EQ(timestamp("1937-01-01T12:00:27.87+00:20"), "1937-01-01T11:40:27.870Z");
    EXPECT_EQ(timestamp("2026-11-23t12:00:00z"), "2026-11-23T12:00:00Z");
    EXPECT_EQ(timestamp("2026-11-23T12:00:00-00:00"), "2026-11-23T12:00:00Z");
    EXPECT_EQ(timestamp("2024-02-29T00:00:00+23:59"), "2024-02-28T00:01:00Z");
}

TEST(Timestamp, WritesAsFewDecimalsAsHoldTheValue) {
    EXPECT_EQ(timestamp("2026-11-23T12:00:00.000Z"), "2026-11-23T12:00:00Z");
    EXPECT_EQ(timestamp("2026-11-23T12:00:00.5Z"), "2026-11-23T12:00:00.500Z");
    EXPECT_EQ(timestamp("2026-11-23T12:00:00.0001Z"), "2026-11-23T12:00:00.000100Z");
    EXPECT_EQ(timestamp("2026-11-23T12:00:00.123456999Z"), "2026-11-23T12:00:00.123456Z"); // cut
    EXPECT_EQ(Timestamp::from_unix_us(-1).to_string(), "1969-12-31T23:59:59.999999Z");
}

TEST(Timestamp, RefusesTheRest) {
    for (const char* bad : {"",
                            "2026-11-23",
                            "2026-11-23T12:00Z",
                            "2026-11-23T12:00:00",
                            "2026-11-23 12:00:00Z",
                            "2026-11-23T12:00:00.Z",
                            "2026-11-23T12:00:00,5Z",
                            "2026-11-23T12:00:60Z",
                            "2016-12-31T23:59:60Z",
                            "2026-11-23T24:00:00Z",
                            "2026-11-23T12:60:00Z",
                            "2026-02-29T00:00:00Z",
                            "2100-02-29T00:00:00Z",
                            "2026-13-01T00:00:00Z",
                            "2026-00-01T00:00:00Z",
                            "2026-01-00T00:00:00Z",
                            "2026-01-32T00:00:00Z",
                            "0000-01-01T00:00:00Z",
                            "10000-01-01T00:00:00Z",
                            "2026-11-23T12:00:00+24:00",
                            "2026-11-23T12:00:00+0100",
                            "2026-11-23T12:00:00+01",
                            "2026-11-23T12:00:00+01:60",
                            "2026-11-23T12:00:00ZZ",
                            "2026-11-23T12:00:00 Z",
                            "20261123T120000Z",
                            "+2026-11-23T12:00:00Z",
                            "2026-1-23T12:00:00Z",
                            "0001-01-01T00:00:00+00:01",
                            "9999-12-31T23:59:59-00:01",
                            "infinity"}) {
        EXPECT_EQ(timestamp(bad), "refused") << bad;
    }
    EXPECT_EQ(timestamp("2026-11-23T12:00:00." + std::string(60, '1') + "Z"), "refused");
}

TEST(Timestamp, CoversTheYears1To9999) {
    EXPECT_EQ(Timestamp::min().to_string(), "0001-01-01T00:00:00Z");
    EXPECT_EQ(Timestamp::max().to_string(), "9999-12-31T23:59:59.999999Z");
    EXPECT_EQ(*Timestamp::parse("0001-01-01T00:00:00Z"), Timestamp::min());
    EXPECT_EQ(*Timestamp::parse("9999-12-31T23:59:59.999999Z"), Timestamp::max());
    EXPECT_THROW(Timestamp::max() + Duration::microseconds(1), std::overflow_error);
    EXPECT_THROW(Timestamp::min() - Duration::microseconds(1), std::overflow_error);
    EXPECT_THROW(Timestamp::from_unix_seconds(INT64_MAX), std::overflow_error);
    EXPECT_FALSE(Timestamp{}.is_set());
    EXPECT_TRUE(Timestamp::from_unix_us(0).is_set());
    EXPECT_LT(Timestamp{}, Timestamp::min());
}

TEST(Timestamp, RoundTripsAnyValue) {
    std::mt19937_64 random(1);
    std::uniform_int_distribution<std::int64_t> any(Timestamp::min().unix_us(), Timestamp::max().unix_us());
    for (int i = 0; i < 20'000; ++i) {
        const Timestamp t = Timestamp::from_unix_us(any(random));
        const auto again = Timestamp::parse(t.to_string());
        ASSERT_TRUE(again) << t.to_string();
        ASSERT_EQ(*again, t);
    }
}

TEST(Timestamp, ReadsWhatPostgresWrites) {
    const auto read = [](std::string_view text) {
        const auto parsed = Timestamp::from_postgres(text);
        return parsed ? parsed->to_string() : "refused";
    };
    EXPECT_EQ(read("2026-11-23 12:00:00+00"), "2026-11-23T12:00:00Z");
    EXPECT_EQ(read("2026-11-23 12:00:00.123456+00"), "2026-11-23T12:00:00.123456Z");
    EXPECT_EQ(read("2026-11-23 12:00:00.1-05:30"), "2026-11-23T17:30:00.100Z");
    EXPECT_EQ(read("1890-01-01 00:53:28+00:53:28"), "1890-01-01T00:00:00Z");
    for (const char* bad : {"infinity", "-infinity", "0044-03-15 00:00:00+00 BC", "2026-11-23T12:00:00Z",
                            "2026-11-23 12:00:00", "12026-11-23 12:00:00+00"}) {
        EXPECT_EQ(read(bad), "refused") << bad;
    }
}

TEST(Timestamp, DividesTowardThePast) {
    EXPECT_EQ(Timestamp::from_unix_us(-1).unix_ms(), -1);
    EXPECT_EQ(Timestamp::from_unix_us(-1'000'000).unix_seconds(), -1);
    EXPECT_EQ(Timestamp::from_unix_us(1'999'999).unix_seconds(), 1);
    EXPECT_EQ(Timestamp::from_unix_us(-1).date().to_string(), "1969-12-31");
    EXPECT_EQ(Timestamp::from_unix_us(-1).truncated_to_seconds().to_string(), "1969-12-31T23:59:59Z");
}

TEST(Timestamp, SpeaksHttpDates) {
    const auto t = Timestamp::from_http_date("Sun, 06 Nov 1994 08:49:37 GMT"); // RFC 9110 section 5.6.7
    ASSERT_TRUE(t);
    EXPECT_EQ(t->to_string(), "1994-11-06T08:49:37Z");
    EXPECT_EQ(t->to_http_date(), "Sun, 06 Nov 1994 08:49:37 GMT");
    for (const char* bad :
         {"", "Mon, 06 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 UTC",
          "Sun, 31 Feb 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
          "Sun, 06 ovD 1994 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT", "Sun, 06 Nov 1994 08:49:37.GMT",
          "Sun, 06 Nov 1994 8:49:37 GMT "}) {
        EXPECT_FALSE(Timestamp::from_http_date(bad)) << bad;
    }
    std::mt19937_64 random(2);
    std::uniform_int_distribution<std::int64_t> any(Timestamp::min().unix_seconds(), Timestamp::max().unix_seconds());
    for (int i = 0; i < 2'000; ++i) {
        const Timestamp x = Timestamp::from_unix_seconds(any(random));
        ASSERT_EQ(*Timestamp::from_http_date(x.to_http_date()), x);
    }
}

TEST(Date, CountsTheDays) {
    Date d = Date::of(1, 1, 1);
    unsigned weekday = 1; // 0001-01-01 was a Monday
    int leap_days = 0;
    for (; d.year() < 9999; d = d + 1) {
        if (d.month() == 2 && d.day() == 29) ++leap_days;
        ASSERT_EQ(d.weekday(), weekday);
        weekday = weekday % 7 + 1;
        ASSERT_EQ(Date::of(d.year(), d.month(), d.day()), d);
    }
    EXPECT_EQ(leap_days, 9998 / 4 - 9998 / 100 + 9998 / 400);
    EXPECT_EQ(Date::parse("1970-01-01")->days(), 0);
    EXPECT_EQ(*Date::parse("2026-11-23") - *Date::parse("2026-01-01"), 326);
}

TEST(Date, AddsMonthsWithinThem) {
    EXPECT_EQ(Date::of(2026, 1, 31).plus_months(1).to_string(), "2026-02-28");
    EXPECT_EQ(Date::of(2024, 1, 31).plus_months(1).to_string(), "2024-02-29");
    EXPECT_EQ(Date::of(2026, 1, 15).plus_months(-1).to_string(), "2025-12-15");
    EXPECT_EQ(Date::of(2026, 12, 31).plus_months(2).to_string(), "2027-02-28");
    EXPECT_EQ(Date::of(2024, 2, 29).plus_months(12).to_string(), "2025-02-28");
    EXPECT_THROW(Date::of(9999, 12, 1).plus_months(1), std::overflow_error);
    EXPECT_THROW(Date::of(1, 1, 1).plus_months(-1), std::overflow_error);
    EXPECT_THROW(Date::of(9999, 12, 31) + 1, std::overflow_error);
    EXPECT_THROW(Date::of(2026, 2, 29), std::invalid_argument);
    for (const char* bad : {"", "2026-2-1", "2026-02-29", "2026-02-01 ", "20260201", "2026/02/01"})
        EXPECT_FALSE(Date::parse(bad)) << bad;
    EXPECT_FALSE(Date{}.is_set());
}

TEST(Duration, ReadsTheExactPartOfIso8601) {
    EXPECT_EQ(duration("PT15M"), "PT15M");
    EXPECT_EQ(duration("P1DT2H"), "P1DT2H");
    EXPECT_EQ(duration("PT36H"), "P1DT12H");
    EXPECT_EQ(duration("P2W"), "P14D");
    EXPECT_EQ(duration("PT0S"), "PT0S");
    EXPECT_EQ(duration("P0D"), "PT0S");
    EXPECT_EQ(duration("PT0.5S"), "PT0.5S");
    EXPECT_EQ(duration("PT1,25S"), "PT1.25S");
    EXPECT_EQ(duration("PT90S"), "PT1M30S");
    EXPECT_EQ(duration("PT0.0000019S"), "PT0.000001S");
    EXPECT_EQ(duration("-PT15M"), "PT-15M");
    EXPECT_EQ(duration("-P1DT2H3M4.5S"), "P-1DT-2H-3M-4.5S");
    EXPECT_EQ(duration("PT-0.5S"), "PT-0.5S");
    EXPECT_EQ(duration("PT1H-15M"), "PT45M");
    EXPECT_EQ(Duration::parse("PT1H30M")->count_seconds(), 5'400);
    const Duration lease = "PT15M";
    EXPECT_EQ(lease, Duration::minutes(15));
    EXPECT_THROW(Duration("15m"), std::invalid_argument);
}

TEST(Duration, RefusesWhatHasNoFixedLengthOrNoForm) {
    for (const char* bad : {"", "P", "PT", "-", "1D", "P1",
                            "PT1", "P1Y", "P1M", "P1Y2M", "P1H", "PT1D",
                            "P1W2D", "P1WT1H", "P1DT", "PT1M1H", "PT1H1H", "PT1.5H",
                            "P0.5D", "PT1.S", "PT.5S", "pt15m", "PT15m", "PT 15M",
                            "--PT1S", "PT1S ", "PT1ST1S", "P1DT1HT1M", "PT--1S", "PT1234567890123456789S"}) {
        EXPECT_EQ(duration(bad), "refused") << bad;
    }
    EXPECT_EQ(duration("P106751992D"), "refused"); // one more than 2^63 microseconds have
    EXPECT_EQ(duration("P106751991D"), "P106751991D");
    EXPECT_EQ(duration("P106751991DT999999H"), "refused");
    EXPECT_EQ(duration("P999999999999999999W"), "refused");
}

TEST(Duration, ReadsWhatPostgresWrites) {
    const auto read = [](std::string_view text) {
        const auto parsed = Duration::from_postgres(text);
        return parsed ? parsed->to_string() : "refused";
    };
    EXPECT_EQ(read("00:00:00"), "PT0S");
    EXPECT_EQ(read("00:15:00"), "PT15M");
    EXPECT_EQ(read("1 day"), "P1D");
    EXPECT_EQ(read("1 day 02:03:04.5"), "P1DT2H3M4.5S");
    EXPECT_EQ(read("-00:00:01"), "PT-1S");
    EXPECT_EQ(read("-1 days"), "P-1D");
    EXPECT_EQ(read("-1 days +02:00:00"), "PT-22H");
    EXPECT_EQ(read("14 days -00:00:00.000001"), "P13DT23H59M59.999999S");
    EXPECT_EQ(read("1000:00:00"), "P41DT16H");
    EXPECT_EQ(read("PT15M"), "PT15M");
    for (const char* bad :
         {"", "1 year", "1 mon", "1 year 2 mons 3 days", "1 day ", "1 day 1 day", "00:00", "00:60:00", "00:00:60",
          "01:00:00 1 day", "1 days02:00:00", "@ 1 hour", "1", "1.5 days", "01:00:00 01:00:00"}) {
        EXPECT_EQ(read(bad), "refused") << bad;
    }
}

TEST(Duration, RoundTripsAnyValue) {
    std::mt19937_64 random(3);
    for (int i = 0; i < 20'000; ++i) {
        const auto bits = static_cast<std::int64_t>(random()) >> (i % 63);
        if (bits == INT64_MIN) continue;
        const Duration d = Duration::microseconds(bits);
        const auto again = Duration::parse(d.to_string());
        ASSERT_TRUE(again) << d.to_string() << ' ' << bits;
        ASSERT_EQ(*again, d);
    }
}

TEST(Duration, CountsWithoutOverflowing) {
    EXPECT_EQ(Duration::hours(1) + Duration::minutes(30), Duration::minutes(90));
    EXPECT_EQ(Duration::hours(1) * 24, Duration::days(1));
    EXPECT_EQ(-Duration::seconds(1) + Duration::seconds(1), Duration::zero());
    EXPECT_EQ(Duration::seconds(10) / 4, Duration::milliseconds(2'500));
    EXPECT_EQ(Timestamp::from_unix_seconds(60) - Timestamp::from_unix_seconds(0), Duration::minutes(1));
    EXPECT_THROW(Duration::days(INT64_MAX), std::overflow_error);
    EXPECT_THROW(Duration::microseconds(INT64_MIN), std::overflow_error);
    EXPECT_THROW(Duration::microseconds(INT64_MAX) + Duration::microseconds(1), std::overflow_error);
    EXPECT_THROW(Duration::days(100'000'000) * 2, std::overflow_error);
    EXPECT_FALSE(Duration{}.is_set());
    EXPECT_NE(Duration{}, Duration::zero());
}

} // namespace
