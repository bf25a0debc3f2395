#include "base/calendar.hpp"

#include <gravity/base/time.hpp>

#include <algorithm>
#include <stdexcept>

namespace gravity {

using calendar::Scanner;

void detail::throw_time_overflow() { throw std::overflow_error("time out of range"); }

Date Date::from_days(std::int64_t days) {
    if (days < calendar::min_days || days > calendar::max_days) detail::throw_time_overflow();
    Date date;
    date.days_ = static_cast<std::int32_t>(days);
    return date;
}

Date Date::of(int year, unsigned month, unsigned day) {
    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > calendar::days_in_month(year, month)) {
        throw std::invalid_argument("there is no such day");
    }
    return from_days(calendar::to_days(year, month, day));
}

Parsed<Date> Date::parse(std::string_view text) {
    Scanner in(text);
    const std::int64_t days = in.date();
    if (!in.good() || !in.at_end()) return ParseError{"must be a day such as 2026-11-23"};
    return from_days(days);
}

int Date::year() const { return static_cast<int>(calendar::from_days(days()).year); }
unsigned Date::month() const { return calendar::from_days(days()).month; }
unsigned Date::day() const { return calendar::from_days(days()).day; }
unsigned Date::weekday() const { return calendar::weekday(days()); }

Date Date::plus_months(int n) const {
    const calendar::Civil civil = calendar::from_days(days());
    const std::int64_t months = civil.year * 12 + (civil.month - 1) + n;
    const std::int64_t year = months / 12; // negative months give a year below 1, which is refused
    const auto month = static_cast<unsigned>(months % 12 + 1);
    if (months < 12 || year > 9999) detail::throw_time_overflow();
    return from_days(calendar::to_days(year, month, std::min(civil.day, calendar::days_in_month(year, month))));
}

void Date::append_to(std::string& out) const { calendar::append_date(out, days()); }

std::string Date::to_string() const {
    std::string out;
    append_to(out);
    return out;
}

Timestamp Timestamp::min() { return Timestamp(calendar::min_days * calendar::day_us); }
Timestamp Timestamp::max() { return Timestamp((calendar::max_days + 1) * calendar::day_us - 1); }

Timestamp Timestamp::from_unix_us(std::int64_t us) {
    const Timestamp time(us);
    if (us < min().us_ || us > max().us_) detail::throw_time_overflow();
    return time;
}

namespace {

Parsed<Timestamp> within_range(std::int64_t us) {
    if (us < Timestamp::min().unix_us() || us > Timestamp::max().unix_us())
        return ParseError{"must lie in the years 0001 to 9999 of UTC"};
    return Timestamp::from_unix_us(us);
}

} // namespace

Parsed<Timestamp> Timestamp::parse(std::string_view text) {
    const ParseError bad{"must be a time such as 2026-11-23T12:00:00Z (RFC 3339, with an offset, without leap second)"};
    if (text.size() > 64) return bad;
    Scanner in(text);
    const std::int64_t days = in.date();
    if (!in.take('T') && !in.take('t')) in.fail();
    std::int64_t us = days * calendar::day_us + in.time_of_day();
    if (!in.take('Z') && !in.take('z')) {
        const std::int64_t sign = in.take('+') ? 1 : -1;
        if (sign < 0) in.literal("-");
        const std::int64_t hours = in.digits(2);
        in.literal(":");
        const std::int64_t minutes = in.digits(2);
        if (hours > 23 || minutes > 59) in.fail();
        us -= sign * (hours * 60 + minutes) * 60'000'000;
    }
    if (!in.good() || !in.at_end()) return bad;
    return within_range(us);
}

Parsed<Timestamp> Timestamp::from_postgres(std::string_view text) {
    Scanner in(text);
    const std::int64_t days = in.date();
    in.literal(" ");
    std::int64_t us = days * calendar::day_us + in.time_of_day();
    const std::int64_t sign = in.take('+') ? 1 : -1;
    if (sign < 0) in.literal("-");
    std::int64_t offset = static_cast<std::int64_t>(in.digits(2)) * 3'600;
    if (in.take(':')) offset += in.digits(2) * 60;
    if (in.take(':')) offset += in.digits(2);
    us -= sign * offset * 1'000'000;
    if (!in.good() || !in.at_end())
        return ParseError{"is not a timestamptz in PostgreSQL's ISO style, years 0001 to 9999"};
    return within_range(us);
}

void Timestamp::append_to(std::string& out) const {
    const std::int64_t days = calendar::floor_days(unix_us());
    calendar::append_date(out, days);
    out += 'T';
    calendar::append_time_of_day(out, unix_us() - days * calendar::day_us);
    out += 'Z';
}

std::string Timestamp::to_string() const {
    std::string out;
    append_to(out);
    return out;
}

namespace {
constexpr std::string_view weekday_names = "MonTueWedThuFriSatSun";
constexpr std::string_view month_names = "JanFebMarAprMayJunJulAugSepOctNovDec";
} // namespace

std::string Timestamp::to_http_date() const {
    const Date day = date();
    std::string out(weekday_names.substr((day.weekday() - 1) * 3, 3));
    out += ", ";
    calendar::append_padded(out, day.day(), 2);
    out += ' ';
    out += month_names.substr((day.month() - 1) * 3, 3);
    out += ' ';
    calendar::append_padded(out, day.year(), 4);
    out += ' ';
    calendar::append_time_of_day(out, (unix_seconds() - day.days() * 86'400) * 1'000'000);
    out += " GMT";
    return out;
}

Parsed<Timestamp> Timestamp::from_http_date(std::string_view text) {
    const ParseError bad{"must be a date such as Mon, 23 Nov 2026 12:00:00 GMT"};
    if (text.size() != 29) return bad;
    const std::size_t month = month_names.find(text.substr(8, 3));
    if (month == std::string_view::npos || month % 3 != 0) return bad;
    std::string iso; // the same in the order that is read below
    iso += text.substr(12, 4);
    iso += '-';
    calendar::append_padded(iso, static_cast<std::int64_t>(month / 3 + 1), 2);
    iso += '-';
    iso += text.substr(5, 2);
    Scanner day(iso);
    const std::int64_t days = day.date();
    if (!day.good()) return bad;
    Scanner in(text);
    in.literal(weekday_names.substr((calendar::weekday(days) - 1) * 3, 3));
    in.literal(", ");
    in.literal(text.substr(5, 2));
    in.literal(" ");
    in.literal(text.substr(8, 3));
    in.literal(" ");
    in.literal(text.substr(12, 4));
    in.literal(" ");
    const std::int64_t us = in.time_of_day();
    in.literal(" GMT");
    if (!in.good() || !in.at_end()) return bad;
    return from_unix_us(days * calendar::day_us + us);
}

} // namespace gravity
