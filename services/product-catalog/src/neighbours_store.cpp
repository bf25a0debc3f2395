#include "neighbours_store.hpp"

namespace gravity::product_catalog {

const Sql<void(Sku, bool, Timestamp)> set_stock{"stock.set", R"sql(
    insert into stock (sku, in_stock, at) values ($1, $2, $3)
    on conflict on constraint stock_pkey do update set in_stock = excluded.in_stock, at = excluded.at where stock.at <= excluded.at)sql"};

const Sql<void(ProductId, double, std::int64_t, Timestamp)> set_rating{"rating.set", R"sql(
    insert into rating (product_id, mean, count, at) values ($1, $2, $3, $4)
    on conflict on constraint rating_pkey do update set mean = excluded.mean, count = excluded.count, at = excluded.at where rating.at <= excluded.at)sql"};

const Sql<StockRow(std::vector<std::string>)> stock_of{"stock.of", R"sql(
    with wanted as materialized (select sku, lower(sku) as key from unnest($1::text[]) as w (sku))
    select wanted.sku, s.in_stock from wanted join stock s on s.sku_key = wanted.key)sql"};

const Sql<RatingRow(std::vector<ProductId>)> ratings_of{"rating.of", R"sql(
    select product_id, mean, count from rating where product_id = any ($1::uuid[]) and count > 0)sql"};

} // namespace gravity::product_catalog
