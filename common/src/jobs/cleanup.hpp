#pragma once

#include <gravity/jobs/schedule.hpp>

namespace gravity::jobs {

/// What the platform's own tables need not keep any longer goes, hourly and in small steps: idempotency records after a day, published events
/// after a day (until then the relay can publish them again to a Redis that lost them), what was received after eight days, finished jobs
/// after a week.
Function cleanup_function();
/// At a minute of its own for each service, so that fifty of them do not meet.
Schedule cleanup_schedule(std::string_view service);

} // namespace gravity::jobs
