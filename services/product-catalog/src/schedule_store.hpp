#pragma once

#include "schedule_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of scheduled publications, by name. Their text is in schedule_store.cpp and nowhere else.
namespace gravity::product_catalog {

extern const Sql<Scheduled(ProductId, NewScheduled)> insert_scheduled;
extern const Sql<Scheduled(ProductId)> list_scheduled;
extern const Sql<void(ProductId, Timestamp)> cancel_scheduled;
/// The earliest entry of the product that waits and is due by then: whoever gets it does it, in the same transaction.
extern const Sql<Scheduled(ProductId, Timestamp)> take_scheduled;
extern const Sql<void(ProductId, Timestamp, std::string)> fail_scheduled;

} // namespace gravity::product_catalog
