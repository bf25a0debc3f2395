#include "storefront_api.hpp"

#include "feed.hpp"
#include "page.hpp"
#include "prices.hpp"
#include "problems.hpp"
#include "sitemap.hpp"
#include "storefront_reader.hpp"

#include <gravity/async/blocking.hpp>
#include <gravity/async/coroutine.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/http/ctx.hpp>
#include <gravity/http/exchange.hpp>
#include <gravity/http/web.hpp>
#include <gravity/metrics/metrics.hpp>

#include <algorithm>
#include <set>

namespace gravity::product_catalog::pages {
namespace {

using namespace storefront;
using storefront::Category; // as the outside sees them, not as editors do
using storefront::Product;

constexpr int sitemap_batch = 1'000;
constexpr int feed_batch = 50;
constexpr PageKind page_kinds[] = {PageKind::category, PageKind::product}; // in the order of the sitemap index
constexpr std::size_t piece = 64 * 1024; // what is gathered before it is sent

std::string render_page(const Shop& shop, const ShownPage& shown) { return product_page(shop, shown.product, shown.part); }

// A page that lacks its prices is not to be kept.
Web html_answer(const Visit& visit, std::string_view lang, std::string html, bool whole) {
    const std::string etag = "\"" + hex_encode(sha256(html)).substr(0, 32) + "\"";
    return Web{"text/html; charset=utf-8", std::move(html)}
        .with("ETag", etag)
        .with("Cache-Control", visit.shared && whole ? "public, max-age=60" : "no-store")
        .with("Content-Security-Policy", page_policy())
        .with("Content-Language", std::string(lang))
        .with("X-Content-Type-Options", "nosniff")
        .with("Referrer-Policy", "strict-origin-when-cross-origin");
}

// ---- sitemaps: read in batches of one short transaction each, sent while the next is read

// A language that is no longer one of the shop's has pages still, but is not shown around.
sitemap::Entry entry_of(SitemapRow row, PageKind kind, const std::set<std::string>& languages) {
    std::erase_if(row.pages, [&](const Alternate& page) { return !languages.contains(page.lang); });
    return {std::move(row.pages), row.updated_at, kind};
}

int entries_a_file(const Visit& visit) { return static_cast<int>(sitemap::entries_a_file(visit.shop, visit.languages.all().size())); }

Uuid after(const Uuid& id) {
    auto bytes = id.bytes();
    for (std::size_t i = bytes.size(); i-- > 0 && ++bytes[i] == 0;) {}
    return Uuid(bytes);
}

Task<void> write_index(Ctx& ctx, http::BodyWriter& out, Visit visit) {
    const pg::Scope scope = visit.scope();
    const int entries = entries_a_file(visit);
    std::string text = sitemap::index_head();
    for (const PageKind kind : page_kinds) {
        const Uuid first{};
        std::optional<Uuid> start = co_await ctx.in_scope(scope, read_sitemap_start, visit, kind, first, 0);
        while (start) {
            text += sitemap::index_entry(visit.shop, kind, *start);
            start = co_await ctx.in_scope(scope, read_sitemap_start, visit, kind, *start, entries);
        }
    }
    text += sitemap::index_foot();
    co_await out.write(text);
}

Task<void> write_sitemap(Ctx& ctx, http::BodyWriter& out, Visit visit, PageKind kind, Uuid start) {
    const pg::Scope scope = visit.scope();
    std::set<std::string> languages;
    for (const Locale& lang : visit.languages.all()) languages.insert(lang.str());
    sitemap::File file(visit.shop);
    Uuid from = start;
    for (int left = entries_a_file(visit); left > 0;) {
        const int wanted = std::min(left, sitemap_batch);
        const std::vector<SitemapRow> rows = co_await ctx.in_scope(scope, read_sitemap, visit, kind, from, wanted);
        for (const SitemapRow& row : rows) file.add(entry_of(row, kind, languages));
        if (file.buffered() >= piece) {
            const std::string text = file.take();
            co_await out.write(text);
        }
        if (rows.size() < static_cast<std::size_t>(wanted)) break;
        from = after(rows.back().id);
        left -= wanted;
    }
    file.finish();
    const std::string text = file.take();
    co_await out.write(text);
}

// ---- feeds

enum class FeedForm {
    rss,
    tsv,
    left_out
};

void add_product(std::string& text, FeedForm form, const Shop& shop, const Product& product) {
    static auto& left_out = metrics::counter("gravity_catalog_feed_items_left_out_total", "Variants left out of product feeds, by what they lack", {"missing"});
    const feed::Items items = feed::items_of(shop, product);
    for (const feed::LeftOut& one : items.left_out) {
        if (form == FeedForm::left_out)
            text += feed::left_out_line(one);
        else
            left_out.with({feed::to_string(one.missing)}).add();
    }
    if (form == FeedForm::left_out) return;
    for (const feed::Item& item : items.items) text += form == FeedForm::rss ? feed::rss_item(item) : feed::tsv_line(item);
}

Task<void> write_feed(Ctx& ctx, http::BodyWriter& out, Visit visit, std::string lang, FeedForm form) {
    const pg::Scope scope = visit.scope();
    std::string text = form == FeedForm::rss ? feed::rss_head(visit.shop) : form == FeedForm::tsv ? feed::tsv_head()
                                                                                                  : feed::left_out_head();
    std::optional<Uuid> from = Uuid();
    while (from) {
        Batch batch = co_await ctx.in_scope(scope, read_batch, visit, lang, *from, feed_batch);
        std::vector<Product*> products;
        for (Product& product : batch.products) products.push_back(&product);
        const bool priced = co_await put_prices(ctx, visit, products, feed_patience);
        if (!priced) throw prices_unavailable(); // a shop must not vanish because its prices are away for a minute
        for (const Product& product : batch.products) {
            add_product(text, form, visit.shop, product);
            if (text.size() < piece) continue;
            co_await out.write(text);
            text.clear();
        }
        from = batch.next;
    }
    if (form == FeedForm::rss) text += feed::rss_foot();
    co_await out.write(text);
}

Streamed answer_feed(Visit visit, const FeedParams& params, FeedForm form) {
    const std::string lang = params.lang ? params.lang->str() : visit.shop.default_lang;
    if (form == FeedForm::rss) return Streamed("application/rss+xml; charset=utf-8").by(write_feed, std::move(visit), lang, form);
    return Streamed("text/tab-separated-values; charset=utf-8").by(write_feed, std::move(visit), lang, form);
}

} // namespace

Task<Web> page(Ctx& ctx, Path<"lang", Locale> lang, Path<"slug", PageSlug> slug, Params<PageParams> params, MaybeCaller caller) {
    const Visit visit = visit_of(ctx.request(), ctx.get<Settings>(), caller);
    const pg::Scope scope = visit.scope();
    ShownPage shown = co_await ctx.in_scope(scope, read_page, visit, lang->str(), slug->str(), params->page.value(), params->variant);
    const std::vector<Product*> products(1, &shown.product);
    const bool priced = co_await put_prices(ctx, visit, products, page_patience);
    std::string html = co_await blocking(render_page, visit.shop, std::move(shown));
    co_return html_answer(visit, lang->view(), std::move(html), priced);
}

Task<Web> category(Ctx& ctx, Path<"lang", Locale> lang, Path<"slug", PageSlug> slug, Params<CategoryParams> params, MaybeCaller caller) {
    const Visit visit = visit_of(ctx.request(), ctx.get<Settings>(), caller);
    const pg::Scope scope = visit.scope();
    Category shown = co_await ctx.in_scope(scope, read_category, visit, lang->str(), slug->str(), params->cursor);
    std::string html = co_await blocking(category_page, visit.shop, std::move(shown));
    co_return html_answer(visit, lang->view(), std::move(html), true);
}

Task<Streamed> sitemap_index(Ctx& ctx, MaybeCaller caller) {
    Visit visit = visit_of(ctx.request(), ctx.get<Settings>(), caller);
    co_return Streamed("application/xml").by(write_index, std::move(visit));
}

Task<Streamed> sitemap_file(Ctx& ctx, Path<"start", Uuid> start, MaybeCaller caller) {
    Visit visit = visit_of(ctx.request(), ctx.get<Settings>(), caller);
    co_return Streamed("application/xml").by(write_sitemap, std::move(visit), PageKind::product, *start);
}

Task<Streamed> category_sitemap_file(Ctx& ctx, Path<"start", Uuid> start, MaybeCaller caller) {
    Visit visit = visit_of(ctx.request(), ctx.get<Settings>(), caller);
    co_return Streamed("application/xml").by(write_sitemap, std::move(visit), PageKind::category, *start);
}

Task<Streamed> google_rss(Ctx& ctx, Params<FeedParams> params, MaybeCaller caller) {
    Visit visit = visit_of(ctx.request(), ctx.get<Settings>(), caller);
    co_return answer_feed(std::move(visit), *params, FeedForm::rss);
}

Task<Streamed> google_tsv(Ctx& ctx, Params<FeedParams> params, MaybeCaller caller) {
    Visit visit = visit_of(ctx.request(), ctx.get<Settings>(), caller);
    co_return answer_feed(std::move(visit), *params, FeedForm::tsv);
}

Task<Streamed> left_out(Ctx& ctx, Params<FeedParams> params, Caller caller) {
    const MaybeCaller known{caller};
    Visit visit = visit_of(ctx.request(), ctx.get<Settings>(), known);
    co_return answer_feed(std::move(visit), *params, FeedForm::left_out);
}

} // namespace gravity::product_catalog::pages
