#pragma once

#include <gravity/base/tz.hpp>

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gravity::jobs {

/// A cron expression: five fields (minute, hour, day of month, month, day of week), or six with seconds in front, or
/// one of @hourly, @daily,
/// @midnight, @weekly, @monthly, @yearly, @annually. A field is a list of `*`, numbers, ranges `a-b`, and steps `*/n`,
/// `a-b/n`. Months and days of the week may be named by their first three English letters, in either case; Sunday is 0
/// and 7. If both days are restricted (do not begin with `*`), either is enough, as in Vixie cron. One that could never
/// happen ("0 0 30 2 *") is refused.
///
/// Changes of the clock (as in Vixie cron, without its three-hour limit):
/// - A job at fixed times (neither minute nor hour begins with `*`) happens once for each time it names. Times skipped
/// by a clock put
///   forward happen together, once, at the moment of the change; times shown twice count the first time only.
/// - A job that follows the clock ("*/10 * * * *", "0 * * * *") happens whenever the clock shows its time: not in the
/// gap, and in both
///   passes of a repeated hour.
class Cron {
public:
    Cron() = default;
    template <std::size_t N>
    Cron(const char (&literal)[N]) : Cron(parse(std::string_view(literal, N - 1)).or_throw()) {}

    static Parsed<Cron> parse(std::string_view text);

    /// The first time strictly after `after`; nothing if there is none within 12 years or before the end of the
    /// calendar. No clock, no I/O.
    std::optional<Timestamp> next_after(Timestamp after, const TimeZone& zone) const;

    bool is_set() const noexcept { return !text_.empty(); }
    std::string to_string() const { return text_; }
    void append_to(std::string& out) const { out += text_; }

    friend bool operator==(const Cron& a, const Cron& b) { return a.text_ == b.text_; }
    friend auto operator<=>(const Cron& a, const Cron& b) { return a.text_ <=> b.text_; }

    static constexpr meta::Type describe() {
        return meta::text_type<Cron>(
            {.doc = "Cron expression: minute, hour, day of month, month, day of week; seconds may stand in front",
             .example = "\"0 3 * * mon-fri\"",
             .min = 6,
             .max = 256});
    }

private:
    bool matches_day(std::int64_t days) const;
    /// The first matching local second in [from, to), counted as in LocalTime; both in seconds.
    std::optional<std::int64_t> next_local(std::int64_t from, std::int64_t to) const;

    std::string text_; // as written, with single spaces
    std::uint64_t seconds_ = 1;
    std::uint64_t minutes_ = 0;
    std::uint64_t hours_ = 0;
    std::uint64_t days_ = 0;     // bits 1..31
    std::uint64_t months_ = 0;   // bits 1..12
    std::uint64_t weekdays_ = 0; // bits 0 (Sunday) .. 6
    bool either_day_ = false;    // day of month and day of week both restricted
    bool follows_clock_ = false;
};

} // namespace gravity::jobs
