#include "prices.hpp"

#include "characters.hpp"
#include "neighbours.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/log/log.hpp>

#include <algorithm>
#include <map>

namespace gravity::product_catalog::storefront {
namespace {

constexpr std::size_t skus_a_call = 50; // so that the address stays short

void price(Variant& variant, const ShelfPrice& shelf) {
    variant.price = shelf.price;
    const auto& prior = shelf.lowest_prior_price;
    if (prior && prior->currency == shelf.price.currency && prior->amount > shelf.price.amount) variant.compare_at = prior;
}

} // namespace

Task<bool> put_prices(Ctx& ctx, Visit visit, std::vector<Product*> products, std::chrono::milliseconds patience) {
    if (!visit.priced) co_return true;
    std::multimap<std::string, Variant*> unpriced; // by SKU in lower case, for that is what SKUs are told apart by
    for (Product* product : products) {
        product->prices.reset();
        for (Variant& variant : product->variants) {
            variant.price.reset();
            unpriced.emplace(characters::lower(variant.sku), &variant);
        }
    }
    CallFor origin; // in this service's own name: a visitor has none that pricing would know
    origin.deadline = std::min(ctx.deadline(), std::chrono::steady_clock::now() + patience);
    origin.traceparent = ctx.traceparent();
    Client<Pricing>& pricing = ctx.get<Client<Pricing>>();
    std::vector<ShelfPrice> found;
    for (auto at = unpriced.begin(); at != unpriced.end();) {
        AskPrices ask;
        if (!visit.channel.empty()) ask.channel = visit.channel;
        for (; at != unpriced.end() && ask.sku.size() < skus_a_call; ++at) ask.sku.push_back(at->second->sku);
        auto reply = co_await pricing.call(origin, Pricing::prices, ask);
        if (!reply) {
            log::warn("pages are shown without prices", {{"why", reply.why()}});
            co_return false;
        }
        found.insert(found.end(), reply->items.begin(), reply->items.end());
    }
    for (const ShelfPrice& shelf : found) {
        const auto [first, last] = unpriced.equal_range(characters::lower(shelf.sku));
        std::for_each(first, last, [&](const auto& entry) { price(*entry.second, shelf); });
    }
    co_return true;
}

Refusal prices_unavailable() {
    return Refusal(Reply<ShelfPrices>::dependency_unavailable, "The pricing service does not answer").with_header("Retry-After", "60");
}

} // namespace gravity::product_catalog::storefront
