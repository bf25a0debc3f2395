#pragma once

#include "config.hpp"

#include <gravity/jobs/job.hpp>

/// Giving up published states that ended before CATALOG_REVISION_RETENTION, whatever has become of their product. Left every night for each project.
namespace gravity::product_catalog {

struct ForgetRevisions {
    static constexpr JobKind job{"revision-retention"};
};
BOOST_DESCRIBE_STRUCT(ForgetRevisions, (), ())

Task<void> forget_revisions(JobCtx& job, ForgetRevisions what);

} // namespace gravity::product_catalog

GRAVITY_TABLES(product_catalog, ForgetRevisions)
