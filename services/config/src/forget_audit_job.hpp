#pragma once

#include <gravity/jobs/job.hpp>

/// Forgets what the audit log says of times more than CONFIG_AUDIT_DAYS ago. Left every day for each project.
namespace gravity::config {

struct ForgetAudit {
    static constexpr JobKind job{"forget-audit"};
};
BOOST_DESCRIBE_STRUCT(ForgetAudit, (), ())

Task<void> forget_old_audit(JobCtx& job, ForgetAudit what);

} // namespace gravity::config

GRAVITY_TABLES(config, ForgetAudit)
