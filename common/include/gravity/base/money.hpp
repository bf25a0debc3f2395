#pragma once

#include <gravity/base/codes.hpp>
#include <gravity/base/number.hpp>

#include <compare>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// Money arithmetic: exact in 128 bits, rounded once at the end, half away from zero. What does not fit into 64 bits
/// throws std::overflow_error; amounts of two currencies throw CurrencyMismatch. Pure functions, any thread.
namespace gravity {

/// An amount in minor units (cents; ISO 4217 exponent) and its currency. JSON {"amount": 1999, "currency": "EUR"}; in
/// SQL two columns <field>_amount bigint and <field>_currency.
struct Money {
    std::int64_t amount = 0;
    Currency currency;

    friend bool operator==(const Money&, const Money&) = default;
};

/// A sum or comparison over two currencies: a mistake of the program, to be excluded before.
class CurrencyMismatch : public std::logic_error {
public:
    CurrencyMismatch(const Currency& a, const Currency& b);
};

/// A fraction, e.g. an exchange rate. The denominator is positive and the fraction in lowest terms.
class Ratio {
public:
    constexpr Ratio() = default; // 0
    /// Throws std::invalid_argument if the denominator is zero, std::overflow_error if the reduced fraction does not
    /// fit.
    Ratio(std::int64_t numerator, std::int64_t denominator);
    /// A plain decimal number without exponent, up to 18 digits in all: "1.08345", "-0.5", "3".
    static Parsed<Ratio> parse(std::string_view text);
    /// 1,900 basis points are 19/100. May be negative or above 10,000.
    static Ratio basis_points(std::int64_t value) { return Ratio(value, 10'000); }

    constexpr std::int64_t numerator() const { return numerator_; }
    constexpr std::int64_t denominator() const { return denominator_; }

    friend constexpr bool operator==(const Ratio&, const Ratio&) = default;

private:
    std::int64_t numerator_ = 0;
    std::int64_t denominator_ = 1;
};

Money operator+(const Money& a, const Money& b);
Money operator-(const Money& a, const Money& b);
Money operator-(const Money& a);
Money operator*(const Money& a, std::int64_t quantity);
Money operator*(std::int64_t quantity, const Money& a);
Money& operator+=(Money& a, const Money& b);
Money& operator-=(Money& a, const Money& b);
/// Order of two amounts of one currency; throws CurrencyMismatch for two.
std::strong_ordering compare(const Money& a, const Money& b);

/// `a` times the fraction, rounded half away from zero.
Money multiply(const Money& a, const Ratio& by);
/// The part of `a`: 19.5 % of 10.00 EUR is 1.95 EUR.
Money percent_of(const Money& a, Percent percent);
/// Net of a gross amount with tax included at the rate: a / (1 + rate). The tax is `a - net`, so nothing is lost.
Money net_of_gross(const Money& a, Percent rate);

/// Splits by weights with the largest remainder: the parts add up to `a` exactly and each is within one minor unit of
/// its exact share. Among equal remainders the earlier part gets the unit. Weights are not negative and not all zero,
/// else std::invalid_argument.
std::vector<Money> allocate(const Money& a, std::span<const std::int64_t> weights);
/// Splits into `parts` equal shares, the larger ones first. `parts` is from 1 to 1,000,000, else std::invalid_argument.
std::vector<Money> allocate_evenly(const Money& a, std::size_t parts);

/// At `rate` units of `to` per unit of a's currency (major units: 1 EUR = 1.08 USD), the exponents of both respected.
Money convert(const Money& a, const Currency& to, const Ratio& rate);

/// "19.99 EUR", "-1500 JPY": for logs and plain text, not localised.
std::string format(const Money& a);

} // namespace gravity
