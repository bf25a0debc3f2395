#pragma once

#include "types_model.hpp"

/// What a change of a product type does to the values its products have. Pure.
namespace gravity::product_catalog {

/// A value that has no form under the new definitions.
struct BrokenValue {
    AttributeName attribute;
    std::string detail;
};

struct MigratedValues {
    AttributeValues values;
    std::int64_t changed = 0; // converted, or gone with their attribute
    std::vector<BrokenValue> broken;
};

/// What became of the values whose attribute goes over from the product to its variants, or from them to it.
struct MovedValues {
    std::int64_t moved = 0;
    std::vector<BrokenValue> broken;
};

/// Moves them: each variant gets the product's value, and the product gets what all of its variants have alike. Where that would lose or invent
/// something they are broken, and gone. Kinds stay as they were: migrate_values comes after.
MovedValues move_values(const std::vector<AttributeDef>& from, const std::vector<AttributeDef>& to, AttributeValues& product, std::vector<Variant>& variants);

/// The values of one product or variant under the new definitions: brought to another kind where nothing is lost by it ("12.5" and 12.5, "red" and
/// ["red"]), gone where their attribute is, broken otherwise.
MigratedValues migrate_values(const std::vector<AttributeDef>& from, const std::vector<AttributeDef>& to, Level level, const AttributeValues& values);

/// The value in the form of the kind of `to`; nothing if that would lose something. It may be out of the bounds or values of `to`.
std::optional<Json> convert_value(const AttributeDef& from, const AttributeDef& to, const Json& value);

/// The options of a product that are no longer values of the attribute of their name.
std::vector<BrokenValue> broken_options(const std::vector<AttributeDef>& to, const std::vector<OptionAxis>& axes);

/// True if the index of published products may differ under the new definitions, or means something else.
bool changes_index(const std::vector<AttributeDef>& from, const std::vector<AttributeDef>& to);

} // namespace gravity::product_catalog
