#pragma once

#include "names.hpp"
#include "products_model.hpp"

#include <gravity/handlers.hpp>
#include <gravity/http/web.hpp>

/// Handlers of what everybody may read: pages, sitemaps and feeds.
namespace gravity::product_catalog::pages {

struct PageParams {
    Bounded<int, 1, 100'000> page{1};
    std::optional<VariantId> variant; // shows the part of the variants that it is in
};
BOOST_DESCRIBE_STRUCT(PageParams, (), (page, variant))

struct CategoryParams {
    std::optional<Text<1, 1000>> cursor; // what the link to the next part names
};
BOOST_DESCRIBE_STRUCT(CategoryParams, (), (cursor))

struct FeedParams {
    std::optional<Locale> lang; // absent: the first of CATALOG_LANGS
};
BOOST_DESCRIBE_STRUCT(FeedParams, (), (lang))

Task<Web> page(Ctx& ctx, Path<"lang", Locale> lang, Path<"slug", PageSlug> slug, Params<PageParams> params, MaybeCaller caller);
Task<Web> category(Ctx& ctx, Path<"lang", Locale> lang, Path<"slug", PageSlug> slug, Params<CategoryParams> params, MaybeCaller caller);
Task<Streamed> sitemap_index(Ctx& ctx, MaybeCaller caller);
Task<Streamed> sitemap_file(Ctx& ctx, Path<"start", Uuid> start, MaybeCaller caller);
Task<Streamed> category_sitemap_file(Ctx& ctx, Path<"start", Uuid> start, MaybeCaller caller);
Task<Streamed> google_rss(Ctx& ctx, Params<FeedParams> params, MaybeCaller caller);
Task<Streamed> google_tsv(Ctx& ctx, Params<FeedParams> params, MaybeCaller caller);
/// What the feeds leave out, and why.
Task<Streamed> left_out(Ctx& ctx, Params<FeedParams> params, Caller caller);

} // namespace gravity::product_catalog::pages

GRAVITY_TABLES(product_catalog::pages, PageParams, CategoryParams, FeedParams)
