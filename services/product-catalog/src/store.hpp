#pragma once

#include "model.hpp"

#include <gravity/pg/tx.hpp>

/// The statements of this service, by name. Their text is in store.cpp and nowhere else.
namespace gravity::product_catalog {

extern const Sql<Product(ProductId, NewProduct)> insert_product;
extern const Sql<Product(ProductId)> get_product;
extern const Sql<Product(ProductId)> lock_product;
extern const Sql<Product(ListProducts)> list_products;
extern const Sql<Product(Product)> save_product;
extern const Sql<void(ProductId)> delete_product;

} // namespace gravity::product_catalog
