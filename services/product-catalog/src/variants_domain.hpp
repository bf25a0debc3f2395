#pragma once

#include "types_model.hpp"

#include <gravity/base/bytes.hpp>

/// The rules of variants. Pure; a refusal is thrown.
namespace gravity::product_catalog {

/// SHA-256 over the options in the order of their axes' names: the order in which they are given cannot make two of one combination.
Bytes option_hash(const Options& options);

/// The last place that a variant can have.
inline constexpr int last_position = 1'000'000;

/// One value of each axis, and nothing else.
void check_options(const Options& options, const std::vector<OptionAxis>& axes, meta::Errors& errors);
/// One value of each axis of the product, attributes of the type's variants; refuses with everything that is wrong.
void check_variant(const NewVariant& variant, const ProductContent& product, const std::vector<AttributeDef>& defs);

/// Refuses if a product would have more variants than it may.
void refuse_beyond(std::int64_t limit, std::int64_t count);

/// How many combinations the axes have; 0 without axes. More than 2^63 count as 2^63 - 1.
std::int64_t combinations(const std::vector<OptionAxis>& axes);
/// All of them, the last axis changing fastest. The caller has bounded their number.
std::vector<Options> option_matrix(const std::vector<OptionAxis>& axes);

/// "MUG" and {color: Dark Red, size: 42} make "MUG-DARK-RED-42"; cut to what a SKU may have. Values come in the order of the axes.
/// Nothing if what comes out is not a SKU.
Parsed<Sku> sku_for(std::string_view prefix, const std::vector<OptionAxis>& axes, const Options& options);

} // namespace gravity::product_catalog
