#include "api.hpp"

#include "categories_api.hpp"
#include "changes_api.hpp"
#include "channels_api.hpp"
#include "collections_api.hpp"
#include "imports_api.hpp"
#include "listing_api.hpp"
#include "problems.hpp"
#include "products_api.hpp"
#include "quality_api.hpp"
#include "schedule_api.hpp"
#include "storefront_api.hpp"
#include "types_api.hpp"
#include "ucp_api.hpp"
#include "variants_api.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/router.hpp>

namespace gravity::product_catalog {
namespace {

void product_routes(Router& router) {
    namespace p = products;
    auto products = router.collection("/api/v1/products", "products");
    products.get<listing::list>("", {.summary = "List published products, filtered, with facets; or what is staged",
                                     .problems = {cursor_expired},
                                     .keys = AcceptKeys::publishable});
    products.post<p::create>("", {.summary = "Create a product, as a draft", .problems = {slug_taken, no_such_type, attribute_differs, not_unique}});
    products.get<p::get>("/{id}", {.summary = "Read a product: as staged, as published, or as it was"});
    products.patch<p::update>("/{id}", {.summary = "Stage a change of a product", .problems = {slug_taken, attribute_differs, not_unique}});
    products.del<p::remove>("/{id}", {.summary = "Delete a product that is not active", .problems = {still_active}});
    products.post<p::publish_one>("/{id}/publish", {.summary = "Show what is staged to buyers",
                                                    .problems = {nothing_to_publish, incomplete, sku_taken, gtin_taken}});
    products.post<p::unpublish_one>("/{id}/unpublish", {.summary = "Take a product from buyers", .problems = {not_active}});
    products.get<p::revisions>("/{id}/revisions", {.summary = "List what was published, newest first"});
}

void schedule_routes(Router& router) {
    namespace s = schedule;
    auto schedule = router.collection("/api/v1/products/{id}/schedule", "products");
    schedule.post<s::plan>("", {.summary = "Publish or withdraw at a time", .problems = {in_the_past, scheduled_already}});
    schedule.get<s::list>("", {.summary = "List what is planned for a product, and what became of it"});
    schedule.del<s::cancel>("", {.summary = "Cancel what is planned for a time"});
}

void variant_routes(Router& router) {
    namespace v = variants;
    auto of_product = router.collection("/api/v1/products/{id}/variants", "products");
    of_product.post<v::create>("", {.summary = "Add a variant", .problems = {sku_taken, gtin_taken, options_taken, too_many_variants, not_unique}});
    of_product.get<v::list>("", {.summary = "List the variants of a product, as staged or as a revision shows them"});
    of_product.get<v::get>("/{variant_id}", {.summary = "Read a variant"});
    of_product.patch<v::update>("/{variant_id}", {.summary = "Change a variant", .problems = {sku_taken, gtin_taken, options_taken, not_unique}});
    of_product.del<v::remove>("/{variant_id}", {.summary = "Delete a variant"});
    auto products = router.collection("/api/v1/products", "products");
    products.post<v::generate>("/{id}/generate-variants", {.summary = "Make the variants missing among all combinations of options",
                                                           .problems = {no_options, too_many_variants, sku_taken},
                                                           .timeout_ms = 60'000});
    auto variants = router.collection("/api/v1/variants", "products");
    variants.get<v::find>("", {.summary = "Look up published variants by SKU", .keys = AcceptKeys::publishable});
}

void type_routes(Router& router) {
    namespace t = types;
    auto types = router.collection("/api/v1/product-types", "product-types");
    types.get<t::list>("", {.summary = "List product types, newest first"});
    types.post<t::create>("", {.summary = "Create a product type", .problems = {type_key_taken, attribute_differs}});
    types.get<t::get>("/{id}", {.summary = "Read a product type"});
    types.patch<t::update>("/{id}", {.summary = "Change a product type and bring its products along",
                                     .problems = {type_key_taken, attribute_differs, breaks_products, not_unique},
                                     .timeout_ms = 120'000});
    types.post<t::preview>("/{id}/preview-change", {.summary = "What a change of a product type would do to its products", .timeout_ms = 120'000});
    types.del<t::remove>("/{id}", {.summary = "Delete a product type that no product has", .problems = {type_in_use}});
}

void category_routes(Router& router) {
    namespace c = categories;
    auto categories = router.collection("/api/v1/product-categories", "products");
    categories.get<c::list>("", {.summary = "List the roots of a tree, or the children of a category", .keys = AcceptKeys::publishable});
    categories.post<c::create>("", {.summary = "Create a category", .problems = {no_such_parent, slug_taken}});
    categories.get<c::get>("/{id}", {.summary = "Read a category with the way to it from the root", .keys = AcceptKeys::publishable});
    categories.patch<c::update>("/{id}", {.summary = "Change a category's texts", .problems = {slug_taken}});
    categories.del<c::remove>("/{id}", {.summary = "Delete a category; another may take over what is below and in it",
                                        .problems = {has_children, no_such_parent, cycle}});
    categories.post<c::move>("/{id}/move", {.summary = "Move a category with all below it", .problems = {no_such_parent, cycle}});
}

void channel_routes(Router& router) {
    namespace c = channels;
    auto channels = router.collection("/api/v1/product-channels", "products");
    channels.get<c::list>("", {.summary = "List channels"});
    channels.post<c::create>("", {.summary = "Create a channel", .problems = {channel_key_taken}});
    channels.get<c::get>("/{id}", {.summary = "Read a channel"});
    channels.patch<c::update>("/{id}", {.summary = "Change a channel's name"});
    channels.del<c::remove>("/{id}", {.summary = "Delete a channel in which no product is shown", .problems = {channel_in_use}});
}

void collection_routes(Router& router) {
    namespace c = collections;
    auto collections = router.collection("/api/v1/product-collections", "products");
    collections.get<c::list>("", {.summary = "List collections, newest first"});
    collections.post<c::create>("", {.summary = "Create a collection, by rule or to be picked by hand", .problems = {slug_taken}});
    collections.get<c::get>("/{id}", {.summary = "Read a collection"});
    collections.patch<c::update>("/{id}", {.summary = "Change a collection; another rule finds its members anew", .problems = {slug_taken}});
    collections.del<c::remove>("/{id}", {.summary = "Delete a collection"});
    collections.get<c::members>("/{id}/products", {.summary = "List the published products of a collection", .keys = AcceptKeys::publishable});
    collections.put<c::pick>("/{id}/products", {.summary = "Say which products a hand-picked collection has, in their order", .problems = {has_rule}});
}

void change_routes(Router& router) {
    auto previews = router.collection("/api/v1/catalog-changes", "products");
    previews.post<changes::preview>("/preview", {.summary = "What a change would do to pages, lists and collections, before it is made",
                                                 .problems = {problems::not_found},
                                                 .idempotency = false});
}

constexpr int long_answer_ms = 30 * 60 * 1000; // of a million products, to a slow reader
constexpr int upload_ms = 10 * 60 * 1000;
constexpr std::size_t largest_import = 256u << 20;

void bulk_routes(Router& router) {
    auto imports = router.collection("/api/v1/product-imports", "products");
    imports.post<bulk::start_import>("", {.summary = "Import products and variants from CSV or NDJSON",
                                          .operation = "start",
                                          .problems = {file_unreadable},
                                          .scope = "products:admin",
                                          .body_limit = largest_import,
                                          .timeout_ms = upload_ms});
    imports.get<bulk::list_imports>("", {.summary = "List imports, newest first", .operation = "list"});
    imports.get<bulk::get_import>("/{id}", {.summary = "Read how far an import is", .operation = "get"});
    imports.post<bulk::cancel_import>("/{id}/cancel", {.summary = "Cancel an import; a running one stops at its next step, and what it has kept stays",
                                                       .operation = "cancel",
                                                       .scope = "products:admin"});
    imports.get<bulk::bad_rows>("/{id}/bad-rows", {.summary = "List the rows that were not taken, and why"});
    imports.get<bulk::report>("/{id}/report", {.summary = "The rows that were not taken, as a CSV file", .timeout_ms = upload_ms});
    auto exports = router.collection("/api/v1/product-exports", "products");
    exports.post<bulk::start_export>("", {.summary = "Export all products and variants", .operation = "start", .scope = "products:admin"});
    exports.get<bulk::list_exports>("", {.summary = "List exports, newest first", .operation = "list"});
    exports.get<bulk::get_export>("/{id}", {.summary = "Read how far an export is", .operation = "get"});
    exports.get<bulk::exported_file>("/{id}/file", {.summary = "The exported file",
                                                    .problems = {export_not_done},
                                                    .scope = "products:admin",
                                                    .timeout_ms = long_answer_ms});
}

void quality_routes(Router& router) {
    router.collection("/api/v1/completeness", "products").get<quality::completeness_report>("", {.summary = "What products lack, language by language"});
    router.collection("/api/v1/seo-reports", "products").get<quality::seo_reports>("", {.summary = "What search engines would mind about published pages"});
    router.collection("/api/v1/agent-readiness", "products")
        .get<quality::agent_readiness_report>("", {.summary = "What agents and crawlers cannot read of products, with the fix"});
}

void storefront_routes(Router& router) {
    namespace p = pages;
    constexpr std::string_view open = "pages, sitemaps and feeds are for everybody";
    constexpr auto keys = AcceptKeys::publishable;
    auto pages = router.surface("products");
    pages.get<p::page>("/p/{lang}/{slug}", {.summary = "The page of a product: HTML with JSON-LD",
                                            .problems = {page_moved, no_public_catalogue},
                                            .open = open,
                                            .keys = keys});
    pages.get<p::category>("/c/{lang}/{slug}", {.summary = "The page of a category: HTML with JSON-LD",
                                                .problems = {page_moved, no_public_catalogue},
                                                .open = open,
                                                .keys = keys});
    pages.get<p::sitemap_index>("/sitemap.xml", {.summary = "Sitemap index",
                                                 .problems = {no_public_catalogue},
                                                 .open = open,
                                                 .keys = keys,
                                                 .timeout_ms = long_answer_ms});
    pages.get<p::sitemap_file>("/sitemap-{start}.xml", {.summary = "Sitemap of the products from one on",
                                                        .problems = {no_public_catalogue},
                                                        .open = open,
                                                        .keys = keys,
                                                        .timeout_ms = long_answer_ms});
    pages.get<p::category_sitemap_file>("/category-sitemap-{start}.xml", {.summary = "Sitemap of the categories from one on",
                                                                          .problems = {no_public_catalogue},
                                                                          .open = open,
                                                                          .keys = keys,
                                                                          .timeout_ms = long_answer_ms});
    pages.get<p::google_rss>("/feeds/google.xml", {.summary = "Google product data as RSS 2.0",
                                                   .problems = {no_public_catalogue},
                                                   .open = open,
                                                   .keys = keys,
                                                   .timeout_ms = long_answer_ms});
    pages.get<p::google_tsv>("/feeds/google.tsv", {.summary = "Google product data, tab-separated",
                                                   .problems = {no_public_catalogue},
                                                   .open = open,
                                                   .keys = keys,
                                                   .timeout_ms = long_answer_ms});
    auto feeds = router.collection("/api/v1/product-feeds", "products");
    feeds.get<p::left_out>("/google/left-out", {.summary = "Variants that the Google feed leaves out, and why", .timeout_ms = long_answer_ms});
}

void agent_routes(Router& router) {
    constexpr std::string_view open = "shopping agents read the catalogue without credentials";
    constexpr auto keys = AcceptKeys::publishable;
    auto ucp = router.surface("products");
    ucp.get<agents::ucp_profile>("/.well-known/ucp", {.summary = "UCP profile of the business", .problems = {no_public_catalogue}, .open = open, .keys = keys});
    ucp.post<agents::search>("/catalog/search", {.summary = "UCP catalog search",
                                                 .problems = {no_public_catalogue},
                                                 .open = open,
                                                 .keys = keys,
                                                 .error_type = "application/json"});
    ucp.post<agents::lookup>("/catalog/lookup", {.summary = "UCP look-up of several products or variants",
                                                 .problems = {no_public_catalogue},
                                                 .open = open,
                                                 .keys = keys,
                                                 .error_type = "application/json"});
    ucp.post<agents::get_product>("/catalog/product", {.summary = "UCP detail of one product",
                                                       .problems = {no_public_catalogue},
                                                       .open = open,
                                                       .keys = keys,
                                                       .error_type = "application/json"});
}

} // namespace

void routes(Router& router) {
    product_routes(router);
    schedule_routes(router);
    variant_routes(router);
    type_routes(router);
    category_routes(router);
    channel_routes(router);
    collection_routes(router);
    change_routes(router);
    bulk_routes(router);
    quality_routes(router);
    storefront_routes(router);
    agent_routes(router);
}

} // namespace gravity::product_catalog
