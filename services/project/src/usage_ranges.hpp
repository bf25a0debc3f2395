#pragma once

#include "usage_model.hpp"

#include <gravity/pg/tx.hpp>

/// Questions about usage, by whichever API they come.
namespace gravity::project {

/// Names of groups; `subject` is one of every meter.
void split_by(UsageRange& range, const std::vector<Text<1, 64>>& groups);
/// What a query asks for. Refuses moments that are not on a quarter of an hour.
UsageRange usage_range(const Meter& meter, const UsageQuery& query, Timestamp now);
/// Refuses what would have too many windows. `range` is of this meter.
std::vector<UsageWindow> usage_in(Tx& tx, const Meter& meter, const UsageRange& range);

} // namespace gravity::project
