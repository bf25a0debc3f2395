#include "base/zone.hpp"

#include "base/calendar.hpp"

#include <gravity/base/ascii.hpp>

#include <algorithm>

namespace gravity::zone {
namespace {

constexpr std::int32_t hour = 3'600;
constexpr std::int32_t largest_offset = 26 * hour; // RFC 9636 section 3.2: from -25 to +26 hours

/// Reads a POSIX TZ text from the left.
class RuleReader {
public:
    explicit RuleReader(std::string_view text) : rest_(text) {}

    bool at_end() const { return rest_.empty(); }
    bool take(char c) {
        if (!rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    bool name() {
        std::size_t n = 0;
        if (take('<')) {
            n = rest_.find('>');
            if (n == std::string_view::npos) return false;
            rest_.remove_prefix(n + 1);
            return n >= 3;
        }
        while (n < rest_.size() && ascii::is_alpha(rest_[n])) ++n;
        rest_.remove_prefix(n);
        return n >= 3;
    }
    bool number(int max, int& out) {
        std::size_t n = 0;
        out = 0;
        for (; n < rest_.size() && n < 3 && ascii::is_digit(rest_[n]); ++n) out = out * 10 + (rest_[n] - '0');
        rest_.remove_prefix(n);
        return n > 0 && out <= max;
    }
    /// [+-]hh[:mm[:ss]] in seconds.
    bool time(int max_hours, std::int32_t& out) {
        const bool negative = take('-');
        if (!negative) (void)take('+');
        int hours = 0;
        int minutes = 0;
        int seconds = 0;
        if (!number(max_hours, hours)) return false;
        if (take(':')) {
            if (!number(59, minutes)) return false;
            if (take(':') && !number(59, seconds)) return false;
        }
        out = hours * hour + minutes * 60 + seconds;
        if (negative) out = -out;
        return true;
    }
    bool year_day(YearDay& out) {
        if (take('M')) {
            out.kind = YearDay::Kind::month_week;
            if (!number(12, out.month) || out.month < 1 || !take('.')) return false;
            if (!number(5, out.week) || out.week < 1 || !take('.')) return false;
            if (!number(6, out.day)) return false;
        } else if (take('J')) {
            out.kind = YearDay::Kind::julian;
            if (!number(365, out.day) || out.day < 1) return false;
        } else {
            out.kind = YearDay::Kind::zero_based;
            if (!number(365, out.day)) return false;
        }
        return !take('/') || time(167, out.time);
    }

private:
    std::string_view rest_;
};

/// Big-endian numbers of a TZif file. Reading past the end gives zeros and is remembered.
class Bytes {
public:
    explicit Bytes(std::string_view bytes) : rest_(bytes) {}

    std::uint64_t number(std::size_t size) {
        const std::string_view text = take(size);
        std::uint64_t value = 0;
        for (const char c : text) value = value << 8 | static_cast<std::uint8_t>(c);
        return value;
    }
    std::string_view take(std::size_t size) {
        if (size > rest_.size()) {
            good_ = false;
            rest_ = {};
            return {};
        }
        const std::string_view text = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return text;
    }
    bool good() const { return good_; }
    std::string_view rest() const { return rest_; }

private:
    std::string_view rest_;
    bool good_ = true;
};

struct Header {
    std::uint8_t version = 0;
    std::size_t is_ut = 0;
    std::size_t is_standard = 0;
    std::size_t leaps = 0;
    std::size_t times = 0;
    std::size_t types = 0;
    std::size_t chars = 0;
};

std::optional<Header> take_header(Bytes& in) {
    if (in.take(4) != "TZif") return std::nullopt;
    Header h;
    h.version = static_cast<std::uint8_t>(in.number(1));
    (void)in.take(15);
    for (std::size_t* count : {&h.is_ut, &h.is_standard, &h.leaps, &h.times, &h.types, &h.chars}) *count = in.number(4);
    if (!in.good() || h.types == 0 || h.types > 256 || h.times > 10'000 || h.chars > 4'096 || h.leaps > 1'000)
        return std::nullopt;
    if (h.is_ut > 256 || h.is_standard > 256) return std::nullopt;
    return h;
}

std::int64_t year_of(std::int64_t time) {
    constexpr std::int64_t day = 86'400;
    return calendar::from_days(time / day - (time % day < 0 ? 1 : 0)).year;
}

} // namespace

std::int64_t YearDay::in_year(std::int64_t year) const {
    std::int64_t days = 0;
    switch (kind) {
    case Kind::julian: // 1..365, 29 February is never counted
        days = calendar::to_days(year, 1, 1) + day - 1 + (calendar::is_leap(year) && day >= 60 ? 1 : 0);
        break;
    case Kind::zero_based: days = calendar::to_days(year, 1, 1) + day; break;
    case Kind::month_week: {
        const auto m = static_cast<unsigned>(month);
        const std::int64_t first = calendar::to_days(year, m, 1);
        const int first_weekday = static_cast<int>(calendar::weekday(first) % 7);
        int in_month = (day - first_weekday + 7) % 7 + (week - 1) * 7;
        while (in_month >= static_cast<int>(calendar::days_in_month(year, m))) in_month -= 7; // week 5 is the last one
        days = first + in_month;
        break;
    }
    }
    return days * 86'400 + time;
}

std::optional<Rule> parse_rule(std::string_view text) {
    RuleReader in(text);
    Rule rule;
    std::int32_t west = 0; // POSIX counts offsets to the west
    if (!in.name() || !in.time(24, west)) return std::nullopt;
    rule.standard = -west;
    rule.saving = rule.standard;
    if (in.at_end()) return rule;

    rule.has_saving = true;
    rule.saving = rule.standard + hour;
    if (!in.name()) return std::nullopt;
    if (!in.take(',')) {
        if (!in.time(24, west) || !in.take(','))
            return std::nullopt; // without days POSIX leaves it to the implementation
        rule.saving = -west;
    }
    if (!in.year_day(rule.begin) || !in.take(',') || !in.year_day(rule.end) || !in.at_end()) return std::nullopt;
    return rule;
}

std::optional<Zone> Zone::parse(std::string_view file) {
    Bytes in(file);
    const auto old = take_header(in);
    if (!old || old->version < '2') return std::nullopt; // the 32-bit block of version 1 ends in 2038
    (void)in.take(old->times * 5 + old->types * 6 + old->chars + old->leaps * 8 + old->is_standard + old->is_ut);
    const auto header = take_header(in);
    if (!header || header->leaps != 0)
        return std::nullopt; // "right/" files count leap seconds; the system's clock does not

    std::vector<std::int64_t> times;
    for (std::size_t i = 0; i < header->times; ++i) times.push_back(static_cast<std::int64_t>(in.number(8)));
    const std::string_view kinds = in.take(header->times);
    std::vector<std::int32_t> offsets;
    for (std::size_t i = 0; i < header->types; ++i) {
        offsets.push_back(static_cast<std::int32_t>(static_cast<std::uint32_t>(in.number(4))));
        (void)in.take(2); // whether it is saving time, and its name
        if (offsets.back() < -largest_offset || offsets.back() > largest_offset) return std::nullopt;
    }
    (void)in.take(header->chars + header->is_standard + header->is_ut);
    if (!in.good() || kinds.size() != times.size()) return std::nullopt;

    Zone zone;
    zone.first_offset_ = offsets[0];
    std::int32_t current = offsets[0];
    for (std::size_t i = 0; i < times.size(); ++i) {
        const auto kind = static_cast<std::uint8_t>(kinds[i]);
        if (kind >= offsets.size() || (i > 0 && times[i] <= times[i - 1])) return std::nullopt;
        if (offsets[kind] != current) zone.changes_.push_back({times[i], offsets[kind]}); // else only the name changes
        current = offsets[kind];
    }
    const std::string_view footer = in.rest();
    if (footer.size() < 2 || footer.front() != '\n' || footer.back() != '\n') return std::nullopt;
    if (footer.size() > 2) {
        zone.rule_ = parse_rule(footer.substr(1, footer.size() - 2));
        if (!zone.rule_) return std::nullopt;
    }
    return zone;
}

Stretch Zone::at(std::int64_t time) const {
    // What the table says; after its last entry the rule of the footer goes on.
    const auto next = std::upper_bound(changes_.begin(), changes_.end(), time,
                                       [](std::int64_t t, const Change& c) { return t < c.at; });
    Stretch stretch;
    stretch.offset = stretch.offset_before = first_offset_;
    if (next != changes_.begin()) {
        stretch.begin = (next - 1)->at;
        stretch.offset = (next - 1)->offset;
        stretch.offset_before = next - 1 == changes_.begin() ? first_offset_ : (next - 2)->offset;
    }
    if (next != changes_.end()) {
        stretch.end = next->at;
        return stretch;
    }
    if (!rule_ || !rule_->has_saving) return stretch;

    std::vector<Change> ruled;
    const std::int64_t year = year_of(time);
    for (std::int64_t y = year - 1; y <= year + 1; ++y) {
        ruled.push_back({rule_->end.in_year(y) - rule_->saving, rule_->standard});
        ruled.push_back({rule_->begin.in_year(y) - rule_->standard, rule_->saving});
    }
    std::stable_sort(ruled.begin(), ruled.end(), [](const Change& a, const Change& b) { return a.at < b.at; });
    for (std::size_t i = 0; i < ruled.size(); ++i) {
        if (ruled[i].at <= stretch.begin) continue; // the table was first
        if (i + 1 < ruled.size() && ruled[i + 1].at == ruled[i].at)
            continue; // saving time all year: its end is its beginning
        if (ruled[i].offset == stretch.offset) continue;
        if (ruled[i].at > time) {
            stretch.end = ruled[i].at;
            break;
        }
        stretch.begin = ruled[i].at;
        stretch.offset_before = stretch.offset;
        stretch.offset = ruled[i].offset;
    }
    return stretch;
}

} // namespace gravity::zone
