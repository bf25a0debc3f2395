#pragma once

#include "products_domain.hpp"

#include <gravity/base/bytes.hpp>
#include <gravity/pg/tx.hpp>

/// Statements of staged products and variants, by name. Their text is in products_store.cpp and nowhere else.
namespace gravity::product_catalog {

struct ProductInsert {
    ProductId id;
    std::optional<ProductTypeId> type_id;
    ProductContent staged;
};
BOOST_DESCRIBE_STRUCT(ProductInsert, (), (id, type_id, staged))

extern const Sql<ProductRow(ProductInsert)> insert_product;
extern const Sql<ProductRow(ProductId)> get_product;
extern const Sql<ProductRow(ProductId)> lock_product;
extern const Sql<ProductRow(ProductRow)> save_product;
extern const Sql<ProductRow(ProductId)> touch_product; // a variant of it has changed
extern const Sql<void(ProductId)> delete_product;

/// Of the ids, those that name no product (category, channel).
extern const Sql<ProductId(std::vector<ProductId>)> unknown_products;
extern const Sql<CategoryId(std::vector<CategoryId>)> unknown_categories;
extern const Sql<Key(std::vector<Key>)> unknown_channels;

/// What values of kind `reference` name is there; refuses with those that do not, below "/attributes".
void check_reference_values(Tx& tx, const AttributeValues& values, const std::vector<AttributeDef>& defs);

struct VariantInsert : VariantEdit {
    VariantId id;
    ProductId product_id;
    Bytes option_hash;
};
BOOST_DESCRIBE_STRUCT(VariantInsert, (VariantEdit), (id, product_id, option_hash))
VariantInsert insertion(VariantEdit edit, VariantId id, ProductId product);

extern const Sql<Variant(VariantInsert)> insert_variant;
/// Many at once: what generating a matrix writes. Those whose options are taken are left out; the ids of those that were made.
extern const Sql<VariantId(ProductId, std::vector<VariantInsert>)> insert_variants;
/// Many at once, of any products.
extern const Sql<void(std::vector<VariantInsert>)> add_variants;
/// The same of variants that keep their SKU, GTIN and options.
extern const Sql<void(std::vector<VariantInsert>)> save_variants;
extern const Sql<Variant(ProductId, VariantId)> get_variant;
extern const Sql<Variant(VariantInsert)> save_variant;
extern const Sql<void(VariantId)> delete_variant;
extern const Sql<Variant(PageQuery, ProductId)> list_variants;
extern const Sql<Variant(ProductId)> all_variants;
struct VariantCount {
    std::int64_t count = 0;
    int next_position = 0;
};
BOOST_DESCRIBE_STRUCT(VariantCount, (), (count, next_position))
extern const Sql<VariantCount(ProductId)> count_variants;

// ---- slugs

struct SlugClaim {
    std::string lang;
    PageSlug slug;
    std::string kind; // "product", "category", "collection"
    Uuid target;
};
BOOST_DESCRIBE_STRUCT(SlugClaim, (), (lang, slug, kind, target))

/// Claims a slug for a target; nothing comes back if it belongs to another one.
extern const Sql<std::string(SlugClaim)> claim_slug;
/// Gives up what was claimed and never shown.
extern const Sql<void(Uuid)> release_reserved_slugs;

/// Claims exactly these slugs for the target (beside those it had shown before); refuses if another page has one.
void claim_slugs(Tx& tx, std::string_view kind, const Uuid& target, const std::vector<SlugOf>& slugs);

// ---- unique attribute values

struct UniqueValue {
    AttributeName attribute;
    std::string value;
    std::optional<VariantId> variant_id;
};
BOOST_DESCRIBE_STRUCT(UniqueValue, (), (attribute, value, variant_id))
extern const Sql<void(ProductId, std::optional<VariantId>)> forget_unique_values;
extern const Sql<void(ProductId, std::vector<UniqueValue>)> add_unique_values;

/// The values of unique attributes among these.
std::vector<UniqueValue> unique_values(const std::optional<VariantId>& variant, const AttributeValues& values, const std::vector<AttributeDef>& defs);

/// Keeps the values of unique attributes, of the product or of one variant, from being used a second time; refuses if one is used.
void keep_unique_values(Tx& tx, ProductId product, const std::optional<VariantId>& variant, const AttributeValues& values,
                        const std::vector<AttributeDef>& defs);

} // namespace gravity::product_catalog

GRAVITY_TABLES(product_catalog, ProductInsert, VariantInsert, VariantCount, SlugClaim, UniqueValue)
