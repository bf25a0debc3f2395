#pragma once

#include "config.hpp"
#include "imports_model.hpp"

#include <gravity/jobs/job.hpp>

/// What imports and exports do once they have been started.
namespace gravity::product_catalog {

struct RunImport {
    static constexpr JobKind job{"product-import"};
    ImportId import_id;
};
BOOST_DESCRIBE_STRUCT(RunImport, (), (import_id))

struct RunExport {
    static constexpr JobKind job{"product-export"};
    ExportId export_id;
};
BOOST_DESCRIBE_STRUCT(RunExport, (), (export_id))

Task<void> run_import(JobCtx& job, RunImport input);
Task<void> run_export(JobCtx& job, RunExport input);

} // namespace gravity::product_catalog

GRAVITY_TABLES(product_catalog, RunImport, RunExport)
