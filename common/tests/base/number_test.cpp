#include <gravity/base/number.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

using gravity::Bounded;
using gravity::Percent;
using gravity::Version;

namespace {

using Quantity = Bounded<int, 1, 100>;

TEST(Bounded, HoldsItsLimits) {
    const Quantity one = 1;
    EXPECT_EQ(one, 1);
    EXPECT_LT(one, 2L);
    EXPECT_GT(2u, one);
    EXPECT_EQ(one + 1, 2);
    EXPECT_LT(one, Quantity(2));
    EXPECT_NO_THROW(Quantity(100));
    EXPECT_THROW(Quantity(0), std::invalid_argument);
    EXPECT_THROW(Quantity(101), std::invalid_argument);
    EXPECT_THROW(Quantity(std::int64_t{1} << 32 | 1), std::invalid_argument); // would be 1 if cut to int
    EXPECT_THROW((Bounded<unsigned, 0, 10>(-1)), std::invalid_argument);
    EXPECT_FALSE(Quantity{}.is_set());
    EXPECT_NE(Quantity{}, one);
}

TEST(Bounded, DescribesItself) {
    constexpr gravity::meta::Type type = Quantity::describe();
    EXPECT_EQ(type.kind, gravity::meta::Kind::integer);
    EXPECT_EQ(type.min, 1);
    EXPECT_EQ(type.max, 100);
    Quantity q;
    EXPECT_FALSE(type.is_set(&q));
    type.integer->set(&q, 7);
    EXPECT_TRUE(type.is_set(&q));
    EXPECT_EQ(type.integer->get(&q), 7);
    EXPECT_THROW(type.integer->set(&q, 101), std::invalid_argument);
    EXPECT_EQ(type.integer->get(&q), 7);
    constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
    EXPECT_EQ((Bounded<std::int64_t, lowest, 0>::describe().min), lowest);
}

TEST(Version, CountsFromOne) {
    EXPECT_FALSE(Version{}.is_set());
    EXPECT_EQ(Version(1).next(), Version(2));
    EXPECT_THROW(Version(0), std::invalid_argument);
    EXPECT_THROW(Version(-1), std::invalid_argument);
    Version v;
    Version::describe().integer->set(&v, 12);
    EXPECT_EQ(v.value(), 12);
}

TEST(Percent, IsHeldInBasisPoints) {
    EXPECT_EQ(Percent::of(19.5).basis_points(), 1'950);
    EXPECT_EQ(Percent::of(0.29).basis_points(), 29); // 28.999... as a double product
    EXPECT_EQ(Percent::of(12.345).basis_points(), 1'235);
    EXPECT_EQ(Percent::of(100).basis_points(), 10'000);
    EXPECT_EQ(Percent::from_basis_points(725).percent(), 7.25);
    EXPECT_FALSE(Percent{}.is_set());
    EXPECT_TRUE(Percent::of(0).is_set());
    for (const double bad : {-0.01, 100.01, std::nan(""), HUGE_VAL, -HUGE_VAL})
        EXPECT_THROW(Percent::of(bad), std::invalid_argument) << bad;
    EXPECT_THROW(Percent::from_basis_points(10'001), std::invalid_argument);
    for (int bp = 0; bp <= 10'000; ++bp)
        ASSERT_EQ(Percent::of(Percent::from_basis_points(bp).percent()).basis_points(), bp);
    Percent p;
    Percent::describe().number->set(&p, 7.5);
    EXPECT_EQ(Percent::describe().number->get(&p), 7.5);
}

} // namespace
