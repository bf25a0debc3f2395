#pragma once

#include <gravity/base/parsed.hpp>
#include <gravity/base/type.hpp>

#include <cassert>
#include <compare>
#include <concepts>
#include <cstdint>
#include <utility>

/// Numbers with limits. Default-constructed they are unset, and reading them asserts. A number out of range throws
/// std::invalid_argument: what comes from outside is held against the limits of the type table before it is set.
namespace gravity {

namespace detail {
[[noreturn]] void throw_out_of_range(std::int64_t low, std::int64_t high);
} // namespace detail

/// An integer from Lo to Hi: `Bounded<int, 1, 100> quantity = 1;`. Converts to T.
template <std::integral T, T Lo, T Hi> class Bounded {
    static_assert(Lo <= Hi);
    static_assert(std::in_range<std::int64_t>(Lo) && std::in_range<std::int64_t>(Hi),
                  "JSON and SQL integers are 64-bit signed");

public:
    using value_type = T;

    constexpr Bounded() = default;
    template <std::integral V> constexpr Bounded(V value) : value_(static_cast<T>(value)), set_(true) {
        if (std::cmp_less(value, Lo) || std::cmp_greater(value, Hi)) {
            detail::throw_out_of_range(static_cast<std::int64_t>(Lo), static_cast<std::int64_t>(Hi));
        }
    }

    constexpr bool is_set() const noexcept { return set_; }
    constexpr T value() const noexcept {
        assert(set_);
        return value_;
    }
    constexpr operator T() const noexcept { return value(); }

    friend constexpr auto operator<=>(const Bounded&, const Bounded&) = default;
    friend constexpr bool operator==(const Bounded&, const Bounded&) = default;
    // Against a plain number by value, whatever the signs; without these a comparison could convert either way and
    // would be ambiguous.
    template <std::integral V> friend constexpr bool operator==(const Bounded& a, V b) {
        return std::cmp_equal(a.value(), b);
    }
    template <std::integral V> friend constexpr std::strong_ordering operator<=>(const Bounded& a, V b) {
        if (std::cmp_less(a.value(), b)) return std::strong_ordering::less;
        return std::cmp_equal(a.value(), b) ? std::strong_ordering::equal : std::strong_ordering::greater;
    }

    static constexpr meta::Type describe();

private:
    T value_ = Lo;
    bool set_ = false;
};

namespace detail {
template <class B>
inline constexpr meta::IntegerOps bounded_ops{
    [](void* out, std::int64_t value) { *static_cast<B*>(out) = B(value); },
    [](const void* value) { return static_cast<std::int64_t>(static_cast<const B*>(value)->value()); },
};
} // namespace detail

template <std::integral T, T Lo, T Hi> constexpr meta::Type Bounded<T, Lo, Hi>::describe() {
    meta::Type t;
    t.kind = meta::Kind::integer;
    if (sizeof(T) > 4) t.format = "int64";
    t.min = static_cast<std::int64_t>(Lo);
    t.max = static_cast<std::int64_t>(Hi);
    t.integer = &detail::bounded_ops<Bounded>;
    t.is_set = [](const void* value) { return static_cast<const Bounded*>(value)->is_set(); };
    t.make = &meta::detail::make<Bounded>;
    return t;
}

/// The version of a row, for optimistic concurrency: 1, 2, 3 ... Unset is 0.
class Version {
public:
    constexpr Version() = default;
    /// Throws std::invalid_argument below 1.
    constexpr explicit Version(std::int64_t value) : value_(value) {
        if (value < 1) detail::throw_out_of_range(1, INT64_MAX);
    }
    constexpr bool is_set() const noexcept { return value_ != 0; }
    constexpr std::int64_t value() const noexcept {
        assert(is_set());
        return value_;
    }
    constexpr Version next() const { return Version(value() + 1); }

    friend constexpr auto operator<=>(const Version&, const Version&) = default;
    friend constexpr bool operator==(const Version&, const Version&) = default;

    static constexpr meta::Type describe();

private:
    std::int64_t value_ = 0;
};

namespace detail {
inline constexpr meta::IntegerOps version_ops{
    [](void* out, std::int64_t value) { *static_cast<Version*>(out) = Version(value); },
    [](const void* value) { return static_cast<const Version*>(value)->value(); },
};
} // namespace detail

constexpr meta::Type Version::describe() {
    meta::Type t;
    t.kind = meta::Kind::integer;
    t.format = "int64";
    t.doc = "Version of the resource, counted from 1";
    t.example = "1";
    t.min = 1;
    t.sql = "bigint,integer";
    t.integer = &detail::version_ops;
    t.is_set = [](const void* value) { return static_cast<const Version*>(value)->is_set(); };
    t.make = &meta::detail::make<Version>;
    return t;
}

/// A share from 0 to 100 % in steps of 0.01, held as an integer number of basis points (0 to 10,000). In JSON a number
/// of per cent, 19.5; a finer one is rounded to the nearest step, half away from zero.
class Percent {
public:
    constexpr Percent() = default;
    /// Throws std::invalid_argument outside 0..10,000.
    static constexpr Percent from_basis_points(std::int64_t value) {
        if (value < 0 || value > 10'000) detail::throw_out_of_range(0, 10'000);
        Percent p;
        p.basis_points_ = static_cast<std::int32_t>(value);
        return p;
    }
    /// Per cent. Throws std::invalid_argument outside 0..100, and for NaN.
    static Percent of(double percent);

    constexpr bool is_set() const noexcept { return basis_points_ >= 0; }
    constexpr std::int64_t basis_points() const noexcept {
        assert(is_set());
        return basis_points_;
    }
    constexpr double percent() const noexcept { return static_cast<double>(basis_points()) / 100.0; }

    friend constexpr auto operator<=>(const Percent&, const Percent&) = default;
    friend constexpr bool operator==(const Percent&, const Percent&) = default;

    static constexpr meta::Type describe();

private:
    std::int32_t basis_points_ = -1;
};

namespace detail {
inline constexpr meta::NumberOps percent_ops{
    [](void* out, double value) { *static_cast<Percent*>(out) = Percent::of(value); },
    [](const void* value) { return static_cast<const Percent*>(value)->percent(); },
};
} // namespace detail

constexpr meta::Type Percent::describe() {
    meta::Type t;
    t.kind = meta::Kind::number;
    t.doc = "Per cent, 0 to 100, rounded to two decimals";
    t.example = "19.5";
    t.number_min = 0;
    t.number_max = 100;
    t.sql = "numeric,double precision";
    t.number = &detail::percent_ops;
    t.is_set = [](const void* value) { return static_cast<const Percent*>(value)->is_set(); };
    t.make = &meta::detail::make<Percent>;
    return t;
}

} // namespace gravity
