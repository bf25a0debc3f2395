#include <gravity/base/ascii.hpp>
#include <gravity/base/money.hpp>

#include <algorithm>
#include <limits>
#include <numeric>

namespace gravity {
namespace {

__extension__ typedef __int128 Wide;

constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t highest = std::numeric_limits<std::int64_t>::max();

[[noreturn]] void overflow() { throw std::overflow_error("amount of money out of range"); }

std::int64_t narrow(Wide value) {
    if (value < lowest || value > highest) overflow();
    return static_cast<std::int64_t>(value);
}

Wide gcd(Wide a, Wide b) {
    if (a < 0) a = -a;
    if (b < 0) b = -b;
    while (b != 0) {
        const Wide rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/// a / b, half away from zero; b is positive.
Wide divide_rounded(Wide a, Wide b) {
    const Wide quotient = a / b;
    const Wide rest = a % b < 0 ? -(a % b) : a % b;
    if (rest < b - rest) return quotient; // that is 2 * rest < b, without the doubling that could overflow
    return quotient + (a < 0 ? -1 : 1);
}

/// amount * numerator / denominator. The denominator is positive and every factor fits in 64 bits but for a power of
/// ten up to 10^4.
std::int64_t scale(std::int64_t amount, Wide numerator, Wide denominator) {
    Wide factor = amount;
    if (const Wide common = gcd(factor, denominator); common > 1) {
        factor /= common;
        denominator /= common;
    }
    if (const Wide common = gcd(numerator, denominator); common > 1) {
        numerator /= common;
        denominator /= common;
    }
    Wide product = 0;
    if (__builtin_mul_overflow(factor, numerator, &product)) overflow();
    return narrow(divide_rounded(product, denominator));
}

std::int64_t power_of_ten(int exponent) {
    std::int64_t power = 1;
    for (int i = 0; i < exponent; ++i) power *= 10;
    return power;
}

void same_currency(const Money& a, const Money& b) {
    if (a.currency != b.currency) throw CurrencyMismatch(a.currency, b.currency);
}

std::string code_of(const Currency& currency) { return currency.is_set() ? currency.to_string() : "no currency"; }

} // namespace

CurrencyMismatch::CurrencyMismatch(const Currency& a, const Currency& b)
    : std::logic_error("amounts of two currencies, " + code_of(a) + " and " + code_of(b)) {}

Ratio::Ratio(std::int64_t numerator, std::int64_t denominator) {
    if (denominator == 0) throw std::invalid_argument("the denominator must not be zero");
    Wide n = numerator;
    Wide d = denominator;
    if (d < 0) {
        n = -n;
        d = -d;
    }
    const Wide common = gcd(n, d);
    numerator_ = narrow(n / common);
    denominator_ = narrow(d / common);
}

Parsed<Ratio> Ratio::parse(std::string_view text) {
    const ParseError bad{"must be a decimal number of up to 18 digits, such as 1.08345"};
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    if (text.size() > 19) return bad;
    std::int64_t numerator = 0;
    std::int64_t denominator = 1;
    std::size_t digits = 0;
    bool point = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '.' && !point && digits > 0) {
            point = true;
            continue;
        }
        if (!ascii::is_digit(text[i]) || ++digits > 18) return bad;
        numerator = numerator * 10 + (text[i] - '0');
        if (point) denominator *= 10;
    }
    if (digits == 0 || text.back() == '.') return bad;
    return Ratio(negative ? -numerator : numerator, denominator);
}

Money operator+(const Money& a, const Money& b) {
    same_currency(a, b);
    return {narrow(Wide{a.amount} + b.amount), a.currency};
}
Money operator-(const Money& a, const Money& b) {
    same_currency(a, b);
    return {narrow(Wide{a.amount} - b.amount), a.currency};
}
Money operator-(const Money& a) { return {narrow(-Wide{a.amount}), a.currency}; }
Money operator*(const Money& a, std::int64_t quantity) { return {narrow(Wide{a.amount} * quantity), a.currency}; }
Money operator*(std::int64_t quantity, const Money& a) { return a * quantity; }
Money& operator+=(Money& a, const Money& b) { return a = a + b; }
Money& operator-=(Money& a, const Money& b) { return a = a - b; }

std::strong_ordering compare(const Money& a, const Money& b) {
    same_currency(a, b);
    return a.amount <=> b.amount;
}

Money multiply(const Money& a, const Ratio& by) {
    return {scale(a.amount, by.numerator(), by.denominator()), a.currency};
}

Money percent_of(const Money& a, Percent percent) {
    return {scale(a.amount, percent.basis_points(), 10'000), a.currency};
}

Money net_of_gross(const Money& a, Percent rate) {
    return {scale(a.amount, 10'000, 10'000 + rate.basis_points()), a.currency};
}

std::vector<Money> allocate(const Money& a, std::span<const std::int64_t> weights) {
    Wide total = 0;
    for (const std::int64_t weight : weights) {
        if (weight < 0) throw std::invalid_argument("a weight must not be negative");
        total += weight;
    }
    if (total == 0) throw std::invalid_argument("the weights must not all be zero");

    const Wide sign = a.amount < 0 ? -1 : 1;
    const Wide magnitude = sign * a.amount;
    std::vector<Wide> remainders;
    std::vector<Wide> shares;
    Wide left = magnitude;
    for (const std::int64_t weight : weights) {
        const Wide exact = magnitude * weight; // at most 2^63 * 2^63
        shares.push_back(exact / total);
        remainders.push_back(exact % total);
        left -= shares.back();
    }
    // Fewer units are left than there are parts with a remainder, so none goes to a part without one.
    std::vector<std::size_t> order(weights.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t x, std::size_t y) { return remainders[x] > remainders[y]; });
    for (std::size_t i = 0; left > 0; ++i, --left) ++shares[order[i]];

    std::vector<Money> parts;
    parts.reserve(shares.size());
    for (const Wide share : shares) parts.push_back({narrow(sign * share), a.currency});
    return parts;
}

std::vector<Money> allocate_evenly(const Money& a, std::size_t parts) {
    if (parts < 1 || parts > 1'000'000) throw std::invalid_argument("the number of parts must be from 1 to 1000000");
    const auto n = static_cast<std::int64_t>(parts);
    const std::int64_t share = a.amount / n;
    const std::int64_t rest = a.amount % n;
    const std::int64_t step = rest < 0 ? -1 : 1;
    std::vector<Money> out;
    out.reserve(parts);
    for (std::int64_t i = 0; i < n; ++i) out.push_back({i < rest * step ? share + step : share, a.currency});
    return out;
}

Money convert(const Money& a, const Currency& to, const Ratio& rate) {
    const int shift = to.exponent() - a.currency.exponent();
    const Wide numerator = Wide{rate.numerator()} * power_of_ten(std::max(shift, 0));
    const Wide denominator = Wide{rate.denominator()} * power_of_ten(std::max(-shift, 0));
    return {scale(a.amount, numerator, denominator), to};
}

std::string format(const Money& a) {
    const auto exponent = static_cast<std::size_t>(a.currency.exponent());
    // The digits without their sign; the lowest number has no positive counterpart in 64 bits, but its text has.
    std::string digits = std::to_string(a.amount);
    std::string out;
    if (a.amount < 0) {
        out = "-";
        digits.erase(0, 1);
    }
    if (digits.size() <= exponent) digits.insert(0, exponent + 1 - digits.size(), '0');
    out.append(digits, 0, digits.size() - exponent);
    if (exponent > 0) {
        out += '.';
        out.append(digits, digits.size() - exponent);
    }
    out += ' ';
    out += a.currency.view();
    return out;
}

} // namespace gravity
