#pragma once

#include "usage_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of usage, by name. Their text is in usage_store.cpp and nowhere else.
namespace gravity::project {

/// Notes events as counted, of these sources and ids; answers those that were not counted before.
extern const Sql<EventName(std::vector<std::string>, std::vector<std::string>, Timestamp)> note_seen;
extern const Sql<std::int64_t(Timestamp, int)> forget_seen;

/// Adds to the totals of day, month and all time: meters, times, values. Answers them as they are after that.
extern const Sql<UsageTotal(std::vector<MeterId>, std::vector<Timestamp>, std::vector<Decimal>)> add_to_totals;
/// Adds to the quarters of an hour: meters, times, subjects, groupings, values.
extern const Sql<void(std::vector<MeterId>, std::vector<Timestamp>, std::vector<std::string>, std::vector<std::string>, std::vector<Decimal>)> add_to_buckets;

extern const Sql<UsageWindow(UsageRange, int)> usage_windows;

} // namespace gravity::project
