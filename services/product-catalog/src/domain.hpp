#pragma once

#include "model.hpp"

/// The rules: pure functions of values and a reading of the clock. A refusal is thrown.
namespace gravity::product_catalog {

Product publish(Product product, Timestamp now);
Product unpublish(Product product);
void check_deletable(const Product& product);

} // namespace gravity::product_catalog
