#pragma once

#include "page.hpp"
#include "storefront_store.hpp"
#include "visit.hpp"

#include <functional>

/// Reads products as the outside sees them. Each function is one unit of work in the visited project.
namespace gravity::product_catalog::storefront {

inline constexpr int variants_a_page = 100;
inline constexpr int products_a_page = 48; // of a category

/// What of a product's variants is wanted.
struct Window {
    int limit = variants_a_page;
    int offset = 0;
};
inline constexpr Window all_variants{1'000'000, 0};

/// The products that are shown, in the language, in the order of `revisions`. Where the window may hold less than all variants, `prices` is set.
std::vector<Product> views_of(Tx& tx, const Visit& visit, const std::vector<ShownRevision>& revisions, std::string_view lang, Window window);
std::vector<Product> views_of(Tx& tx, const Visit& visit, const std::vector<ProductId>& ids, std::string_view lang, Window window);

struct ShownPage {
    Product product;
    VariantPage part;
};
/// The page of a language and slug. Refuses with 301 to where it is now, if the slug is an old one, and with 404.
ShownPage read_page(Tx& tx, Visit visit, std::string lang, std::string slug, int page, std::optional<VariantId> variant);

/// The page of a category, refused likewise.
Category read_category(Tx& tx, Visit visit, std::string lang, std::string slug, std::optional<Text<1, 1000>> cursor);

/// Products from an id on; `next` is where the following batch begins, if there is one.
struct Batch {
    std::vector<Product> products;
    std::optional<Uuid> next;
};
Batch read_batch(Tx& tx, const Visit& visit, std::string lang, Uuid from, int limit);

/// The entry that comes so many after one: where a file begins, if there is one more.
std::optional<Uuid> read_sitemap_start(Tx& tx, const Visit& visit, PageKind kind, Uuid from, int entries);
/// Entries from one on, in the order of their ids.
std::vector<SitemapRow> read_sitemap(Tx& tx, const Visit& visit, PageKind kind, Uuid from, int limit);

} // namespace gravity::product_catalog::storefront
