#pragma once

#include <gravity/jobs/job.hpp>

/// Forgets what has ended by itself: changes of addresses, merges that nobody confirmed, and what an undo needs of merges that are for good. Erases
/// whom directories have deleted when their time has come. Left every hour for each project.
namespace gravity::user {

struct ForgetEnded {
    static constexpr JobKind job{"forget-ended"};
};
BOOST_DESCRIBE_STRUCT(ForgetEnded, (), ())

Task<void> forget_ended(JobCtx& job, ForgetEnded what);

} // namespace gravity::user

GRAVITY_TABLES(user, ForgetEnded)
