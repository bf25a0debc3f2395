#pragma once

#include <gravity/base/parsed.hpp>
#include <gravity/base/type.hpp>

#include <cassert>
#include <compare>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

/// Points and spans of time, proleptic Gregorian calendar, UTC without leap seconds. Default-constructed they are
/// unset, which is different from the epoch and from zero; reading an unset one asserts, and it orders before every set
/// one. Arithmetic that leaves the range throws std::overflow_error. No <chrono>: it would cost each file that names a
/// time.
namespace gravity {

namespace detail {
inline constexpr std::int64_t unset_time = std::numeric_limits<std::int64_t>::min();
[[noreturn]] void throw_time_overflow();
constexpr std::int64_t checked_add(std::int64_t a, std::int64_t b) {
    std::int64_t sum = 0;
    if (__builtin_add_overflow(a, b, &sum) || sum == unset_time) throw_time_overflow();
    return sum;
}
constexpr std::int64_t checked_sub(std::int64_t a, std::int64_t b) {
    std::int64_t difference = 0;
    if (__builtin_sub_overflow(a, b, &difference) || difference == unset_time) throw_time_overflow();
    return difference;
}
constexpr std::int64_t checked_mul(std::int64_t a, std::int64_t b) {
    std::int64_t product = 0;
    if (__builtin_mul_overflow(a, b, &product) || product == unset_time) throw_time_overflow();
    return product;
}
} // namespace detail

/// An exact length of time in microseconds, may be negative. As text the part of an ISO 8601 duration whose length is
/// fixed:
/// [-]PnW or [-]P[nD][T[nH][nM][n[.ffffff]S]], a day being 24 hours, each number with a sign of its own if need be (ISO
/// 8601-2), decimals finer than a microsecond cut off; years and months are refused. Written with days, "P1DT2H", and
/// negative ones part by part, "PT-15M": in PostgreSQL it is an `interval`, which takes that form and not "-PT15M".
/// What PostgreSQL answers `from_postgres` reads.
class Duration {
public:
    constexpr Duration() = default;
    static constexpr Duration microseconds(std::int64_t n) { return Duration(detail::checked_add(n, 0)); }
    static constexpr Duration milliseconds(std::int64_t n) { return Duration(detail::checked_mul(n, 1'000)); }
    static constexpr Duration seconds(std::int64_t n) { return Duration(detail::checked_mul(n, 1'000'000)); }
    static constexpr Duration minutes(std::int64_t n) { return Duration(detail::checked_mul(n, 60'000'000)); }
    static constexpr Duration hours(std::int64_t n) { return Duration(detail::checked_mul(n, 3'600'000'000)); }
    static constexpr Duration days(std::int64_t n) { return Duration(detail::checked_mul(n, 86'400'000'000)); }
    static constexpr Duration zero() { return Duration(0); }

    /// A text literal, for defaults: `Duration lease = "PT15M"`. Throws std::invalid_argument.
    template <std::size_t N>
    Duration(const char (&literal)[N]) : Duration(parse(std::string_view(literal, N - 1)).or_throw()) {}
    static Parsed<Duration> parse(std::string_view text);
    /// PostgreSQL's `interval` output in style `postgres` ("1 day 02:03:04.5", "-00:00:01") or `iso_8601`. Months are
    /// refused.
    static Parsed<Duration> from_postgres(std::string_view text);

    constexpr bool is_set() const noexcept { return us_ != detail::unset_time; }
    constexpr std::int64_t count_us() const noexcept {
        assert(is_set());
        return us_;
    }
    /// Whole milliseconds or seconds, toward zero.
    constexpr std::int64_t count_ms() const noexcept { return count_us() / 1'000; }
    constexpr std::int64_t count_seconds() const noexcept { return count_us() / 1'000'000; }
    constexpr double as_seconds() const noexcept { return static_cast<double>(count_us()) / 1e6; }

    std::string to_string() const;
    void append_to(std::string& out) const;

    friend constexpr Duration operator+(Duration a, Duration b) {
        return Duration(detail::checked_add(a.count_us(), b.count_us()));
    }
    friend constexpr Duration operator-(Duration a, Duration b) {
        return Duration(detail::checked_sub(a.count_us(), b.count_us()));
    }
    friend constexpr Duration operator-(Duration a) { return Duration(detail::checked_sub(0, a.count_us())); }
    friend constexpr Duration operator*(Duration a, std::int64_t n) {
        return Duration(detail::checked_mul(a.count_us(), n));
    }
    friend constexpr Duration operator*(std::int64_t n, Duration a) { return a * n; }
    /// Toward zero. The divisor must not be zero.
    friend constexpr Duration operator/(Duration a, std::int64_t n) {
        assert(n != 0);
        return Duration(a.count_us() / n);
    }
    constexpr Duration& operator+=(Duration b) { return *this = *this + b; }
    constexpr Duration& operator-=(Duration b) { return *this = *this - b; }

    friend constexpr auto operator<=>(const Duration&, const Duration&) = default;
    friend constexpr bool operator==(const Duration&, const Duration&) = default;

    static constexpr meta::Type describe() {
        return meta::text_type<Duration>({.format = "duration",
                                          .pattern = "^-?P[-+0-9DWTHMS.,]+$",
                                          .doc = "ISO 8601 duration of weeks, or of days and less; no months or years",
                                          .example = "\"PT15M\"",
                                          .min = 3,
                                          .max = 64,
                                          .sql = "interval"});
    }

private:
    explicit constexpr Duration(std::int64_t us) : us_(us) {}
    std::int64_t us_ = detail::unset_time;
};

/// A day of the calendar, 0001-01-01 to 9999-12-31. Text "2026-11-23" (RFC 3339 full-date).
class Date {
public:
    constexpr Date() = default;
    /// Days since 1970-01-01. Throws std::overflow_error outside the years 1 to 9999.
    static Date from_days(std::int64_t days);
    /// Throws std::invalid_argument if there is no such day.
    static Date of(int year, unsigned month, unsigned day);
    static Parsed<Date> parse(std::string_view text);

    constexpr bool is_set() const noexcept { return days_ != unset; }
    /// Days since 1970-01-01.
    constexpr std::int64_t days() const noexcept {
        assert(is_set());
        return days_;
    }
    int year() const;
    unsigned month() const;   // 1..12
    unsigned day() const;     // 1..31
    unsigned weekday() const; // ISO 8601: Monday 1 .. Sunday 7

    /// The same day of the month n months on; the month's last day where that does not exist (31 January + 1 month is
    /// 28 February).
    Date plus_months(int n) const;
    friend Date operator+(Date a, std::int64_t days) { return from_days(detail::checked_add(a.days(), days)); }
    friend Date operator-(Date a, std::int64_t days) { return from_days(detail::checked_sub(a.days(), days)); }
    friend constexpr std::int64_t operator-(Date a, Date b) { return a.days() - b.days(); }

    std::string to_string() const;
    void append_to(std::string& out) const;

    friend constexpr auto operator<=>(const Date&, const Date&) = default;
    friend constexpr bool operator==(const Date&, const Date&) = default;

    static constexpr meta::Type describe() {
        return meta::text_type<Date>({.format = "date",
                                      .doc = "Day of the calendar (RFC 3339 full-date)",
                                      .example = "\"2026-11-23\"",
                                      .min = 10,
                                      .max = 10,
                                      .sql = "date"});
    }

private:
    static constexpr std::int32_t unset = std::numeric_limits<std::int32_t>::min();
    std::int32_t days_ = unset;
};

/// An instant in microseconds since 1970-01-01T00:00:00Z, years 0001 to 9999 of UTC. Text by RFC 3339 section 5.6: any
/// offset is read, up to six decimals (finer ones are cut off), "T" and "Z" in either case, no space between date and
/// time; a leap second (:60) is refused, for neither POSIX nor PostgreSQL can keep it. Written in UTC with "Z" and 0, 3
/// or 6 decimals, as few as hold the value.
class Timestamp {
public:
    constexpr Timestamp() = default;
    /// Throw std::overflow_error outside the years 1 to 9999.
    static Timestamp from_unix_us(std::int64_t us);
    static Timestamp from_unix_ms(std::int64_t ms) { return from_unix_us(detail::checked_mul(ms, 1'000)); }
    static Timestamp from_unix_seconds(std::int64_t seconds) {
        return from_unix_us(detail::checked_mul(seconds, 1'000'000));
    }
    /// Midnight UTC.
    static Timestamp from_date(Date date) { return from_unix_us(date.days() * 86'400'000'000); }
    static Timestamp min(); // 0001-01-01T00:00:00Z
    static Timestamp max(); // 9999-12-31T23:59:59.999999Z

    static Parsed<Timestamp> parse(std::string_view text);
    /// PostgreSQL's output of timestamptz in date style ISO: "2026-11-23 12:00:00.123456+00", offsets +hh[:mm[:ss]]. No
    /// "infinity", no BC.
    static Parsed<Timestamp> from_postgres(std::string_view text);

    constexpr bool is_set() const noexcept { return us_ != detail::unset_time; }
    constexpr std::int64_t unix_us() const noexcept {
        assert(is_set());
        return us_;
    }
    /// Whole milliseconds or seconds, toward the past.
    constexpr std::int64_t unix_ms() const noexcept { return floor_div(unix_us(), 1'000); }
    constexpr std::int64_t unix_seconds() const noexcept { return floor_div(unix_us(), 1'000'000); }
    /// The day in UTC.
    Date date() const { return Date::from_days(floor_div(unix_us(), 86'400'000'000)); }
    /// Cut to the second, toward the past.
    Timestamp truncated_to_seconds() const { return from_unix_seconds(unix_seconds()); }

    std::string to_string() const;
    void append_to(std::string& out) const;
    /// IMF-fixdate of RFC 9110 section 5.6.7, "Mon, 23 Nov 2026 12:00:00 GMT": Last-Modified, Expires, Date,
    /// Retry-After.
    std::string to_http_date() const;
    /// Reads IMF-fixdate only; the two obsolete forms are refused, and a date that is refused is to be ignored (RFC
    /// 9110 section 13.1.3).
    static Parsed<Timestamp> from_http_date(std::string_view text);

    friend Timestamp operator+(Timestamp a, Duration b) {
        return from_unix_us(detail::checked_add(a.unix_us(), b.count_us()));
    }
    friend Timestamp operator-(Timestamp a, Duration b) {
        return from_unix_us(detail::checked_sub(a.unix_us(), b.count_us()));
    }
    friend constexpr Duration operator-(Timestamp a, Timestamp b) {
        return Duration::microseconds(detail::checked_sub(a.unix_us(), b.unix_us()));
    }
    Timestamp& operator+=(Duration b) { return *this = *this + b; }
    Timestamp& operator-=(Duration b) { return *this = *this - b; }

    friend constexpr auto operator<=>(const Timestamp&, const Timestamp&) = default;
    friend constexpr bool operator==(const Timestamp&, const Timestamp&) = default;

    static constexpr meta::Type describe() {
        return meta::text_type<Timestamp>({.format = "date-time",
                                           .doc = "RFC 3339 instant; answered in UTC",
                                           .example = "\"2026-11-23T12:00:00Z\"",
                                           .min = 20,
                                           .max = 64,
                                           .sql = "timestamptz"});
    }

private:
    static constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }
    explicit constexpr Timestamp(std::int64_t us) : us_(us) {}
    std::int64_t us_ = detail::unset_time;
};

} // namespace gravity
