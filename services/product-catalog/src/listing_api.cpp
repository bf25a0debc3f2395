#include "listing_api.hpp"

#include "categories_store.hpp"
#include "listing_domain.hpp"
#include "listing_store.hpp"
#include "publishing_domain.hpp"
#include "visit.hpp"

#include <gravity/http/problem.hpp>

#include <algorithm>
#include <cmath>

namespace gravity::product_catalog::listing {
namespace {

Listing list_staged_products(Tx& tx, const ListProducts& query, const Caller& caller) {
    if (!caller.may("products:write")) throw Refusal(problems::forbidden, "What is staged is for those who may change it");
    ListStaged staged;
    static_cast<PageQuery&>(staged) = query;
    staged.status = query.status;
    const auto page = tx.page(list_staged, staged);
    Listing listing{{}, {}, page.next_cursor};
    for (const ProductRow& row : page.items) {
        ListedProduct item{row.id, row.staged.slug, row.staged.name, row.status, row.revision, row.staged.list_price, {}, {}, row.published_at};
        if (!row.staged.media.empty()) item.image = row.staged.media.front();
        listing.items.push_back(std::move(item));
    }
    return listing;
}

// Up to so many products it costs less to gather all that are found and put them in order than to walk through a list of 100,000 for them: where a
// page of 25 is walked to, the two cost the same at about the root of what is listed.
constexpr std::int64_t gathered = 500;

// Nothing if the category that is asked for does not exist: then the list is empty.
std::optional<Selection> selection_of(Tx& tx, const ListProducts& query) {
    meta::Errors errors;
    Selection selection;
    selection.filters = parse_filters(query.attr, errors);
    if (!errors.empty()) throw http::refusal_of(errors, "query");
    selection.channel = query.channel ? query.channel->str() : "";
    selection.at = tx.now();
    selection.collection = query.collection;
    selection.epoch = tx.one(get_index_epoch);
    if (query.q) selection.pattern = like_pattern(query.q->view());
    if (query.category) {
        selection.category = tx.maybe(find_category, query.category->str());
        if (!selection.category) return std::nullopt;
    }
    return selection;
}

ListedProduct listed(const ListedRow& row, const std::vector<std::string>& chain) {
    const auto [title, slug] = titled(row.body, chain);
    ListedProduct item{row.product_id, slug, title, Status::active, row.revision, {}, {}, {}, row.published_at};
    if (row.currency) item.price_from = Money{row.sort_price, *row.currency};
    if (!row.body.media.empty()) item.image = row.body.media.front();
    return item;
}

void add_matching_variants(Tx& tx, const Selection& selection, std::vector<ListedProduct>& items) {
    std::vector<ProductId> ids;
    for (const ListedProduct& item : items) ids.push_back(item.id);
    for (MatchingVariants& matching : tx.all(matching_variants, ids, selection))
        std::find_if(items.begin(), items.end(), [&](const ListedProduct& item) { return item.id == matching.product_id; })->matching_variants =
            std::move(matching.variants);
}

Json number(double value) { // 38 rather than 38.0
    return std::trunc(value) == value && std::abs(value) < 9e15 ? Json(static_cast<std::int64_t>(value)) : Json(value);
}

void add_facets(Tx& tx, const Selection& selection, const std::vector<AttributeName>& attributes, Listing& listing) {
    for (const FacetRow& row : tx.all(count_facets, attributes, selection))
        listing.facets[row.attribute.str()].push_back({row.text ? Json(*row.text) : number(*row.number), row.count});
}

} // namespace

Listing list(Tx& tx, Params<ListProducts> query, Caller caller, Given<Settings> settings) {
    storefront::check_key(*settings, caller);
    if (query->staged) return list_staged_products(tx, *query, caller);
    Listing listing;
    for (const AttributeName& name : query->facets) listing.facets[name.str()];
    auto selection = selection_of(tx, *query);
    if (!selection) return listing;
    PageQuery page = *query;
    bool walking = false;
    if (page.cursor) {
        const ListingCursor cursor = read_listing_cursor(page.cursor->view(), selection->epoch);
        selection->at = cursor.at;
        walking = cursor.walking;
        page.cursor = cursor.inner;
    } else if (selection->restricted()) {
        walking = tx.one(count_found, *selection) > gathered;
    }
    const ListingPages& pages = !selection->restricted() ? list_all : walking ? list_walking
                                                                              : list_gathering;
    const auto rows = tx.page(pages.sorted(query->sort), page, *selection);
    const auto chain = settings->langs.chain(query->lang ? query->lang->view() : settings->langs.base().view());
    for (const ListedRow& row : rows.items) listing.items.push_back(listed(row, chain));
    if (rows.next_cursor) listing.next_cursor = to_text({selection->epoch, selection->at, walking, Text<1, 1000>::parse(*rows.next_cursor).or_throw()});
    if (!selection->filters.empty() && !listing.items.empty()) add_matching_variants(tx, *selection, listing.items);
    if (!query->facets.empty()) add_facets(tx, *selection, query->facets, listing);
    return listing;
}

} // namespace gravity::product_catalog::listing
