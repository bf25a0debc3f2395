#pragma once

#include <gravity/jobs/job.hpp>

/// Forgets what nobody can ask about any more: names of events that are too old to come again, and reservations that ended long ago.
namespace gravity::project {

struct ForgetUsage {
    static constexpr JobKind job{"forget-usage"};
};
BOOST_DESCRIBE_STRUCT(ForgetUsage, (), ())

Task<void> forget_usage(JobCtx& job, ForgetUsage);

} // namespace gravity::project

GRAVITY_TABLES(project, ForgetUsage)
