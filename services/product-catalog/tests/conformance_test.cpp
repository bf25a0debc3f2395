#include "api.hpp"
#include "product_catalog_migrations.hpp"

#include <gravity/testkit/conformance.hpp>

namespace gravity::product_catalog {
namespace {

// Only an active product can be unpublished.
std::string active_product(const testkit::Client& who) {
    const auto made = who.post("/api/v1/products", {{"name", "Mug"}, {"slug", "mug-" + Uuid::v4().to_string()}}).expect(201);
    who.post(made.location() + "/publish").expect(200);
    return made.location() + "/unpublish";
}

INSTANTIATE_CONFORMANCE(Catalog, Service{"product-catalog", 0}.postgres(product_catalog_migrations()).routes(routes),
                        testkit::ConformanceOptions().path("POST /api/v1/products/{id}/unpublish", active_product))

} // namespace
} // namespace gravity::product_catalog
