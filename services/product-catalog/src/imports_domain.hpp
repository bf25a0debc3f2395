#pragma once

#include "imports_model.hpp"
#include "types_model.hpp"

/// Rows of bulk files: what a line says about a product and a variant, and the way back. Pure.
namespace gravity::product_catalog::bulk {

/// One row, understood: merge patches for a product, found by its slug in the base language, and for variants, found by SKU.
struct Row {
    std::optional<std::string> type; // key of the product's type
    Json product;                    // an object; has `slug`
    std::vector<Json> variants;      // objects; each has `sku`
};

/// Thrown for what a row cannot say, with the column or place.
struct RowFault {
    std::string pointer;
    std::string detail;
};

/// The columns of a file, by its first line. Refuses (RowFault) an unknown or repeated one, and a file without `slug`.
///   slug type name description meta_title meta_description                   of the product, in the base language
///   categories (ids) media (URLs) product_list_price ("19.99 EUR")
///   name.de slug.de description.de meta_title.de meta_description.de         in others
///   sku gtin position list_price                                             of the variant
///   option.<axis> attr.<name> attr.<name>.de                                 options and attributes; each goes to the level its type says
/// An empty cell says nothing. Several values of a cell stand apart by '|'.
class Columns {
public:
    explicit Columns(std::vector<std::string> names);
    const std::vector<std::string>& names() const { return names_; }

    /// `defs` are the attributes of the type that the row names, or of the product that it is about.
    Row row(const std::vector<std::string>& fields, const std::vector<AttributeDef>& defs) const;
    /// A cell of a row; empty if there is no such column.
    std::string_view cell(const std::vector<std::string>& fields, std::string_view column) const;
    /// The column that a place in the product's or variant's document came from: "/list_price/amount" -> "/list_price".
    std::string column_of(std::string_view pointer) const;

private:
    std::vector<std::string> names_;
};

/// An NDJSON line: {"type": "shirt", "product": {...}, "variants": [{...}]}.
Row row_of(const Json& line);

/// The axes of a product with the values that its variants have, so that a file need not list them first. Whether there was one that they had not.
bool widen_options(std::vector<OptionAxis>& axes, const Json& variant_options);

/// A cell names media by URL alone: what is known of those that are there already is kept, and so are files, which a cell cannot name.
void keep_media(Json& product, const std::vector<MediaRef>& present);

/// "19.99 EUR" in minor units.
Parsed<Money> parse_money(std::string_view text);

/// A value of an attribute from a cell and back.
Json value_of(const AttributeDef& def, std::string_view cell);
std::string cell_of(const AttributeDef& def, const Json& value);

// ---- export

/// The columns for these languages, axes and attributes.
std::vector<std::string> export_columns(const std::vector<std::string>& other_langs, const std::vector<std::string>& axes,
                                        const std::vector<AttributeDef>& attributes);
/// A line for each variant; one for a product that has none.
std::vector<std::vector<std::string>> export_rows(const std::vector<std::string>& columns, const Product& product, const std::string& type_key,
                                                  const std::vector<Variant>& variants, const std::vector<AttributeDef>& defs);
/// The product with all its variants as row_of() reads it.
Json export_line(const Product& product, const std::string& type_key, const std::vector<Variant>& variants);

} // namespace gravity::product_catalog::bulk
