#include "domain.hpp"

#include "problems.hpp"

namespace gravity::product_catalog {

Product publish(Product product, Timestamp now) {
    if (product.status != Status::draft) throw Refusal(not_a_draft).with("product_status", meta::enum_name(product.status));
    product.status = Status::active;
    product.published_at = now;
    return product;
}

Product unpublish(Product product) {
    if (product.status != Status::active) throw Refusal(not_active).with("product_status", meta::enum_name(product.status));
    product.status = Status::draft;
    product.published_at.reset();
    return product;
}

void check_deletable(const Product& product) {
    if (product.status == Status::active) throw Refusal(still_active);
}

} // namespace gravity::product_catalog
