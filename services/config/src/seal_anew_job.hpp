#pragma once

#include <gravity/jobs/job.hpp>

/// Seals anew, under the first master key, what an older one sealed: keys of secrets, credentials of git sources, the key of a Spring server. Left every
/// hour for each project, so that the older key can be taken away: most have nothing that is sealed, and a rotation is rare.
namespace gravity::config {

struct SealAnew {
    static constexpr JobKind job{"seal-anew"};
};
BOOST_DESCRIBE_STRUCT(SealAnew, (), ())

Task<void> seal_anew(JobCtx& job, SealAnew what);

} // namespace gravity::config

GRAVITY_TABLES(config, SealAnew)
