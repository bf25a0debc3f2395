#pragma once

#include "products_model.hpp"

#include <gravity/discovery/client.hpp>
#include <gravity/events/received.hpp>

/// What this service takes from others, and nothing more: what inventory and review announce, and what pricing answers. All of them may be absent.
namespace gravity::product_catalog {

struct StockDepleted {
    static constexpr Event event{"gravity.inventory.stock.depleted"};
    std::string sku;
};
BOOST_DESCRIBE_STRUCT(StockDepleted, (), (sku))

struct StockReplenished {
    static constexpr Event event{"gravity.inventory.stock.replenished"};
    std::string sku;
};
BOOST_DESCRIBE_STRUCT(StockReplenished, (), (sku))

struct RatingChanged {
    static constexpr Event event{"gravity.review.summary.changed"};
    std::string subject; // a product's id; what else is reviewed is not ours
    double mean = 0;     // of 1 to 5 stars
    std::int64_t count = 0;
};
BOOST_DESCRIBE_STRUCT(RatingChanged, (), (subject, mean, count))

void note_depleted(Tx& tx, const Received<StockDepleted>& event);
void note_replenished(Tx& tx, const Received<StockReplenished>& event);
void note_rating(Tx& tx, const Received<RatingChanged>& event);

struct AskPrices {
    std::vector<std::string> sku;
    std::optional<std::string> channel;
};
BOOST_DESCRIBE_STRUCT(AskPrices, (), (sku, channel))

/// What a SKU costs whoever walks in now.
struct ShelfPrice {
    std::string sku;
    Money price;
    std::optional<Money> lowest_prior_price; // of the 30 days before, where it is reduced
};
BOOST_DESCRIBE_STRUCT(ShelfPrice, (), (sku, price, lowest_prior_price))

struct ShelfPrices {
    std::vector<ShelfPrice> items; // of SKUs that have one
};
BOOST_DESCRIBE_STRUCT(ShelfPrices, (), (items))

struct Pricing {
    static constexpr discovery::Neighbour neighbour{.service = "pricing", .port = 8104, .scope = "prices:read"};
    static constexpr Call<ShelfPrices(Params<AskPrices>)> prices{http::Method::get, "/api/v1/prices"};
};

} // namespace gravity::product_catalog

GRAVITY_TABLES(product_catalog, StockDepleted, StockReplenished, RatingChanged, AskPrices, ShelfPrice, ShelfPrices)
