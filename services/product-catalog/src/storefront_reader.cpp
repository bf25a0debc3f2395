#include "storefront_reader.hpp"

#include "categories_store.hpp"
#include "neighbours_store.hpp"
#include "problems.hpp"

#include <gravity/metrics/metrics.hpp>

#include <algorithm>
#include <map>

namespace gravity::product_catalog::storefront {
namespace {

// Over variants with prices of their own and those that have the product's, in the currency of most.
std::optional<PriceRange> range_of(const std::vector<VariantPrices>& prices, const std::optional<Money>& default_price) {
    std::optional<PriceRange> range;
    const auto add = [&](const Money& low, const Money& high) {
        if (!range) range = PriceRange{low, high};
        if (low.currency != range->min.currency) return;
        range->min.amount = std::min(range->min.amount, low.amount);
        range->max.amount = std::max(range->max.amount, high.amount);
    };
    for (const VariantPrices& one : prices) {
        if (one.currency)
            add({*one.lowest, *one.currency}, {*one.highest, *one.currency});
        else if (default_price)
            add(*default_price, *default_price);
    }
    return range;
}

void put_stock(Tx& tx, std::vector<Product>& products) {
    std::map<std::string_view, Variant*> variants;
    std::vector<std::string> skus;
    for (Product& product : products)
        for (Variant& variant : product.variants) {
            variants[variant.sku] = &variant;
            skus.push_back(variant.sku);
        }
    if (skus.empty()) return;
    for (const StockRow& row : tx.all(stock_of, skus)) variants.at(row.sku)->stock = row.in_stock ? Stock::in_stock : Stock::out_of_stock;
}

[[noreturn]] void refuse_page(std::string_view known) {
    static auto& missed =
        metrics::counter("gravity_catalog_pages_not_found_total", "Requests for pages that do not exist, by whether they once did", {"known"});
    missed.with({known}).add();
    throw Refusal(problems::not_found);
}

PageOf page_of(Tx& tx, const std::string& lang, const std::string& slug, std::string_view kind) {
    auto found = tx.maybe(find_page, lang, slug);
    if (!found || found->kind != kind) refuse_page("no");
    return *std::move(found);
}

// In one step, however often it was renamed: the slug leads to its target, and that to its present slug.
void lead_on(const Visit& visit, PageKind kind, const std::string& lang, const PageOf& page) {
    if (!page.current) refuse_page("yes"); // without a page in this language
    if (!page.is_current) throw Refusal(page_moved).with_header("Location", page_url(visit.shop, kind, lang, *page.current));
}

} // namespace

std::vector<Product> views_of(Tx& tx, const Visit& visit, const std::vector<ShownRevision>& revisions, std::string_view lang, Window window) {
    if (revisions.empty()) return {};
    std::vector<Shown> shown;
    std::vector<ProductId> ids;
    std::vector<ProductTypeId> type_ids;
    for (const ShownRevision& revision : revisions) {
        shown.push_back({revision.product_id, revision.revision});
        ids.push_back(revision.product_id);
        if (revision.type_id) type_ids.push_back(*revision.type_id);
    }
    std::map<ProductId, std::vector<product_catalog::Variant>> variants;
    for (auto& variant : tx.all(shown_variants, shown, window.limit, window.offset)) variants[variant.product_id].push_back(std::move(variant));
    std::map<ProductId, std::vector<CrumbRow>> crumbs;
    for (auto& crumb : tx.all(crumbs_of, ids)) crumbs[crumb.product_id].push_back(std::move(crumb));
    std::map<ProductTypeId, std::vector<AttributeDef>> types;
    if (!type_ids.empty())
        for (auto& type : tx.all(types_of, type_ids)) types[type.id] = std::move(type.attributes);
    const bool partly = window.limit != all_variants.limit;
    const auto ratings = tx.all(ratings_of, ids);

    const std::vector<AttributeDef> none;
    std::vector<Product> products;
    for (const ShownRevision& revision : revisions) {
        const ProductId id = revision.product_id;
        const Source source{revision, variants[id], revision.type_id ? types[*revision.type_id] : none, crumbs[id], revision.pages};
        products.push_back(view_of(source, lang, visit.languages, {visit.media_base}));
        if (partly) products.back().prices = range_of(revision.prices, revision.body.list_price);
        const auto rating = std::find_if(ratings.begin(), ratings.end(), [&](const RatingRow& row) { return row.product_id == id; });
        if (rating != ratings.end()) products.back().rating = Rating{rating->mean, rating->count};
    }
    put_stock(tx, products);
    return products;
}

std::vector<Product> views_of(Tx& tx, const Visit& visit, const std::vector<ProductId>& ids, std::string_view lang, Window window) {
    std::vector<ShownRevision> revisions = tx.all(shown_products, ids, visit.channel);
    const auto place = [&](const ShownRevision& r) { return std::find(ids.begin(), ids.end(), r.product_id) - ids.begin(); };
    std::sort(revisions.begin(), revisions.end(), [&](const auto& a, const auto& b) { return place(a) < place(b); });
    return views_of(tx, visit, revisions, lang, window);
}

ShownPage read_page(Tx& tx, Visit visit, std::string lang, std::string slug, int page, std::optional<VariantId> variant) {
    const PageOf found = page_of(tx, lang, slug, "product");
    const std::vector<ShownRevision> revisions = tx.all(shown_products, {ProductId(found.target)}, visit.channel);
    if (revisions.empty()) refuse_page("yes"); // withdrawn, or not yet visible
    lead_on(visit, PageKind::product, lang, found);
    if (variant) {
        const auto before = tx.maybe(variants_before, revisions[0].product_id, revisions[0].revision, *variant);
        if (before) page = static_cast<int>(*before / variants_a_page) + 1;
    }
    auto products = views_of(tx, visit, revisions, lang, {variants_a_page + 1, (page - 1) * variants_a_page});
    ShownPage out{std::move(products.at(0)), {page, false}};
    if (out.product.variants.size() > variants_a_page) {
        out.part.more = true;
        out.product.variants.resize(variants_a_page);
    }
    if (page > 1 && out.product.variants.empty()) throw Refusal(problems::not_found);
    return out;
}

Category read_category(Tx& tx, Visit visit, std::string lang, std::string slug, std::optional<Text<1, 1000>> cursor) {
    const PageOf found = page_of(tx, lang, slug, "category");
    const CategoryId id(found.target);
    const auto way = tx.all(category_path, id);
    if (way.empty()) refuse_page("yes"); // deleted
    lead_on(visit, PageKind::category, lang, found);
    Category out = view_of(way, tx.all(category_children, id), lang, visit.languages);
    CategoryListing query;
    query.limit = products_a_page;
    query.cursor = cursor;
    query.category = id;
    query.channel = visit.channel;
    const auto hits = tx.page(category_products, query);
    std::vector<ProductId> ids;
    for (const Hit& hit : hits.items) ids.push_back(hit.product_id);
    out.products = views_of(tx, visit, ids, lang, {0, 0});
    if (visit.priced)
        for (Product& product : out.products) product.prices.reset(); // the list price is not what it costs
    if (cursor) out.cursor = cursor->str();
    out.next = hits.next_cursor;
    return out;
}

Batch read_batch(Tx& tx, const Visit& visit, std::string lang, Uuid from, int limit) {
    std::vector<ShownRevision> revisions = tx.all(shown_products_from, from, visit.channel, limit + 1);
    Batch batch;
    if (revisions.size() > static_cast<std::size_t>(limit)) {
        batch.next = revisions.back().product_id.uuid();
        revisions.pop_back();
    }
    batch.products = views_of(tx, visit, revisions, lang, all_variants);
    return batch;
}

std::optional<Uuid> read_sitemap_start(Tx& tx, const Visit& visit, PageKind kind, Uuid from, int entries) {
    return tx.maybe(kind == PageKind::product ? sitemap_start : category_sitemap_start, from, visit.channel, entries);
}

std::vector<SitemapRow> read_sitemap(Tx& tx, const Visit& visit, PageKind kind, Uuid from, int limit) {
    return tx.all(kind == PageKind::product ? sitemap_rows : category_sitemap_rows, from, visit.channel, limit);
}

} // namespace gravity::product_catalog::storefront
