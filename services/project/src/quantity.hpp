#pragma once

#include <gravity/model.hpp>

#include <cmath>

/// Amounts of what is measured. They are added up in PostgreSQL as `numeric`; a double is only how JSON writes them.
namespace gravity::project {

/// A decimal number as it was written, exact: a sign, at most 18 digits before the point and 12 behind it. Exponents are taken ("1e3") and resolved.
class Decimal : public TextValue<Decimal> {
public:
    using TextValue::TextValue;
    static bool accept(std::string_view in, std::string& out, std::string& why);
    static constexpr meta::Type describe() {
        return meta::text_type<Decimal>({.doc = "Decimal number", .example = "\"0.1\"", .min = 1, .max = 64, .sql = "numeric"});
    }
};

/// A limit, or an amount that is asked for: 0 to 10^15, in JSON a number.
class Quantity {
public:
    static constexpr double most = 1e15;

    constexpr Quantity() = default;
    /// Throws std::invalid_argument outside of 0 to 10^15.
    static Quantity of(double value);
    bool is_set() const { return value_ >= 0; }
    double value() const { return value_; }
    bool is_whole() const { return std::floor(value_) == value_; }
    friend bool operator==(const Quantity&, const Quantity&) = default;

    static constexpr meta::Type describe();

private:
    double value_ = -1;
};

namespace detail {
inline constexpr meta::NumberOps quantity_ops{
    [](void* out, double value) { *static_cast<Quantity*>(out) = Quantity::of(value); },
    [](const void* value) { return static_cast<const Quantity*>(value)->value(); },
};
} // namespace detail

constexpr meta::Type Quantity::describe() {
    meta::Type t;
    t.kind = meta::Kind::number;
    t.doc = "Amount, 0 to 10^15";
    t.example = "1000";
    t.number_min = 0;
    t.number_max = most;
    t.sql = "numeric,double precision";
    t.number = &detail::quantity_ops;
    t.is_set = [](const void* value) { return static_cast<const Quantity*>(value)->is_set(); };
    t.make = &meta::detail::make<Quantity>;
    return t;
}

} // namespace gravity::project
