#pragma once

#include <gravity/jobs/job.hpp>

/// Forgets what has ended by itself: used assertions and proofs, revoked tokens, failed sign-ins, sessions and what came of them. Left every hour for
/// each project.
namespace gravity::issuer {

struct ForgetEnded {
    static constexpr JobKind job{"forget-ended"};
};
BOOST_DESCRIBE_STRUCT(ForgetEnded, (), ())

Task<void> forget_ended(JobCtx& job, ForgetEnded what);

} // namespace gravity::issuer

GRAVITY_TABLES(issuer, ForgetEnded)
