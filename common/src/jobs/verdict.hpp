#pragma once

#include "jobs/store.hpp"

#include <cstdint>
#include <exception>
#include <optional>

namespace gravity::jobs {

/// What becomes of a job whose function threw: nothing if it is no longer ours, else its outcome. `random`: evenly drawn 64 bits. No clock, no I/O.
std::optional<Outcome> verdict_on(const std::exception_ptr& failure, int attempt, int max_attempts, Timestamp now, std::uint64_t random);

} // namespace gravity::jobs
