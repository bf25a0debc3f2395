#pragma once

#include "records.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace gravity::registry {

/// What one probe saw.
struct ProbeResult {
    Status status = Status::critical;
    std::string output;
};

/// From results to what is written: counts until SuccessBeforePassing and FailuresBeforeCritical are met, and writes an output that alone has
/// changed at most every five minutes, so that a healthy fleet costs no writes. Pure; one per check.
class CheckMachine {
public:
    static constexpr std::int64_t output_interval_us = 300'000'000;

    explicit CheckMachine(const CheckDefinition& definition) : definition_(definition) {}

    /// What to write now, if anything. `current`: the check as it is stored; `now_us` on a clock that never goes back.
    std::optional<ProbeResult> next(ProbeResult seen, const Check& current, std::int64_t now_us);

private:
    CheckDefinition definition_;
    int successes_ = 0;
    int failures_ = 0;
    std::optional<std::int64_t> written_at_;
};

} // namespace gravity::registry
