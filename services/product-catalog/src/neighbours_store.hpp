#pragma once

#include "products_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of what neighbours have announced, by name. Their text is in neighbours_store.cpp and nowhere else.
namespace gravity::product_catalog {

extern const Sql<void(Sku, bool, Timestamp)> set_stock;
extern const Sql<void(ProductId, double, std::int64_t, Timestamp)> set_rating;

struct StockRow {
    std::string sku; // as it was asked for
    bool in_stock = false;
};
BOOST_DESCRIBE_STRUCT(StockRow, (), (sku, in_stock))
/// Of those SKUs that somebody counts.
extern const Sql<StockRow(std::vector<std::string>)> stock_of;

struct RatingRow {
    ProductId product_id;
    double mean = 0;
    std::int64_t count = 0;
};
BOOST_DESCRIBE_STRUCT(RatingRow, (), (product_id, mean, count))
/// Of those products that somebody has reviewed.
extern const Sql<RatingRow(std::vector<ProductId>)> ratings_of;

} // namespace gravity::product_catalog

GRAVITY_TABLES(product_catalog, StockRow, RatingRow)
