#pragma once

#include "erasure_ledger.hpp"

#include <gravity/pg/database.hpp>

#include <functional>

/// Erases again whom a restored backup has brought back: before anything is served, and each of them once however many processes start at a time.
namespace gravity::user {

struct Replayed {
    std::int64_t erased = 0;
    std::int64_t changed = 0;    // left as they are: they were changed, or a legal hold was set, after they are said to have been erased
    std::int64_t failed = 0;     // to be erased, but it cannot be done
    std::int64_t unreadable = 0; // lines; those of times that have not come are none
};

/// Whether the database knows of anybody who was erased, in any project. Blocks; throws Refusal (`store_unavailable`) where the store is away.
bool knows_of_erasures(pg::Database& database);

/// Blocks until it is done. Who cannot be erased is named in the log, and does not keep the others from it. Throws Refusal (`store_unavailable`) where the
/// store is away, or where `stopping` says that the process ends, which is asked before each of them; and std::runtime_error where the ledger cannot be read.
Replayed replay_erasures(pg::Database& database, const ErasureLedger& ledger, const TimeZone& zone, const std::function<bool()>& stopping);

} // namespace gravity::user
