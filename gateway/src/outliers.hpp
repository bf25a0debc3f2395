#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

/// Which instances of a service are so much worse than the others that they are left out for a while. A breaker sees an instance that fails nearly always;
/// this sees one that fails too often beside its neighbours. Pure.
namespace gravity::gateway {

struct OutlierRules {
    std::uint64_t least_requests = 20;     // of the instance, and of the others together, within a time
    double least_difference = 0.05;        // of the shares that failed
    double deviations = 3;                 // by so many it must lie beyond what chance does (two shares compared)
    std::size_t most_percent = 50;         // of a service's instances are out at once, whatever put them out
    std::chrono::seconds base{30};         // out for so long, for each time in a row ...
    std::chrono::seconds cap{300};         // ... up to this
};

/// What came of the requests of an instance within a time.
struct InstanceRecord {
    std::uint64_t answered = 0, failed = 0; // failed is among answered
    bool out = false;                       // takes no requests as it is: its breaker is open, it is held or left out already
};

/// The places of those to be left out, the worst first.
std::vector<std::size_t> find_outliers(std::span<const InstanceRecord> instances, const OutlierRules& rules = {});

/// How long it stays out, the `times`th time in a row (from 1).
std::chrono::seconds time_out(std::uint32_t times, const OutlierRules& rules = {});

} // namespace gravity::gateway
