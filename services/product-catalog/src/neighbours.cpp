#include "neighbours.hpp"

#include "neighbours_store.hpp"

namespace gravity::product_catalog {
namespace {

// A SKU that could not be ours is nobody's business here.
void note_stock(Tx& tx, std::string_view sku, bool in_stock, Timestamp at) {
    if (const auto ours = Sku::parse(sku)) tx.exec(set_stock, *ours, in_stock, at);
}

} // namespace

void note_depleted(Tx& tx, const Received<StockDepleted>& event) { note_stock(tx, event.data.sku, false, event.time); }
void note_replenished(Tx& tx, const Received<StockReplenished>& event) { note_stock(tx, event.data.sku, true, event.time); }

void note_rating(Tx& tx, const Received<RatingChanged>& event) {
    if (const auto id = Uuid::parse(event.data.subject)) tx.exec(set_rating, ProductId(*id), event.data.mean, event.data.count, event.time);
}

} // namespace gravity::product_catalog
