#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// Calendar arithmetic and fixed-width digits, shared by the time types. Proleptic Gregorian.
namespace gravity::calendar {

struct Civil {
    std::int64_t year;
    unsigned month; // 1..12
    unsigned day;   // 1..31
};

constexpr bool is_leap(std::int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }
constexpr unsigned days_in_month(std::int64_t year, unsigned month) {
    constexpr unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29U : days[month - 1];
}

/// Days since 1970-01-01: the year is made to begin in March, so that the leap day is its last, and counted in eras of
/// 400 years.
constexpr std::int64_t to_days(std::int64_t year, unsigned month, unsigned day) {
    const std::int64_t y = month <= 2 ? year - 1 : year;
    const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
    const std::int64_t year_of_era = y - era * 400;
    const std::int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146'097 + day_of_era - 719'468;
}
constexpr Civil from_days(std::int64_t days) {
    const std::int64_t z = days + 719'468;
    const std::int64_t era = (z >= 0 ? z : z - 146'096) / 146'097;
    const std::int64_t day_of_era = z - era * 146'097;
    const std::int64_t year_of_era =
        (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
    const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const std::int64_t mp = (5 * day_of_year + 2) / 153;
    const auto month = static_cast<unsigned>(mp < 10 ? mp + 3 : mp - 9);
    return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month,
            static_cast<unsigned>(day_of_year - (153 * mp + 2) / 5 + 1)};
}
/// ISO 8601: Monday 1 .. Sunday 7.
constexpr unsigned weekday(std::int64_t days) { return static_cast<unsigned>((days % 7 + 7 + 3) % 7) + 1; }

constexpr std::int64_t min_days = to_days(1, 1, 1);
constexpr std::int64_t max_days = to_days(9999, 12, 31);
constexpr std::int64_t day_us = 86'400'000'000;
constexpr std::int64_t floor_days(std::int64_t us) { return us / day_us - (us % day_us < 0 ? 1 : 0); }

/// Reads a text from the left; the first miss sticks.
class Scanner {
public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    /// Exactly `n` digits.
    unsigned digits(std::size_t n);
    void literal(std::string_view text);
    bool take(char c); // if it is next
    /// ".123456": an optional decimal part as microseconds, finer digits cut off.
    std::int64_t decimals();
    /// "YYYY-MM-DD" as days since the epoch.
    std::int64_t date();
    /// "HH:MM:SS" with optional decimals, as microseconds; no leap second.
    std::int64_t time_of_day();

    bool at_end() const { return rest_.empty(); }
    bool good() const { return good_; }
    void fail() { good_ = false; }
    std::string_view rest() const { return rest_; }

private:
    std::string_view rest_;
    bool good_ = true;
};

void append_padded(std::string& out, std::int64_t value, int width);
void append_date(std::string& out, std::int64_t days);
/// "HH:MM:SS" with 0, 3 or 6 decimals.
void append_time_of_day(std::string& out, std::int64_t us);

} // namespace gravity::calendar
