#include "api.hpp"
#include "config.hpp"
#include "facets_job.hpp"
#include "imports_job.hpp"
#include "neighbours.hpp"
#include "product_catalog_migrations.hpp"
#include "retention_job.hpp"
#include "schedule_api.hpp"

#include <gravity/service.hpp>

int main(int argc, char** argv) {
    using namespace gravity;
    return Service{"product-catalog", 8102}
        .settings<product_catalog::Settings>("CATALOG_")
        .postgres(product_catalog_migrations())
        .routes(product_catalog::routes)
        .job(product_catalog::schedule::run)
        .job(product_catalog::run_import)
        .job(product_catalog::run_export)
        .job(product_catalog::pack_facets)
        .job(product_catalog::forget_revisions)
        .schedule("20 3 * * *", product_catalog::ForgetRevisions{}, {.each_project = true})
        .consume(product_catalog::note_depleted)
        .consume(product_catalog::note_replenished)
        .consume(product_catalog::note_rating)
        .calls<product_catalog::Pricing>()
        .access_keys()
        .run(argc, argv);
}
