#pragma once

#include "usage_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of usage, by name. Their text is in usage_store.cpp and nowhere else.
namespace gravity::project {

/// Notes events as counted, of these sources and ids, none of them twice; answers those that had been counted before (migration 0021).
extern const Sql<EventName(std::vector<std::string>, std::vector<std::string>, Timestamp)> note_seen;
extern const Sql<std::int64_t(Timestamp, int)> forget_seen;

/// Adds to the totals of day, month and all time: meters, times, decimal numbers. Answers them as they are after that.
extern const Sql<UsageTotal(std::vector<MeterId>, std::vector<Timestamp>, std::vector<std::string>)> add_to_totals;
/// Adds to the quarters of an hour, each once: meters, beginnings, subjects, groupings, sums, how many, least, most (usage_sums.hpp).
extern const Sql<void(std::vector<MeterId>, std::vector<Timestamp>, std::vector<std::string>, std::vector<std::string>, std::vector<std::string>,
                      std::vector<std::int64_t>, std::vector<std::string>, std::vector<std::string>)>
    add_to_buckets;

/// Before anything is added: whoever else adds to one of these quarters of these meters waits.
extern const Sql<void(std::vector<MeterId>, std::vector<Timestamp>)> take_unique_room;
/// What is new in a quarter of an hour, as long as there are less than so many; else that there was more: meters, times, subjects, groupings, values. Their
/// rows of `add_to_buckets` come first.
extern const Sql<void(std::vector<MeterId>, std::vector<Timestamp>, std::vector<std::string>, std::vector<std::string>, std::vector<std::string>, int)>
    add_unique;

extern const Sql<UsageWindow(UsageRange, int)> usage_windows;
/// The same of a meter that counts each value once.
extern const Sql<UsageWindow(UsageRange, int)> unique_windows;

} // namespace gravity::project
