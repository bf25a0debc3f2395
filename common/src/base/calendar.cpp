#include "base/calendar.hpp"

#include <gravity/base/ascii.hpp>

namespace gravity::calendar {

unsigned Scanner::digits(std::size_t n) {
    unsigned value = 0;
    if (rest_.size() < n) {
        good_ = false;
        return 0;
    }
    for (std::size_t i = 0; i < n; ++i) {
        if (!ascii::is_digit(rest_[i])) {
            good_ = false;
            return 0;
        }
        value = value * 10 + static_cast<unsigned>(rest_[i] - '0');
    }
    rest_.remove_prefix(n);
    return value;
}

void Scanner::literal(std::string_view text) {
    if (rest_.starts_with(text)) {
        rest_.remove_prefix(text.size());
    } else {
        good_ = false;
    }
}

bool Scanner::take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
}

std::int64_t Scanner::decimals() {
    if (!take('.')) return 0;
    std::int64_t us = 0;
    std::size_t n = 0;
    for (; n < rest_.size() && ascii::is_digit(rest_[n]); ++n) {
        if (n < 6) us = us * 10 + (rest_[n] - '0');
    }
    if (n == 0) good_ = false;
    for (std::size_t i = n; i < 6; ++i) us *= 10;
    rest_.remove_prefix(n);
    return us;
}

std::int64_t Scanner::date() {
    const unsigned year = digits(4);
    literal("-");
    const unsigned month = digits(2);
    literal("-");
    const unsigned day = digits(2);
    if (!good_ || year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) {
        good_ = false;
        return 0;
    }
    return to_days(year, month, day);
}

std::int64_t Scanner::time_of_day() {
    const std::int64_t hour = digits(2);
    literal(":");
    const std::int64_t minute = digits(2);
    literal(":");
    const std::int64_t second = digits(2);
    if (hour > 23 || minute > 59 || second > 59) good_ = false;
    return (hour * 3'600 + minute * 60 + second) * 1'000'000 + decimals();
}

void append_padded(std::string& out, std::int64_t value, int width) {
    const std::string digits = std::to_string(value);
    if (static_cast<int>(digits.size()) < width) out.append(static_cast<std::size_t>(width) - digits.size(), '0');
    out += digits;
}

void append_date(std::string& out, std::int64_t days) {
    const Civil civil = from_days(days);
    append_padded(out, civil.year, 4);
    out += '-';
    append_padded(out, civil.month, 2);
    out += '-';
    append_padded(out, civil.day, 2);
}

void append_time_of_day(std::string& out, std::int64_t us) {
    const std::int64_t seconds = us / 1'000'000;
    const std::int64_t fraction = us % 1'000'000;
    append_padded(out, seconds / 3'600, 2);
    out += ':';
    append_padded(out, seconds / 60 % 60, 2);
    out += ':';
    append_padded(out, seconds % 60, 2);
    if (fraction == 0) return;
    out += '.';
    if (fraction % 1'000 == 0) {
        append_padded(out, fraction / 1'000, 3);
    } else {
        append_padded(out, fraction, 6);
    }
}

} // namespace gravity::calendar
