#pragma once

#include "publishing_store.hpp"
#include "types_store.hpp"
#include "view.hpp"

/// Statements by which the outside reads, by name. Their text is in storefront_store.cpp and nowhere else. A product is read as of one revision,
/// so several statements see one state of it.
namespace gravity::product_catalog::storefront {

// ---- pages

struct PageOf {
    std::string kind; // "product", "category", "collection"
    Uuid target;
    std::optional<std::string> current; // the target's slug now, in the language asked for
    bool is_current = false;            // the slug asked for is it
};
BOOST_DESCRIBE_STRUCT(PageOf, (), (kind, target, current, is_current))
/// Whose page a language and slug name, or named once.
extern const Sql<PageOf(std::string, std::string)> find_page;

// ---- products

struct Shown {
    ProductId product_id;
    std::int64_t revision = 0;
};
BOOST_DESCRIBE_STRUCT(Shown, (), (product_id, revision))

struct ShownRevision : RevisionRow {
    std::vector<Alternate> pages; // current slugs, by language
};
BOOST_DESCRIBE_STRUCT(ShownRevision, (RevisionRow), (pages))

/// Those of the products that buyers see in the channel (empty: in any) at the time of the transaction.
extern const Sql<ShownRevision(std::vector<ProductId>, std::string)> shown_products;
/// The same for all products from an id on, in the order of ids.
extern const Sql<ShownRevision(Uuid, std::string, int)> shown_products_from;
/// Of each revision the variants, `limit` of them from `offset` on.
extern const Sql<product_catalog::Variant(std::vector<Shown>, int, int)> shown_variants;
/// How many variants of the revision stand before one of them.
extern const Sql<std::int64_t(ProductId, std::int64_t, VariantId)> variants_before;
/// One variant of a shown product by its id, or several by SKU or GTIN.
struct VariantAt {
    VariantId variant_id;
    ProductId product_id;
    std::string sku;
    std::optional<std::string> gtin;
};
BOOST_DESCRIBE_STRUCT(VariantAt, (), (variant_id, product_id, sku, gtin))
extern const Sql<VariantAt(std::vector<Uuid>, std::vector<std::string>)> find_shown_variants;
/// Current product slugs among these, in one of the languages.
struct SlugAt {
    ProductId product_id;
    std::string slug;
};
BOOST_DESCRIBE_STRUCT(SlugAt, (), (product_id, slug))
extern const Sql<SlugAt(std::vector<std::string>, std::vector<std::string>)> find_shown_slugs;

extern const Sql<CrumbRow(std::vector<ProductId>)> crumbs_of;
extern const Sql<ProductType(std::vector<ProductTypeId>)> types_of;

// ---- search

struct SearchListing : PageQuery {
    std::string channel;
    std::string longest;               // of the words sought; empty: everything
    std::vector<std::string> patterns; // for LIKE, one a word
    std::vector<CategoryId> categories; // in one of them or below; empty: anywhere
    std::int64_t min_price = 0;
    std::int64_t max_price = 0;
};
BOOST_DESCRIBE_STRUCT(SearchListing, (PageQuery), (channel, longest, patterns, categories, min_price, max_price))

struct Hit {
    ProductId product_id;
    Timestamp published_at;
};
BOOST_DESCRIBE_STRUCT(Hit, (), (product_id, published_at))
struct CategoryListing : PageQuery {
    CategoryId category;
    std::string channel;
};
BOOST_DESCRIBE_STRUCT(CategoryListing, (PageQuery), (category, channel))
/// What is shown in a category or below it, the latest first.
extern const Sql<Hit(CategoryListing)> category_products;
/// What is for sale (has a price), the latest first.
extern const Sql<Hit(SearchListing)> search_products;
/// Categories by name in any language.
extern const Sql<CategoryId(std::vector<std::string>)> categories_named;

// ---- sitemaps

struct SitemapRow {
    Uuid id; // of the product or category
    Timestamp updated_at;
    std::vector<Alternate> pages;
};
BOOST_DESCRIBE_STRUCT(SitemapRow, (), (id, updated_at, pages))
/// Products that are shown, from an id on; and the id of the one that comes so many after it.
extern const Sql<SitemapRow(Uuid, std::string, int)> sitemap_rows;
extern const Sql<Uuid(Uuid, std::string, int)> sitemap_start;
/// Categories in which, or below which, something is shown.
extern const Sql<SitemapRow(Uuid, std::string, int)> category_sitemap_rows;
extern const Sql<Uuid(Uuid, std::string, int)> category_sitemap_start;

} // namespace gravity::product_catalog::storefront

GRAVITY_TABLES(product_catalog::storefront, PageOf, Shown, ShownRevision, VariantAt, SlugAt, SearchListing, Hit, CategoryListing, SitemapRow)
