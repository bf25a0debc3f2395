#include "go_duration.hpp"

#include <gravity/base/ascii.hpp>

#include <array>
#include <utility>

namespace gravity::registry {
namespace {

constexpr std::int64_t longest_us = std::int64_t{100} * 365 * 24 * 3600 * 1'000'000;

// Nanoseconds of a unit; the longer names first, so that "ms" is not read as "m".
constexpr std::array<std::pair<std::string_view, double>, 8> units{{{"ns", 1},
                                                                    {"us", 1e3},
                                                                    {"\xC2\xB5s", 1e3},
                                                                    {"\xCE\xBCs", 1e3},
                                                                    {"ms", 1e6},
                                                                    {"s", 1e9},
                                                                    {"m", 60e9},
                                                                    {"h", 3600e9}}};

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
    double total_ns = 0;
    while (!text.empty()) {
        double number = 0;
        double scale = 1;
        bool digits = false;
        bool fraction = false;
        for (; !text.empty() && (ascii::is_digit(text[0]) || (text[0] == '.' && !fraction)); text.remove_prefix(1)) {
            if (text[0] == '.') {
                fraction = true;
                continue;
            }
            digits = true;
            if (fraction) scale /= 10;
            number = fraction ? number + scale * (text[0] - '0') : number * 10 + (text[0] - '0');
        }
        if (!digits) return malformed;
        bool known = false;
        for (const auto& [name, ns] : units) {
            if (!text.starts_with(name)) continue;
            total_ns += number * ns;
            text.remove_prefix(name.size());
            known = true;
            break;
        }
        if (!known) return malformed;
        if (total_ns > static_cast<double>(longest_us) * 1e3) return ParseError{"must be at most 100 years"};
    }
    // Half a nanosecond makes up for sums of decimals such as 0.1 that binary cannot hold.
    return GoDuration(static_cast<std::int64_t>((total_ns + 0.5) / 1e3));
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
