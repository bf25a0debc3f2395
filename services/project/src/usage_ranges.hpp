#pragma once

#include "usage_model.hpp"

#include <gravity/meta/errors.hpp>
#include <gravity/pg/tx.hpp>

/// Questions about usage, by whichever API they come.
namespace gravity::project {

/// What an API calls the parameters that split and filter sums, what kind of fault it is where they, or the time, cannot be, and where they stand.
struct GroupWords {
    std::string_view group_by = "group_by";
    std::string_view filter = "filter";
    meta::Errors::Fault fault = meta::Errors::Fault::value;
    std::string_view in = "query"; // empty: the body
};

/// What a query asks for. Refuses moments that are not on a quarter of an hour or in no order, and groups that the meter does not have; `subject` is one
/// that every meter is split by.
UsageRange usage_range(const Meter& meter, const UsageQuery& query, Timestamp now, const GroupWords& words = {});
/// Only what was of one of these values in each of these groups. Refuses groups that the meter does not have, and such as no value will do in.
void filter_by(UsageRange& range, const Meter& meter, const GroupValues& values, const GroupWords& words = {});
/// Refuses what would have too many windows. `range` is of this meter.
std::vector<UsageWindow> usage_in(Tx& tx, const Meter& meter, const UsageRange& range);

} // namespace gravity::project
