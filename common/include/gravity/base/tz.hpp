#pragma once

#include <gravity/base/codes.hpp>
#include <gravity/base/time.hpp>

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

/// Local time and IANA time zones, by the system's tzdata (the folder TZDIR, else /usr/share/zoneinfo), the same that
/// PostgreSQL and the C library read. Any thread; a zone is loaded once and kept until the process ends. "UTC" needs no
/// data.
namespace gravity {

/// What a clock on the wall shows: a day and a time without zone or offset, in microseconds, years 0001 to 9999. Text
/// "2026-03-29T02:30:00", in PostgreSQL `timestamp`. It becomes an instant only with a TimeZone, kept beside it.
class LocalTime {
public:
    constexpr LocalTime() = default;
    /// Throws std::invalid_argument if the clock never shows this (seconds go to 59).
    static LocalTime of(Date date, unsigned hour, unsigned minute, unsigned second = 0, unsigned microsecond = 0);
    /// Microseconds since 1970-01-01T00:00:00 on that clock. Throws std::overflow_error outside the years 1 to 9999.
    static LocalTime from_count_us(std::int64_t us);
    static Parsed<LocalTime> parse(std::string_view text);
    /// PostgreSQL's output of timestamp in date style ISO: a space for the "T".
    static Parsed<LocalTime> from_postgres(std::string_view text);

    constexpr bool is_set() const noexcept { return us_ != detail::unset_time; }
    constexpr std::int64_t count_us() const noexcept {
        assert(is_set());
        return us_;
    }
    Date date() const;
    unsigned hour() const;
    unsigned minute() const;
    unsigned second() const;
    unsigned microsecond() const;

    std::string to_string() const;
    void append_to(std::string& out) const;

    friend constexpr auto operator<=>(const LocalTime&, const LocalTime&) = default;
    friend constexpr bool operator==(const LocalTime&, const LocalTime&) = default;

    static constexpr meta::Type describe() {
        return meta::text_type<LocalTime>(
            {.pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?$",
             .doc = "Local time without offset; its zone stands beside it",
             .example = "\"2026-03-29T02:30:00\"",
             .min = 19,
             .max = 64,
             .sql = "timestamp"});
    }

private:
    explicit constexpr LocalTime(std::int64_t us) : us_(us) {}
    std::int64_t us_ = detail::unset_time;
};

namespace tz {

enum class Kind : std::uint8_t {
    unique,   // shown once
    skipped,  // never shown: the clock was put forward past it
    repeated, // shown twice: the clock was put back
};

/// A stretch of time with one offset from UTC.
struct Segment {
    Timestamp begin;        // inclusive; Timestamp::min() if nothing came before
    Timestamp end;          // exclusive; Timestamp::max() if nothing follows
    Duration offset;        // local time minus UTC
    Duration offset_before; // of the segment that ends at `begin`; `offset` if there is none
};

Segment segment_at(Timestamp at, const TimeZone& zone);
/// Local time minus UTC at that instant.
Duration offset_at(Timestamp at, const TimeZone& zone);
LocalTime to_local(Timestamp at, const TimeZone& zone);

Kind kind_of(LocalTime local, const TimeZone& zone);
/// The instant, by RFC 5545 section 3.3.5: a skipped time is read with the offset before the gap (02:30 is the instant
/// shown as 03:30), a repeated one is the first of the two. Throws std::overflow_error at the ends of the calendar.
Timestamp to_utc(LocalTime local, const TimeZone& zone);

/// The version of the IANA database in use, "2025b"; "unknown" where the system does not say.
std::string database_version();

} // namespace tz
} // namespace gravity
