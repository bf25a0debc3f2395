#pragma once

#include "publishing_domain.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of what is published, by name. Their text is in publishing_store.cpp and nowhere else.
namespace gravity::product_catalog {

// ---- reading

/// What buyers see now; nothing of a product that is not active.
extern const Sql<RevisionRow(ProductId)> get_published;
extern const Sql<RevisionRow(ProductId, std::int64_t)> get_revision;
extern const Sql<RevisionRow(ProductId, Timestamp)> get_revision_at;
extern const Sql<RevisionEntry(PageQuery, ProductId)> list_revisions;
/// The variants as a revision shows them.
extern const Sql<Variant(PageQuery, ProductId, std::int64_t)> list_revision_variants;
/// The variants as buyers see them now, all of them.
extern const Sql<Variant(ProductId)> shown_variants;
extern const Sql<PublishedVariant(std::vector<std::string>)> find_variants_by_sku;

// ---- writing

extern const Sql<void(ProductId, Timestamp)> end_revision;
extern const Sql<void(RevisionRow)> insert_revision;
/// Gives up states that ended before an instant, the oldest first, at most as many; how many.
extern const Sql<std::int64_t(Timestamp, int)> forget_ended_revisions;
/// Ends the variants' states that the staged ones differ from, before the revision.
extern const Sql<void(ProductId, std::int64_t)> end_variant_revisions;
extern const Sql<void(ProductId, std::int64_t)> begin_variant_revisions;
extern const Sql<void(ProductId, std::int64_t)> end_all_variant_revisions;

struct SlugChange {
    Locale lang;
    PageSlug slug;
};
BOOST_DESCRIBE_STRUCT(SlugChange, (), (lang, slug))
/// The slugs of the target that are no longer its current ones, and those that are now.
extern const Sql<SlugChange(Uuid, std::vector<std::string>, std::vector<std::string>)> retire_slugs;
extern const Sql<SlugChange(Uuid, std::vector<std::string>, std::vector<std::string>)> promote_slugs;

/// Makes these slugs, claimed before, the target's current ones; those it had become redirects. Announces what has changed.
void show_slugs(Tx& tx, const Uuid& target, const std::vector<SlugOf>& slugs);

extern const Sql<void(ProductId, std::vector<CategoryId>)> set_product_categories;
extern const Sql<std::int64_t(ProductId)> count_links_to; // from other published products
extern const Sql<void(ProductId)> clear_product_links;
extern const Sql<void(ProductId, std::vector<ProductLink>)> add_product_links;
extern const Sql<void(ProductId)> clear_listing;
struct Listed {
    ProductId product_id;
    Timestamp published_at;
    std::string sort_name;
    std::int64_t sort_price = no_price;
    std::optional<Currency> currency;
    std::string search_text;
    std::vector<ListingRow> rows;
};
BOOST_DESCRIBE_STRUCT(Listed, (), (product_id, published_at, sort_name, sort_price, currency, search_text, rows))
extern const Sql<void(Listed)> add_listing;
/// Gives numbers to the values that have none yet.
extern const Sql<void(std::vector<IndexRow>)> add_values;
/// Makes the index of the product what these rows say, for the variants that are shown; writes only what differs.
extern const Sql<void(ProductId, std::vector<IndexRow>, std::vector<VariantId>)> set_index;
extern const Sql<void(ProductId)> clear_index;

/// Shows the staged content to buyers, all of it in this transaction: revision, variants, slugs, categories, links, lists, index.
void write_publication(Tx& tx, const ProductRow& published, const std::vector<Variant>& variants, const std::vector<AttributeDef>& defs,
                       const Settings& settings);
/// Finds a published product by other rows than before; what is shown of it stays.
void reindex(Tx& tx, ProductId product, const ProductContent& content, const std::vector<Variant>& variants, const std::vector<AttributeDef>& defs);
/// Takes the product out of every list. Its revisions stay.
void withdraw(Tx& tx, const ProductRow& product);

} // namespace gravity::product_catalog

GRAVITY_TABLES(product_catalog, SlugChange, Listed)
