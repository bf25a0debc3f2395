#pragma once

#include "meters_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of meters, by name. Their text is in meters_store.cpp and nowhere else.
namespace gravity::project {

extern const Sql<Meter(Meter)> insert_meter, save_meter;
extern const Sql<Meter(MeterSlug)> get_meter, lock_meter;
/// By slug or id.
extern const Sql<Meter(std::string)> find_meter;
extern const Sql<Meter()> all_meters;
extern const Sql<Meter(ListMeters)> list_meters;
extern const Sql<std::int64_t()> count_meters;
extern const Sql<void(MeterId)> delete_meter;
/// Those that count events of one of these types. They stay while the transaction lasts.
extern const Sql<Meter(std::vector<std::string>)> meters_of_types;

} // namespace gravity::project
