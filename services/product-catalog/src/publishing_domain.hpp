#pragma once

#include "products_domain.hpp"

#include <limits>

/// What publishing a product makes of it for lists, filters and facets. Pure.
namespace gravity::product_catalog {

/// What is required and absent, of the product and of its variants, and variants that do not fit its axes; refuses with all of it (the first fifty).
void check_publishable(const ProductContent& content, const std::vector<Variant>& variants, const std::vector<AttributeDef>& defs);

/// A flat row of the index. Without a variant it holds for all of them.
struct IndexRow {
    AttributeName attribute;
    std::optional<VariantId> variant_id;
    std::optional<std::string> text;
    std::optional<double> number;
    friend bool operator==(const IndexRow&, const IndexRow&) = default;
};
BOOST_DESCRIBE_STRUCT(IndexRow, (), (attribute, variant_id, text, number))
std::vector<IndexRow> index_rows(const ProductContent& content, const std::vector<Variant>& variants, const std::vector<AttributeDef>& defs);

/// A row of `listing`: one channel ("" is every channel) and when.
struct ListingRow {
    std::string channel;
    std::optional<Timestamp> visible_from;
    std::optional<Timestamp> visible_until;
};
BOOST_DESCRIBE_STRUCT(ListingRow, (), (channel, visible_from, visible_until))
std::vector<ListingRow> listing_rows(const ProductContent& content);

inline constexpr std::int64_t no_price = std::numeric_limits<std::int64_t>::max();
/// The lowest price of its variants; the product's own where they have none.
std::optional<Money> price_from(const ProductContent& content, const std::vector<Variant>& variants);
/// What they cost, the currency that most have first.
std::vector<VariantPrices> prices_of(const std::vector<Variant>& variants);
/// Names in all languages, SKUs and GTINs, in lower case: what `?q=` looks into.
std::string search_text(const ProductContent& content, const std::vector<Variant>& variants);

} // namespace gravity::product_catalog

GRAVITY_TABLES(product_catalog, IndexRow, ListingRow)
