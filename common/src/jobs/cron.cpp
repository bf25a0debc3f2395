#include "base/calendar.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/jobs/cron.hpp>

#include <algorithm>
#include <bit>
#include <span>
#include <vector>

namespace gravity::jobs {
namespace {

constexpr std::string_view month_names[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                            "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::string_view weekday_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct FieldRule {
    std::string_view name;
    unsigned min;
    unsigned max;
    std::span<const std::string_view> names; // the first stands for `first_name`
    unsigned first_name;
};
constexpr FieldRule rules[] = {
    {"seconds", 0, 59, {}, 0},
    {"minutes", 0, 59, {}, 0},
    {"hours", 0, 23, {}, 0},
    {"days of the month", 1, 31, {}, 0},
    {"months", 1, 12, month_names, 1},
    {"days of the week", 0, 7, weekday_names, 0},
};

std::optional<unsigned> take_value(std::string_view text, const FieldRule& rule) {
    if (text.size() == 3) {
        for (std::size_t i = 0; i < rule.names.size(); ++i) {
            if (ascii::iequals(text, rule.names[i])) return rule.first_name + static_cast<unsigned>(i);
        }
    }
    if (text.empty() || text.size() > 2) return std::nullopt;
    unsigned value = 0;
    for (const char c : text) {
        if (!ascii::is_digit(c)) return std::nullopt;
        value = value * 10 + static_cast<unsigned>(c - '0');
    }
    if (value < rule.min || value > rule.max) return std::nullopt;
    return value;
}

/// One element of a list: `*`, a value, a range, each of the first and last with a step.
bool take_part(std::string_view part, const FieldRule& rule, std::uint64_t& bits) {
    unsigned step = 1;
    const std::size_t slash = part.find('/');
    const bool stepped = slash != std::string_view::npos;
    if (stepped) {
        const FieldRule steps{{}, 1, rule.max, {}, 0};
        const auto value = take_value(part.substr(slash + 1), steps);
        if (!value) return false;
        step = *value;
        part = part.substr(0, slash);
    }
    unsigned low = rule.min;
    unsigned high = rule.max;
    if (part != "*") {
        const std::size_t dash = part.find('-');
        const auto first = take_value(part.substr(0, dash), rule);
        const auto last = dash == std::string_view::npos ? first : take_value(part.substr(dash + 1), rule);
        if (!first || !last || *first > *last) return false;
        if (stepped && dash == std::string_view::npos) return false; // "5/15": read in two ways elsewhere
        low = *first;
        high = *last;
    }
    for (unsigned value = low; value <= high; value += step) bits |= std::uint64_t{1} << value;
    return true;
}

bool take_field(std::string_view field, const FieldRule& rule, std::uint64_t& bits) {
    bits = 0;
    for (const std::string_view part : ascii::split(field, ',')) {
        if (!take_part(part, rule, bits)) return false;
    }
    return true;
}

std::string_view without_macro(std::string_view text) {
    struct Macro {
        std::string_view name;
        std::string_view fields;
    };
    constexpr Macro macros[] = {
        {"@hourly", "0 * * * *"},
        {"@daily", "0 0 * * *"},
        {"@midnight", "0 0 * * *"},
        {"@weekly", "0 0 * * 0"},
        {"@monthly", "0 0 1 * *"},
        {"@yearly", "0 0 1 1 *"},
        {"@annually", "0 0 1 1 *"},
    };
    for (const Macro& macro : macros) {
        if (text == macro.name) return macro.fields;
    }
    return text;
}

bool has(std::uint64_t bits, std::int64_t value) { return (bits >> value & 1) != 0; }

/// The lowest member from `from` on, or -1.
int next_member(std::uint64_t bits, std::int64_t from) {
    const std::uint64_t rest = from > 63 ? 0 : bits >> from << from;
    return rest == 0 ? -1 : std::countr_zero(rest);
}

constexpr std::int64_t day_seconds = 86'400;
constexpr std::int64_t horizon_days = 12 * 366; // leap days are 8 years apart around 2100

std::int64_t seconds_of(Duration d) { return d.count_us() / 1'000'000; }

} // namespace

Parsed<Cron> Cron::parse(std::string_view text) {
    if (text.size() > 256) return ParseError{"must be at most 256 characters"};
    Cron cron;
    std::vector<std::string_view> fields;
    for (const std::string_view field : ascii::split(text, ' ')) {
        if (field.empty()) continue;
        fields.push_back(field);
        if (!cron.text_.empty()) cron.text_ += ' ';
        cron.text_ += field;
    }
    if (fields.size() == 1) {
        const std::string_view expanded = without_macro(fields[0]);
        if (expanded != fields[0]) fields = ascii::split(expanded, ' ');
    }
    if (fields.size() == 5) fields.insert(fields.begin(), "0");
    if (fields.size() != 6)
        return ParseError{"must have five fields, or six with seconds in front, or be a name such as @daily"};

    std::uint64_t* const sets[] = {&cron.seconds_, &cron.minutes_, &cron.hours_,
                                   &cron.days_, &cron.months_, &cron.weekdays_};
    for (std::size_t i = 0; i < fields.size(); ++i) {
        if (!take_field(fields[i], rules[i], *sets[i])) {
            return ParseError{"must have valid " + std::string(rules[i].name) + " (" + std::to_string(rules[i].min) +
                              " to " + std::to_string(rules[i].max) + "), not \"" + std::string(fields[i]) + "\""};
        }
    }
    if (has(cron.weekdays_, 7)) cron.weekdays_ = (cron.weekdays_ | 1) & 0x7f;
    cron.either_day_ = !fields[3].starts_with('*') && !fields[5].starts_with('*');
    cron.follows_clock_ = fields[1].starts_with('*') || fields[2].starts_with('*');

    bool possible = cron.either_day_; // a day of the week comes in every month
    for (unsigned month = 1; month <= 12 && !possible; ++month) {
        const int first = next_member(cron.days_, 1);
        possible = has(cron.months_, month) && first <= static_cast<int>(calendar::days_in_month(2000, month));
    }
    if (!possible) return ParseError{"must name a day that exists"};
    return cron;
}

bool Cron::matches_day(std::int64_t days) const {
    const calendar::Civil civil = calendar::from_days(days);
    if (!has(months_, civil.month)) return false;
    const bool day = has(days_, civil.day);
    const bool weekday = has(weekdays_, calendar::weekday(days) % 7);
    return either_day_ ? day || weekday : day && weekday;
}

std::optional<std::int64_t> Cron::next_local(std::int64_t from, std::int64_t to) const {
    std::int64_t day = from / day_seconds - (from % day_seconds < 0 ? 1 : 0);
    std::int64_t second = from - day * day_seconds;
    for (; day * day_seconds < to; ++day, second = 0) {
        if (!matches_day(day)) continue;
        // The least (hour, minute, second) not before the given one, by carrying from the right.
        int h = next_member(hours_, second / 3'600);
        int m = -1;
        int s = -1;
        if (h == second / 3'600) {
            m = next_member(minutes_, second / 60 % 60);
            if (m == second / 60 % 60) {
                s = next_member(seconds_, second % 60);
                if (s < 0) m = next_member(minutes_, m + 1);
            }
            if (m < 0) h = next_member(hours_, h + 1);
        }
        if (h < 0) continue;
        if (m < 0) m = next_member(minutes_, 0);
        if (s < 0) s = next_member(seconds_, 0);
        const std::int64_t found = day * day_seconds + h * 3'600 + m * 60 + s;
        if (found >= to) return std::nullopt;
        return found;
    }
    return std::nullopt;
}

std::optional<Timestamp> Cron::next_after(Timestamp after, const TimeZone& zone) const {
    if (!is_set()) return std::nullopt;
    const std::int64_t last = Timestamp::max().unix_seconds();
    std::int64_t at = after.unix_seconds() + 1; // the first second that may be the answer
    const std::int64_t limit = std::min(last, at + horizon_days * day_seconds);
    bool entered =
        false; // whether `at` is where a segment begins and the time skipped there is still to be made up for
    while (at < limit) {
        const tz::Segment segment = tz::segment_at(Timestamp::from_unix_seconds(at), zone);
        const std::int64_t offset = seconds_of(segment.offset);
        const std::int64_t before = seconds_of(segment.offset_before);
        const std::int64_t begin = segment.begin.unix_seconds();
        entered = entered || at == begin;
        std::int64_t from = at + offset;
        if (!follows_clock_) {
            if (entered && before < offset && next_local(begin + before, begin + offset))
                return Timestamp::from_unix_seconds(begin);
            if (before > offset) from = std::max(from, begin + before); // shown before the clock was put back
        }
        const std::int64_t end = std::min(segment.end.unix_seconds(), limit);
        if (const auto found = next_local(from, end + offset)) return Timestamp::from_unix_seconds(*found - offset);
        at = end;
        entered = true;
    }
    return std::nullopt;
}

} // namespace gravity::jobs
