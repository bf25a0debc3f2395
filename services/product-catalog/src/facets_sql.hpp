#pragma once

#include "filters_sql.hpp"

/// The SQL of sets of products as bits, for the stores that make and ask them (migrations/0007_facets.sql says what they are).
namespace gravity::product_catalog {

inline constexpr std::string_view no_bits = "0::bit(32768)";

/// For each combination of the columns `by` the bits that `rows` names in the column `bit`. In words of 64, spelt and put together: an aggregate that
/// sets bit after bit would copy the whole set for each.
inline std::string bits_of(std::string_view by, std::string_view rows) {
    constexpr std::string_view together = R"sql(
        ('x' || string_agg(repeat('0', 16 * (word - before - 1)) || lpad(to_hex(part), 16, '0'), '' order by word))::bit(32768) as bits)sql";
    constexpr std::string_view word = "bit >> 6 as word, bit_or(1::bigint << (63 - (bit & 63))) as part";
    const std::string words = sql_text({"select ", by, ", ", word, " from (", rows, ") places group by ", by, ", bit >> 6"});
    const std::string spaced =
        sql_text({"select ", by, ", word, part, lag(word, 1, -1) over (partition by ", by, " order by word) as before from (", words, ") words"});
    return sql_text({"(select ", by, ",", together, " from (", spaced, ") spaced group by ", by, ")"});
}

} // namespace gravity::product_catalog
