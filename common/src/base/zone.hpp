#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Time zone data: the TZif format of RFC 9636 and the rule in its footer. Pure; all in seconds, time since the epoch.
/// Why not ICU: its copy of the database is as old as the library (Debian 12: 2022e, which still has summer time in
/// Mexico), while the system's tzdata is kept up to date and is what PostgreSQL reads as well.
namespace gravity::zone {

inline constexpr std::int64_t always = std::numeric_limits<std::int64_t>::min();
inline constexpr std::int64_t forever = std::numeric_limits<std::int64_t>::max();

/// A day of each year and a time on it, by POSIX TZ: Jn, n or Mm.w.d, with a time from -167 to 167 hours (RFC 9636
/// section 3.3.2).
struct YearDay {
    enum class Kind : std::uint8_t {
        julian,
        zero_based,
        month_week
    };
    Kind kind = Kind::julian;
    int month = 0;
    int week = 0;
    int day = 0; // of the year, or of the week (Sunday 0)
    std::int32_t time = 7'200;

    /// The local second in that year, since the epoch as if it were UTC.
    std::int64_t in_year(std::int64_t year) const;
};

struct Rule {
    std::int32_t standard = 0; // offsets: local minus UTC
    std::int32_t saving = 0;
    bool has_saving = false;
    YearDay begin; // of the saving time
    YearDay end;
};

/// A POSIX TZ text such as "CET-1CEST,M3.5.0,M10.5.0/3".
std::optional<Rule> parse_rule(std::string_view text);

struct Stretch {
    std::int64_t begin = always; // inclusive
    std::int64_t end = forever;  // exclusive
    std::int32_t offset = 0;
    std::int32_t offset_before = 0; // of what ends at `begin`
};

struct Change {
    std::int64_t at;
    std::int32_t offset; // from then on
};

class Zone {
public:
    /// The contents of a TZif file, version 2 or later; nothing if they are damaged.
    static std::optional<Zone> parse(std::string_view file);
    static Zone utc() { return Zone{}; }

    Stretch at(std::int64_t time) const;

private:
    std::int32_t first_offset_ = 0;
    std::vector<Change> changes_; // strictly ascending, each to another offset
    std::optional<Rule> rule_;    // after the last change
};

} // namespace gravity::zone
