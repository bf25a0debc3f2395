#pragma once

#include "names.hpp"

/// Attributes: what a product type says about them, the JSON form of their values, and how a value is held against its definition. Pure.
namespace gravity::product_catalog {

enum class AttributeKind {
    text,
    localized_text,
    number,
    boolean,
    date,
    enum_,
    set,
    measurement,
    money,
    reference
};
BOOST_DESCRIBE_ENUM(AttributeKind, text, localized_text, number, boolean, date, enum_, set, measurement, money, reference)

enum class ReferenceTarget {
    product,
    category
};
BOOST_DESCRIBE_ENUM(ReferenceTarget, product, category)

/// One of the values that an `enum` or `set` may have.
struct EnumValue {
    Key value;
    Localized<100> label;
};
BOOST_DESCRIBE_STRUCT(EnumValue, (), (value, label))

/// The JSON form of a value, by kind:
///   text "oak"; localized_text {"en": "oak"}; number 12.5; boolean true; date "2026-11-23"; enum "red"; set ["red", "blue"];
///   measurement {"value": 1.5, "unit": "kg"}; money {"amount": 500, "currency": "EUR"}; reference an id.
struct AttributeDef {
    AttributeName name;
    AttributeKind kind = AttributeKind::text;
    Localized<100> label;
    Default<false> required;    // to publish; a draft may lack it
    Default<false> unique;      // one value occurs once among all products; of text, number, enum, date
    Default<false> per_variant; // set on variants rather than on the product
    std::vector<EnumValue> values;           // of enum and set
    std::optional<Text<1, 20>> unit;         // of measurement: UN/ECE Recommendation 20 or UCUM; what lists compare in
    std::optional<Currency> currency;        // of money
    std::optional<double> min, max;          // of number and measurement (in its unit)
    std::optional<ReferenceTarget> target;   // of reference
};
BOOST_DESCRIBE_STRUCT(AttributeDef, (), (name, kind, label, required, unique, per_variant, values, unit, currency, min, max, target))
/// What the kind needs is there, and nothing that means nothing to it.
void check(const AttributeDef& def, meta::Errors& errors);

const AttributeDef* find_attribute(const std::vector<AttributeDef>& defs, std::string_view name);

/// Where values are set: of an attribute set on the other level they are refused.
enum class Level : unsigned char {
    product,
    variant
};

/// Every value is of an attribute of the level and has the form of its kind. Pointers are below the place that `errors` is at.
/// What is required and absent is not its matter: a draft may be incomplete (check_complete).
void check_attributes(const std::vector<AttributeDef>& defs, Level level, const AttributeValues& values, meta::Errors& errors);
/// What is required on this level and absent. `options` count as values of variants.
void check_complete(const std::vector<AttributeDef>& defs, Level level, const AttributeValues& values, const Options& options, meta::Errors& errors);

/// A value has the form of its definition's kind and is within its bounds.
void check_value(const AttributeDef& def, const Json& value, meta::Errors& errors);

/// A value as it is indexed: text, or a number in the definition's unit. A set gives several, a localized text none.
struct IndexValue {
    std::optional<std::string> text;
    std::optional<double> number;
    friend bool operator==(const IndexValue&, const IndexValue&) = default;
};
std::vector<IndexValue> index_values(const AttributeDef& def, const Json& value);
enum class IndexedAs {
    text,
    number
};
BOOST_DESCRIBE_ENUM(IndexedAs, text, number)
IndexedAs indexed_as(AttributeKind kind);
/// The unit or currency that numbers of this attribute are indexed in; empty for others.
std::string index_unit(const AttributeDef& def);
/// The shortest text of a number: "12.5", "3".
std::string number_text(double value);
std::string number_text(const Json& value); // an integer or number
/// A finite number as it is written in a text, all of it: "12.5".
std::optional<double> parse_number(std::string_view text);
/// One text for equal values, to keep `unique` ones apart.
std::string canonical_text(const AttributeDef& def, const Json& value);

/// The attribute value that an option stands for: {"size": "42"} is 42 where `size` is a number. Nothing if it has no such form.
std::optional<Json> option_value(const AttributeDef& def, std::string_view option);

} // namespace gravity::product_catalog

GRAVITY_TABLES(product_catalog, AttributeKind, ReferenceTarget, EnumValue, AttributeDef, IndexedAs)
