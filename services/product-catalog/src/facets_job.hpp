#pragma once

#include "products_model.hpp"

#include <gravity/jobs/job.hpp>

/// Packing what is published into sets of bits, so that lists with filters and facets are quick (decision 19).
namespace gravity::product_catalog {

struct PackFacets {
    static constexpr JobKind job{"facet-packing"};
};
BOOST_DESCRIBE_STRUCT(PackFacets, (), ())

/// Packs the products that have changed, and with them the rest of their segments. Readers see all of it or nothing.
void pack_facets(Tx& tx, const PackFacets& what, JobRun& run);

/// Notes that what is published of a product has changed, and asks for the packing when it is time.
void facets_changed(Tx& tx, ProductId product);

} // namespace gravity::product_catalog

GRAVITY_TABLES(product_catalog, PackFacets)
