#include "ucp_api.hpp"

#include "characters.hpp"
#include "listing_domain.hpp"
#include "prices.hpp"
#include "problems.hpp"
#include "storefront_reader.hpp"
#include "ucp.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/base/utf8.hpp>
#include <gravity/http/ctx.hpp>

#include <algorithm>
#include <limits>

namespace gravity::product_catalog::agents {
namespace {

using namespace storefront;
using storefront::Product; // as the outside sees it, not as editors do

constexpr int featured_variants = 10;

Web json_answer(int status, const Json& document) { return Web{"application/json", document.dump(), status}.with("Cache-Control", "no-store"); }

// What the client asks for, then what its browser or agent prefers, then the catalogue's own.
std::string language_of(const http::Request& request, const Visit& visit, const std::optional<ucp::Context>& context) {
    const std::string accepted = request.headers.joined("Accept-Language");
    const std::string_view wanted =
        context && context->language ? std::string_view(*context->language) : std::string_view(accepted).substr(0, accepted.find_first_of(",;"));
    const auto lang = Locale::parse(ascii::trim(wanted));
    return lang ? lang->str() : visit.shop.default_lang;
}

// ---- search

struct FoundPage {
    std::vector<Product> products;
    std::optional<std::string> next_cursor;
};

/// A listed category counts by its name, or by its way from the root ("Shoes > Running").
std::vector<CategoryId> categories_of(Tx& tx, const ucp::Search& request) {
    std::vector<std::string> names;
    if (request.filters)
        for (const std::string& value : request.filters->categories) {
            const auto arrow = value.rfind('>');
            names.push_back(characters::lower(ascii::trim(arrow == std::string::npos ? std::string_view(value) : std::string_view(value).substr(arrow + 1))));
        }
    return names.empty() ? std::vector<CategoryId>{} : tx.all(categories_named, names);
}

FoundPage find_products(Tx& tx, Visit visit, ucp::Search request, std::string lang) {
    SearchListing query;
    query.limit = ucp::limit_of(request.pagination);
    const auto& cursor = request.pagination && request.pagination->cursor ? request.pagination->cursor : request.cursor;
    if (cursor) {
        auto text = Text<1, 1000>::parse(*cursor);
        if (!text) throw Refusal(problems::invalid_cursor);
        query.cursor = *std::move(text);
    }
    query.channel = visit.channel;
    const std::string text = characters::lower(ucp::text_of(request));
    for (const auto word : ascii::split(text, ' ')) {
        if (word.empty()) continue;
        query.patterns.push_back(like_pattern(word));
        if (query.patterns.back().size() > query.longest.size()) query.longest = query.patterns.back();
    }
    const bool by_category = request.filters && !request.filters->categories.empty();
    query.categories = categories_of(tx, request);
    if (by_category && query.categories.empty()) return {};
    const auto& price = request.filters ? request.filters->price : std::nullopt;
    query.min_price = price && price->min ? *price->min : std::numeric_limits<std::int64_t>::min();
    query.max_price = std::min(price && price->max ? *price->max : no_price, no_price - 1); // what has no price is not for sale

    Page<Hit> hits = tx.page(search_products, query);
    std::vector<ProductId> ids;
    for (const Hit& hit : hits.items) ids.push_back(hit.product_id);
    return {views_of(tx, visit, ids, lang, {featured_variants, 0}), std::move(hits.next_cursor)};
}

// ---- lookup

/// What identifiers name: products and variants by id, variants by SKU or GTIN, products by slug.
struct Named {
    std::vector<ProductId> products;                                       // each once
    std::vector<std::vector<std::pair<std::string, std::optional<Uuid>>>> inputs; // of each
};

Named resolve(Tx& tx, const Languages& languages, const std::vector<std::string>& ids) {
    std::vector<Uuid> uuids;
    std::vector<ProductId> as_products;
    std::vector<std::string> texts;
    for (const std::string& id : ids) {
        if (const auto uuid = Uuid::parse(id)) {
            uuids.push_back(*uuid);
            as_products.push_back(ProductId(*uuid));
        } else if (utf8::valid(id) && id.find('\0') == std::string::npos) {
            texts.push_back(id);
        }
    }
    Named named;
    const auto add = [&](ProductId product, const std::string& id, std::optional<Uuid> variant) {
        const auto found = std::find(named.products.begin(), named.products.end(), product);
        const auto at = static_cast<std::size_t>(found - named.products.begin());
        if (found == named.products.end()) {
            named.products.push_back(product);
            named.inputs.emplace_back();
        }
        named.inputs[at].emplace_back(id, variant);
    };
    std::vector<std::string> gtins = texts;
    for (std::string& text : gtins)
        if (const auto gtin = Gtin::parse(text)) text = gtin->str();
    gtins.insert(gtins.end(), texts.begin(), texts.end());
    const auto variants = tx.all(find_shown_variants, uuids, gtins);
    std::vector<std::string> langs;
    for (const Locale& lang : languages.all()) langs.push_back(lang.str());
    const auto slugs = tx.all(find_shown_slugs, texts, langs);
    for (const std::string& id : ids) { // in the order asked
        const auto uuid = Uuid::parse(id);
        bool done = false;
        for (const VariantAt& variant : variants) {
            const auto gtin = Gtin::parse(id);
            const bool is_it = uuid ? variant.variant_id.uuid() == *uuid
                                    : characters::lower(variant.sku) == characters::lower(id) || (gtin && variant.gtin == gtin->str());
            if (!is_it) continue;
            add(variant.product_id, id, variant.variant_id.uuid());
            done = true;
        }
        for (const SlugAt& slug : slugs)
            if (!done && !uuid && slug.slug == id) {
                add(slug.product_id, id, std::nullopt);
                done = true;
            }
        if (!done && uuid) add(ProductId(*uuid), id, std::nullopt);
    }
    return named;
}

std::vector<ucp::Found> look_up(Tx& tx, Visit visit, ucp::Lookup request, std::string lang) {
    const Named named = resolve(tx, visit.languages, request.ids);
    std::vector<ucp::Found> found;
    for (Product& product : views_of(tx, visit, named.products, lang, storefront::all_variants)) {
        const auto at = std::find(named.products.begin(), named.products.end(), ProductId(product.id)) - named.products.begin();
        found.push_back({std::move(product), named.inputs[static_cast<std::size_t>(at)]});
    }
    return found;
}

// An agent is told to come again rather than that nothing is for sale.
ucp::Fault no_prices() { return {503, "prices_unavailable", "Prices are not to be had at the moment"}; }

Task<Json> search_answer(Ctx& ctx, Visit visit, RawBody body) {
    const ucp::Search request = ucp::read_search(body.bytes);
    const std::string lang = language_of(ctx.request(), visit, request.context);
    const pg::Scope scope = visit.scope();
    FoundPage found;
    bool cursor_is_good = true;
    try {
        found = co_await ctx.in_scope(scope, find_products, visit, request, lang);
    } catch (const Refusal& refusal) {
        if (refusal.problem().slug != problems::invalid_cursor.slug) throw;
        cursor_is_good = false;
    }
    if (!cursor_is_good) throw ucp::Fault(400, "invalid_cursor", std::string(problems::invalid_cursor.title));
    std::vector<Product*> products;
    for (Product& product : found.products) products.push_back(&product);
    const bool priced = co_await put_prices(ctx, visit, products, page_patience);
    if (!priced) throw no_prices();
    co_return ucp::search_document(visit.shop, found.products, found.next_cursor);
}

/// What identifiers name, with its prices.
Task<std::vector<ucp::Found>> find_all(Ctx& ctx, Visit visit, ucp::Lookup request) {
    const std::string lang = language_of(ctx.request(), visit, request.context);
    const pg::Scope scope = visit.scope();
    std::vector<ucp::Found> found = co_await ctx.in_scope(scope, look_up, visit, request, lang);
    std::vector<Product*> products;
    for (ucp::Found& one : found) products.push_back(&one.product);
    const bool priced = co_await put_prices(ctx, visit, products, page_patience);
    if (!priced) throw no_prices();
    co_return found;
}

Task<Json> lookup_answer(Ctx& ctx, Visit visit, RawBody body) {
    const ucp::Lookup request = ucp::read_lookup(body.bytes);
    const std::vector<ucp::Found> found = co_await find_all(ctx, visit, request);
    co_return ucp::lookup_document(visit.shop, found, request.ids);
}

Task<Json> product_answer(Ctx& ctx, Visit visit, RawBody body) {
    const ucp::GetProduct request = ucp::read_get_product(body.bytes);
    const ucp::Lookup one{{request.id}, request.context};
    const std::vector<ucp::Found> found = co_await find_all(ctx, visit, one);
    if (found.empty()) co_return ucp::error_document("not_found", "There is no product or variant " + request.id);
    co_return ucp::product_document(visit.shop, found[0].product, found[0].inputs[0].second, request);
}

/// The document that one of these makes, or the fault that it ends in, as the protocol has it.
Task<Web> answer(Ctx& ctx, RawBody body, MaybeCaller caller, Task<Json> (*make)(Ctx&, Visit, RawBody)) {
    const Visit visit = visit_of(ctx.request(), ctx.get<Settings>(), caller);
    std::optional<Web> web;
    try {
        const Json document = co_await make(ctx, visit, body);
        web = json_answer(200, document);
    } catch (const ucp::Fault& fault) {
        web = json_answer(fault.status(), ucp::fault_document(fault));
    }
    co_return std::move(*web);
}

} // namespace

Task<Web> search(Ctx& ctx, RawBody body, MaybeCaller caller) { return answer(ctx, std::move(body), std::move(caller), search_answer); }
Task<Web> lookup(Ctx& ctx, RawBody body, MaybeCaller caller) { return answer(ctx, std::move(body), std::move(caller), lookup_answer); }
Task<Web> get_product(Ctx& ctx, RawBody body, MaybeCaller caller) { return answer(ctx, std::move(body), std::move(caller), product_answer); }

Task<Web> ucp_profile(Ctx& ctx, MaybeCaller caller) {
    const Visit visit = visit_of(ctx.request(), ctx.get<Settings>(), caller);
    co_return Web{"application/json", ucp::profile(visit.shop).dump()}.with("Cache-Control", "public, max-age=3600");
}

} // namespace gravity::product_catalog::agents
