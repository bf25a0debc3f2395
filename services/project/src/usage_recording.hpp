#pragma once

#include "usage_model.hpp"

#include <gravity/pg/tx.hpp>

/// Counting, in a transaction of the project that is measured.
namespace gravity::project {

/// How long after it happened something can still be reported, and how far ahead of us a reporter's clock may be. Events are known again for longer than that.
inline constexpr Duration usage_horizon = Duration::days(35), usage_ahead = Duration::days(1);

/// Different values that a meter of `unique_count` keeps of a quarter of an hour, over all subjects and groups: each is a row until the meter is deleted.
inline constexpr int most_unique = 10'000;

/// One number of one meter.
struct Counted {
    const Meter* meter = nullptr; // outlives it
    Timestamp time;
    std::string subject;
    std::string grouping;
    Decimal value;
    std::optional<std::string> distinct{}; // of a meter that counts each once
};

/// Adds them up, and announces what limits they use up: the plan's, or the project's own in its place.
void count(Tx& tx, const std::vector<Counted>& counted, const std::vector<PlanQuota>& plan);

/// What became of a batch of events.
struct Recorded {
    std::int64_t counted = 0;
    std::int64_t repeated = 0;                  // had been counted before
    std::vector<Refusal::Fault> refused;        // by their place in the batch
};
/// Counts each event once, by its source and id, whenever and however often it comes; an event that some meter cannot read, that none reads, or that comes too
/// late is not counted at all. Of several reports, as if each had come after the one before; what became of each.
std::vector<Recorded> record_usage(Tx& tx, const std::vector<std::vector<UsageEvent>>& reports, const std::vector<PlanQuota>& plan);

} // namespace gravity::project
