#include "go_duration.hpp"

#include <gravity/base/ascii.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace gravity::registry {
namespace {

constexpr std::int64_t longest_ns = std::int64_t{100} * 365 * 24 * 3600 * 1'000'000'000;

// Nanoseconds of a unit; the longer names first, so that "ms" is not read as "m".
constexpr std::array<std::pair<std::string_view, std::int64_t>, 8> units{{{"ns", 1},
                                                                          {"us", 1'000},
                                                                          {"\xC2\xB5s", 1'000},
                                                                          {"\xCE\xBCs", 1'000},
                                                                          {"ms", 1'000'000},
                                                                          {"s", 1'000'000'000},
                                                                          {"m", 60'000'000'000},
                                                                          {"h", 3'600'000'000'000}}};

/// Digits with at most one point among them, taken from the front of a text.
struct Number {
    std::int64_t whole = 0;    // beyond longest_ns: just that
    std::int64_t fraction = 0; // of `scale`; digits beyond the 18th count for nothing
    std::int64_t scale = 1;
    bool digits = false;
};

Number take_number(std::string_view& text) {
    constexpr std::int64_t largest_scale = 1'000'000'000'000'000'000;
    Number number;
    bool point = false;
    for (; !text.empty() && (ascii::is_digit(text[0]) || (text[0] == '.' && !point)); text.remove_prefix(1)) {
        if (text[0] == '.') {
            point = true;
            continue;
        }
        number.digits = true;
        if (!point) {
            number.whole = number.whole > longest_ns / 10 ? longest_ns + 1 : number.whole * 10 + (text[0] - '0');
        } else if (number.scale < largest_scale) {
            number.fraction = number.fraction * 10 + (text[0] - '0');
            number.scale *= 10;
        }
    }
    return number;
}

std::string decimals(std::int64_t whole, std::int64_t part, int digits) {
    std::string text = std::to_string(whole);
    if (part == 0) return text;
    std::string fraction = std::to_string(part);
    fraction.insert(0, static_cast<std::size_t>(digits) - fraction.size(), '0');
    while (fraction.back() == '0') fraction.pop_back();
    return text + '.' + fraction;
}

} // namespace

Parsed<GoDuration> GoDuration::parse(std::string_view text) {
    const ParseError malformed{"is an invalid duration; \"10s\" or \"1h30m\" is one"}; // clients look for these two words of Go's
    if (text == "0") return GoDuration(0);
    if (!text.empty() && text[0] == '+') text.remove_prefix(1);
    if (text.empty() || text.size() > 64) return malformed;
    const ParseError too_long{"must be at most 100 years"};
    std::int64_t total_ns = 0;
    while (!text.empty()) {
        const Number number = take_number(text);
        if (!number.digits) return malformed;
        const auto unit = std::find_if(units.begin(), units.end(), [&](const auto& one) { return text.starts_with(one.first); });
        if (unit == units.end()) return malformed;
        text.remove_prefix(unit->first.size());
        if (number.whole > longest_ns / unit->second) return too_long;
        total_ns += number.whole * unit->second;
        // As Go has it: exact wherever the unit divides into the decimals that are given.
        total_ns += static_cast<std::int64_t>(static_cast<double>(number.fraction) * (static_cast<double>(unit->second) / static_cast<double>(number.scale)));
        if (total_ns > longest_ns) return too_long;
    }
    return GoDuration(total_ns / 1'000);
}

std::string GoDuration::to_string() const {
    if (us_ == 0) return "0s";
    if (us_ < 1'000) return std::to_string(us_) + "\xC2\xB5s";
    if (us_ < 1'000'000) return decimals(us_ / 1'000, us_ % 1'000, 3) + "ms";
    const std::int64_t seconds = us_ / 1'000'000;
    std::string text;
    if (seconds >= 3600) text += std::to_string(seconds / 3600) + 'h';
    if (seconds >= 60) text += std::to_string(seconds / 60 % 60) + 'm';
    return text + decimals(seconds % 60, us_ % 1'000'000, 6) + 's';
}

} // namespace gravity::registry
