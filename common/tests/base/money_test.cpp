#include <gravity/base/money.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <numeric>
#include <random>

using gravity::Currency;
using gravity::Money;
using gravity::Percent;
using gravity::Ratio;

namespace {

constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t highest = std::numeric_limits<std::int64_t>::max();

Money eur(std::int64_t cents) { return {cents, "EUR"}; }

std::vector<std::int64_t> amounts(const std::vector<Money>& parts) {
    std::vector<std::int64_t> out;
    for (const Money& part : parts) out.push_back(part.amount);
    return out;
}
using Amounts = std::vector<std::int64_t>;

TEST(Money, AddsAndSubtractsWithinACurrency) {
    EXPECT_EQ(eur(1) + eur(2), eur(3));
    EXPECT_EQ(eur(1) - eur(2), eur(-1));
    EXPECT_EQ(-eur(5), eur(-5));
    EXPECT_EQ(3 * eur(199), eur(597));
    Money total = eur(0);
    total += eur(10);
    total -= eur(4);
    EXPECT_EQ(total, eur(6));
    EXPECT_TRUE(compare(eur(1), eur(2)) < 0);
    EXPECT_THROW(eur(1) + Money({1, "USD"}), gravity::CurrencyMismatch);
    EXPECT_THROW(eur(1) - Money{}, gravity::CurrencyMismatch);
    EXPECT_THROW((void)compare(eur(1), Money({1, "USD"})), gravity::CurrencyMismatch);
    EXPECT_NE(eur(1), Money({1, "USD"}));
}

TEST(Money, ThrowsRatherThanOverflow) {
    EXPECT_THROW(eur(highest) + eur(1), std::overflow_error);
    EXPECT_THROW(eur(lowest) - eur(1), std::overflow_error);
    EXPECT_THROW(-eur(lowest), std::overflow_error);
    EXPECT_THROW(eur(highest) * 2, std::overflow_error);
    EXPECT_THROW(multiply(eur(highest), Ratio(3, 2)), std::overflow_error);
    EXPECT_THROW(convert(eur(highest), "KWD", Ratio(1, 1)), std::overflow_error);
    EXPECT_EQ(multiply(eur(highest), Ratio(highest, highest)), eur(highest));
    EXPECT_EQ(multiply(eur(lowest), Ratio(highest - 1, highest)).amount, lowest + 1);
    EXPECT_EQ(multiply(eur(lowest), Ratio(1, 1)), eur(lowest));
}

TEST(Money, RoundsHalfAwayFromZero) {
    EXPECT_EQ(multiply(eur(1), Ratio(1, 2)), eur(1));
    EXPECT_EQ(multiply(eur(-1), Ratio(1, 2)), eur(-1));
    EXPECT_EQ(multiply(eur(3), Ratio(1, 2)), eur(2));
    EXPECT_EQ(multiply(eur(5), Ratio(1, 2)), eur(3)); // a banker would say 2
    EXPECT_EQ(multiply(eur(1), Ratio(1, 3)), eur(0));
    EXPECT_EQ(multiply(eur(2), Ratio(1, 3)), eur(1));
    EXPECT_EQ(multiply(eur(-2), Ratio(1, 3)), eur(-1));
    EXPECT_EQ(multiply(eur(100), Ratio(-1, 3)), eur(-33));
}

TEST(Money, MultiplicationIsTheNearestInteger) {
    std::mt19937_64 random(1);
    for (int i = 0; i < 20'000; ++i) {
        const auto amount = static_cast<std::int64_t>(random()) >> (1 + random() % 62);
        const std::int64_t numerator = static_cast<std::int64_t>(random() >> 34) - (1 << 29);
        const std::int64_t denominator = static_cast<std::int64_t>(random() >> 33) + 1;
        const Ratio ratio(numerator, denominator);
        if (numerator > denominator || -numerator > denominator) continue; // the result must fit
        const std::int64_t got = multiply(eur(amount), ratio).amount;
        // 2 * |got * d - amount * n| <= d, and on the half the larger magnitude
        __extension__ typedef __int128 Wide;
        const Wide exact = Wide{amount} * ratio.numerator();
        Wide error = Wide{got} * ratio.denominator() - exact;
        const bool away = (exact < 0) == (error < 0);
        if (error < 0) error = -error;
        ASSERT_TRUE(2 * error < ratio.denominator() || (2 * error == ratio.denominator() && away))
            << amount << ' ' << numerator << '/' << denominator;
    }
}

TEST(Money, TakesPercentages) {
    EXPECT_EQ(percent_of(eur(1'000), Percent::of(19.5)), eur(195));
    EXPECT_EQ(percent_of(eur(333), Percent::of(50)), eur(167));
    EXPECT_EQ(percent_of(eur(-333), Percent::of(50)), eur(-167));
    EXPECT_EQ(percent_of(eur(highest), Percent::of(100)), eur(highest));
    EXPECT_EQ(net_of_gross(eur(11'900), Percent::of(19)), eur(10'000));
    EXPECT_EQ(net_of_gross(eur(1'000), Percent::of(19)), eur(840));
}

TEST(Money, AllocatesByLargestRemainder) {
    const std::int64_t thirds[] = {1, 1, 1};
    EXPECT_EQ(amounts(allocate(eur(100), thirds)), (Amounts{34, 33, 33}));
    EXPECT_EQ(amounts(allocate(eur(-100), thirds)), (Amounts{-34, -33, -33}));
    const std::int64_t uneven[] = {70, 20, 10};
    EXPECT_EQ(amounts(allocate(eur(99), uneven)), (Amounts{69, 20, 10})); // remainders .3, .8, .9
    const std::int64_t zeros[] = {0, 1, 0, 1};
    EXPECT_EQ(amounts(allocate(eur(3), zeros)), (Amounts{0, 2, 0, 1}));
    const std::int64_t whole[] = {highest, highest, highest};
    EXPECT_EQ(amounts(allocate(eur(lowest), whole)), (Amounts{lowest / 3 - 1, lowest / 3 - 1, lowest / 3}));
    EXPECT_EQ(amounts(allocate(eur(lowest), std::vector<std::int64_t>{5})), (Amounts{lowest}));
    EXPECT_THROW(allocate(eur(1), {}), std::invalid_argument);
    EXPECT_THROW(allocate(eur(1), std::vector<std::int64_t>{0, 0}), std::invalid_argument);
    EXPECT_THROW(allocate(eur(1), std::vector<std::int64_t>{2, -1}), std::invalid_argument);
}

TEST(Money, AllocationPreservesTheSumAndTheShares) {
    std::mt19937_64 random(2);
    for (int i = 0; i < 5'000; ++i) {
        const std::int64_t amount = static_cast<std::int64_t>(random() % 2'000'001) - 1'000'000;
        std::vector<std::int64_t> weights(1 + random() % 12);
        for (auto& weight : weights) weight = static_cast<std::int64_t>(random() % 1'000);
        const std::int64_t total = std::accumulate(weights.begin(), weights.end(), std::int64_t{0});
        if (total == 0) continue;
        const auto parts = amounts(allocate(eur(amount), weights));
        ASSERT_EQ(std::accumulate(parts.begin(), parts.end(), std::int64_t{0}), amount);
        for (std::size_t k = 0; k < parts.size(); ++k) {
            const std::int64_t error = parts[k] * total - amount * weights[k];
            ASSERT_LT(error < 0 ? -error : error, total); // within one unit
        }
        const auto even = amounts(allocate_evenly(eur(amount), weights.size()));
        ASSERT_EQ(even, amounts(allocate(eur(amount), std::vector<std::int64_t>(weights.size(), 7))));
    }
    EXPECT_THROW(allocate_evenly(eur(1), 0), std::invalid_argument);
    EXPECT_THROW(allocate_evenly(eur(1), 1'000'001), std::invalid_argument);
}

TEST(Money, ConvertsBetweenExponents) {
    EXPECT_EQ(convert(eur(1'000), "USD", *Ratio::parse("1.08345")), Money({1'083, "USD"}));
    EXPECT_EQ(convert(eur(1'000), "JPY", *Ratio::parse("162.5")), Money({1'625, "JPY"}));
    EXPECT_EQ(convert(Money({1'625, "JPY"}), "EUR", Ratio(10, 1'625)), eur(1'000));
    EXPECT_EQ(convert(eur(100), "KWD", *Ratio::parse("0.3335")), Money({334, "KWD"})); // 333.5
    EXPECT_EQ(convert(Money({-1'005, "KWD"}), "JPY", Ratio(1, 1)), Money({-1, "JPY"}));
    EXPECT_EQ(convert(eur(123), "EUR", Ratio(1, 1)), eur(123));
}

TEST(Money, IsFormattedByItsExponent) {
    EXPECT_EQ(format(eur(1'999)), "19.99 EUR");
    EXPECT_EQ(format(eur(-5)), "-0.05 EUR");
    EXPECT_EQ(format(eur(0)), "0.00 EUR");
    EXPECT_EQ(format(Money{-1'500, "JPY"}), "-1500 JPY");
    EXPECT_EQ(format(Money{1'500, "KWD"}), "1.500 KWD");
    EXPECT_EQ(format(eur(lowest)), "-92233720368547758.08 EUR");
}

TEST(Ratio, IsInLowestTerms) {
    EXPECT_EQ(Ratio(6, -4), Ratio(-3, 2));
    EXPECT_EQ(Ratio::basis_points(1'900), Ratio(19, 100));
    EXPECT_EQ(Ratio(lowest, lowest), Ratio(1, 1));
    EXPECT_THROW(Ratio(1, 0), std::invalid_argument);
    EXPECT_THROW(Ratio(1, lowest), std::overflow_error);
    EXPECT_EQ(*Ratio::parse("-0.5"), Ratio(-1, 2));
    EXPECT_EQ(*Ratio::parse("3"), Ratio(3, 1));
    EXPECT_EQ(*Ratio::parse("0.00000000000000001"), Ratio(1, 100'000'000'000'000'000));
    for (const char* bad :
         {"", "-", ".", "1.", ".5", "1e3", "1,5", "+1", " 1", "1.2.3", "--1", "1234567890123456789", "NaN"})
        EXPECT_FALSE(Ratio::parse(bad)) << bad;
}

} // namespace
