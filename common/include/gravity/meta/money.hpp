#pragma once

#include <gravity/base/money.hpp>
#include <gravity/meta/describe.hpp>

namespace gravity {

BOOST_DESCRIBE_STRUCT(Money, (), (amount, currency))

namespace meta {
template <>
inline constexpr bool sql_flatten<Money> = true;
template <>
struct docs<Money> {
    static constexpr std::pair<std::string_view, std::string_view> fields[] = {{"amount", "In minor units of the currency (cents)"},
                                                                               {"currency", "ISO 4217 code"}};
};
} // namespace meta
} // namespace gravity
