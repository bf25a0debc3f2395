#pragma once

#include <gravity/jobs/schedule.hpp>

#include <optional>
#include <vector>

namespace gravity::jobs {

/// Leaves the jobs of every schedule that is due, in this transaction of Scope::system; when the next one is.
std::optional<Timestamp> run_schedules(Tx& tx, const std::vector<Schedule>& schedules, Timestamp now);

} // namespace gravity::jobs
