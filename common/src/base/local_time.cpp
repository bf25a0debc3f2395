#include "base/calendar.hpp"

#include <gravity/base/tz.hpp>

#include <stdexcept>

namespace gravity {

using calendar::day_us;
using calendar::floor_days;

namespace {

std::int64_t time_of_day(std::int64_t us) { return us - floor_days(us) * day_us; }

} // namespace

LocalTime LocalTime::of(Date date, unsigned hour, unsigned minute, unsigned second, unsigned microsecond) {
    if (hour > 23 || minute > 59 || second > 59 || microsecond > 999'999)
        throw std::invalid_argument("there is no such time of day");
    const std::int64_t seconds = std::int64_t{hour} * 3'600 + std::int64_t{minute} * 60 + std::int64_t{second};
    return LocalTime(date.days() * day_us + seconds * 1'000'000 + std::int64_t{microsecond});
}

LocalTime LocalTime::from_count_us(std::int64_t us) {
    (void)Date::from_days(floor_days(us)); // throws outside the calendar
    return LocalTime(us);
}

Parsed<LocalTime> LocalTime::parse(std::string_view text) {
    const ParseError bad{"must be a local time such as 2026-03-29T02:30:00, without offset"};
    if (text.size() > 64) return bad;
    calendar::Scanner in(text);
    const std::int64_t days = in.date();
    if (!in.take('T') && !in.take('t')) in.fail();
    const std::int64_t us = in.time_of_day();
    if (!in.good() || !in.at_end()) return bad;
    return LocalTime(days * day_us + us);
}

Parsed<LocalTime> LocalTime::from_postgres(std::string_view text) {
    calendar::Scanner in(text);
    const std::int64_t days = in.date();
    in.literal(" ");
    const std::int64_t us = in.time_of_day();
    if (!in.good() || !in.at_end())
        return ParseError{"is not a timestamp in PostgreSQL's ISO style, years 0001 to 9999"};
    return LocalTime(days * day_us + us);
}

Date LocalTime::date() const { return Date::from_days(floor_days(count_us())); }
unsigned LocalTime::hour() const { return static_cast<unsigned>(time_of_day(count_us()) / 3'600'000'000); }
unsigned LocalTime::minute() const { return static_cast<unsigned>(time_of_day(count_us()) / 60'000'000 % 60); }
unsigned LocalTime::second() const { return static_cast<unsigned>(time_of_day(count_us()) / 1'000'000 % 60); }
unsigned LocalTime::microsecond() const { return static_cast<unsigned>(time_of_day(count_us()) % 1'000'000); }

void LocalTime::append_to(std::string& out) const {
    calendar::append_date(out, floor_days(count_us()));
    out += 'T';
    calendar::append_time_of_day(out, time_of_day(count_us()));
}

std::string LocalTime::to_string() const {
    std::string out;
    append_to(out);
    return out;
}

} // namespace gravity
