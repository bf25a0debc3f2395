#include "usage_sums.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>

namespace gravity::project {
namespace {

// Of 10^-12 each. A Decimal has less than 10^30 of them, so there is room for the sum of a hundred million.
__extension__ typedef __int128 Units;
constexpr std::size_t digits_of_units = 12;

Units units_of(std::string_view decimal) {
    const bool negative = decimal.starts_with('-');
    if (negative) decimal.remove_prefix(1);
    const std::size_t point = std::min(decimal.find('.'), decimal.size());
    Units units = 0;
    for (const char c : decimal)
        if (c != '.') units = units * 10 + (c - '0');
    const std::size_t behind = point == decimal.size() ? 0 : decimal.size() - point - 1;
    for (std::size_t i = behind; i < digits_of_units; ++i) units *= 10;
    return negative ? -units : units;
}

std::string decimal_of_units(Units units) {
    const bool negative = units < 0;
    if (negative) units = -units;
    std::string digits; // the last one first
    for (; units > 0 || digits.size() <= digits_of_units; units /= 10) digits += static_cast<char>('0' + static_cast<int>(units % 10));
    std::reverse(digits.begin(), digits.end());
    const std::size_t before = digits.size() - digits_of_units;
    std::string text = (negative ? "-" : "") + digits.substr(0, before);
    const std::size_t last = digits.find_last_not_of('0');
    if (last != digits.npos && last >= before) text += "." + digits.substr(before, last + 1 - before);
    return text;
}

Timestamp quarter_of(Timestamp time) {
    const std::int64_t length = 900'000'000, into = time.unix_us() % length;
    return Timestamp::from_unix_us(time.unix_us() - into - (into < 0 ? length : 0));
}

using SumKey = std::tuple<MeterId, Timestamp, std::string_view, std::string_view>; // subject, grouping
struct Sum {
    Units sum = 0, least = 0, most = 0;
    std::int64_t count = 0;
};

void add_value(Sum& to, Units value) {
    to.least = to.count == 0 ? value : std::min(to.least, value);
    to.most = to.count == 0 ? value : std::max(to.most, value);
    to.sum += value;
    ++to.count;
}

} // namespace

UsageSums sums_of(const std::vector<Counted>& counted) {
    std::map<SumKey, Sum> rows;
    for (const Counted& each : counted)
        add_value(rows[SumKey(each.meter->id, quarter_of(each.time), each.subject, each.grouping)], units_of(each.value.view()));
    UsageSums sums;
    for (const auto& [key, row] : rows) {
        sums.meters.push_back(std::get<0>(key));
        sums.quarters.push_back(std::get<1>(key));
        sums.subjects.emplace_back(std::get<2>(key));
        sums.groupings.emplace_back(std::get<3>(key));
        sums.sums.push_back(decimal_of_units(row.sum));
        sums.least.push_back(decimal_of_units(row.least));
        sums.most.push_back(decimal_of_units(row.most));
        sums.counts.push_back(row.count);
    }
    return sums;
}

} // namespace gravity::project
