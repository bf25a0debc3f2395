#pragma once

#include "usage_recording.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// Adding up before anything is written: rows and numbers that the store need not read one by one. Pure.
namespace gravity::project {

/// What is added to rows of `usage_bucket`, column by column as the store takes it: each row has a key of its own, and they stand in its order. Numbers are
/// decimal and exact; a sum may have more digits than a Decimal.
struct UsageSums {
    std::vector<MeterId> meters;
    std::vector<Timestamp> quarters; // the beginning of each
    std::vector<std::string> subjects, groupings;
    std::vector<std::string> sums, least, most;
    std::vector<std::int64_t> counts;
};
/// Adds up what is of the same meter, quarter of an hour, subject and grouping.
UsageSums sums_of(const std::vector<Counted>& counted);

} // namespace gravity::project
