#pragma once

#include <gravity/jobs/job.hpp>

/// Forgets instances that have not been heard of for CONFIG_INSTANCE_DAYS. Left every hour for each project.
namespace gravity::config {

struct ForgetInstances {
    static constexpr JobKind job{"forget-instances"};
};
BOOST_DESCRIBE_STRUCT(ForgetInstances, (), ())

Task<void> forget_unseen(JobCtx& job, ForgetInstances what);

} // namespace gravity::config

GRAVITY_TABLES(config, ForgetInstances)
