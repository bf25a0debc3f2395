#include "base/calendar.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/time.hpp>

namespace gravity {
namespace {

/// A sum of microseconds that remembers having left the range.
class Sum {
public:
    void add(std::int64_t n, std::int64_t unit) {
        std::int64_t us = 0;
        if (__builtin_mul_overflow(n, unit, &us) || __builtin_add_overflow(us_, us, &us_)) overflow_ = true;
    }
    void negate() { us_ = overflow_ ? 0 : -us_; }
    bool overflow() const { return overflow_ || us_ == detail::unset_time; }
    std::int64_t us() const { return us_; }

private:
    std::int64_t us_ = 0;
    bool overflow_ = false;
};

/// A number of 1 to 18 digits with an optional sign, and its decimals in microseconds of the same sign.
struct Number {
    std::int64_t whole = 0;
    std::int64_t micro = 0;
    bool has_decimals = false;
    bool good = false;
};

Number take_number(std::string_view& text) {
    Number n;
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) text.remove_prefix(1);
    std::size_t digits = 0;
    for (; digits < text.size() && ascii::is_digit(text[digits]); ++digits) {
        if (digits == 18) return n;
        n.whole = n.whole * 10 + (text[digits] - '0');
    }
    if (digits == 0) return n;
    text.remove_prefix(digits);
    n.has_decimals = text.starts_with('.') || text.starts_with(',');
    if (n.has_decimals) {
        text.remove_prefix(1);
        std::int64_t scale = 100'000;
        std::size_t decimals = 0;
        for (; decimals < text.size() && ascii::is_digit(text[decimals]); ++decimals, scale /= 10)
            n.micro += (text[decimals] - '0') * scale;
        if (decimals == 0) return n;
        text.remove_prefix(decimals);
    }
    if (negative) {
        n.whole = -n.whole;
        n.micro = -n.micro;
    }
    n.good = true;
    return n;
}

struct Unit {
    char letter;
    std::int64_t us;
};
constexpr Unit date_units[] = {{'W', 604'800'000'000}, {'D', 86'400'000'000}};
constexpr Unit time_units[] = {{'H', 3'600'000'000}, {'M', 60'000'000}, {'S', 1'000'000}};

/// Designators in descending order, each at most once; how many were read, or -1.
int take_units(std::string_view& text, std::span<const Unit> units, Sum& sum, char& last) {
    int taken = 0;
    std::size_t next = 0;
    while (!text.empty() && text.front() != 'T') {
        const Number n = take_number(text);
        if (!n.good || text.empty()) return -1;
        while (next < units.size() && units[next].letter != text.front()) ++next;
        if (next == units.size()) return -1;
        if (n.has_decimals && text.front() != 'S') return -1;
        sum.add(n.whole, units[next].us);
        sum.add(n.micro, 1);
        last = text.front();
        text.remove_prefix(1);
        ++next;
        ++taken;
    }
    return taken;
}

const char* const form = "must be a duration such as PT15M, P1DT2H or P2W, without years and months";
const char* const too_long = "must be a duration of less than 292000 years";

} // namespace

Parsed<Duration> Duration::parse(std::string_view text) {
    if (text.size() > 64) return ParseError{form};
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    if (!text.starts_with('P')) return ParseError{form};
    text.remove_prefix(1);
    Sum sum;
    char last = 0;
    const int dates = take_units(text, date_units, sum, last);
    if (dates < 0) return ParseError{form};
    const bool weeks = dates > 1 || last == 'W';
    int times = 0;
    if (text.starts_with('T')) {
        text.remove_prefix(1);
        times = take_units(text, time_units, sum, last);
        if (times <= 0 || !text.empty()) return ParseError{form};
    }
    if (dates + times == 0) return ParseError{form};
    if (weeks && dates + times > 1) return ParseError{form}; // ISO 8601: weeks stand alone
    if (negative) sum.negate();
    if (sum.overflow()) return ParseError{too_long};
    return Duration(sum.us());
}

Parsed<Duration> Duration::from_postgres(std::string_view text) {
    if (text.size() > 64) return ParseError{"is not an interval"};
    if (text.starts_with('P')) return parse(text);
    const ParseError bad{"is not an interval of days and less in PostgreSQL's style"};
    Sum sum;
    bool days_taken = false;
    bool time_taken = false;
    while (!text.empty()) {
        if (time_taken) return bad; // the time of day comes last
        const bool negative = text.starts_with('-');
        const Number n = take_number(text);
        if (!n.good || n.has_decimals) return bad;
        if (text.starts_with(" day")) {
            text.remove_prefix(4);
            if (text.starts_with('s')) text.remove_prefix(1);
            if (days_taken || (!text.empty() && (text.front() != ' ' || text.size() == 1))) return bad;
            if (!text.empty()) text.remove_prefix(1);
            sum.add(n.whole, 86'400'000'000);
            days_taken = true;
            continue;
        }
        calendar::Scanner in(text);
        in.literal(":");
        const std::int64_t minutes = in.digits(2);
        in.literal(":");
        const std::int64_t seconds = in.digits(2);
        const std::int64_t micro = in.decimals();
        if (!in.good() || minutes > 59 || seconds > 59) return bad;
        const std::int64_t rest = (minutes * 60 + seconds) * 1'000'000 + micro;
        sum.add(n.whole, 3'600'000'000);
        sum.add(negative ? -rest : rest, 1); // the sign is of the whole, "-00:00:01"
        text = in.rest();
        time_taken = true;
    }
    if (!days_taken && !time_taken) return bad;
    if (sum.overflow()) return ParseError{too_long};
    return Duration(sum.us());
}

void Duration::append_to(std::string& out) const {
    // Each part with its own sign ("PT-15M", ISO 8601-2): the form PostgreSQL takes; it does not know "-PT15M".
    const std::int64_t us = count_us();
    out += 'P';
    const std::int64_t days = us / calendar::day_us;
    const std::int64_t hours = us / 3'600'000'000 % 24;
    const std::int64_t minutes = us / 60'000'000 % 60;
    const std::int64_t micro = us % 60'000'000;
    if (days != 0) out += std::to_string(days) + 'D';
    if (us % calendar::day_us == 0 && days != 0) return;
    out += 'T';
    if (hours != 0) out += std::to_string(hours) + 'H';
    if (minutes != 0) out += std::to_string(minutes) + 'M';
    if (micro != 0 || us == 0) {
        const std::int64_t magnitude = micro < 0 ? -micro : micro;
        if (micro < 0) out += '-';
        out += std::to_string(magnitude / 1'000'000);
        if (magnitude % 1'000'000 != 0) {
            out += '.';
            calendar::append_padded(out, magnitude % 1'000'000, 6);
            while (out.back() == '0') out.pop_back();
        }
        out += 'S';
    }
}

std::string Duration::to_string() const {
    std::string out;
    append_to(out);
    return out;
}

} // namespace gravity
