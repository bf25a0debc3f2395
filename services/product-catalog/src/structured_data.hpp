#pragma once

#include "storefront.hpp"

#include <gravity/json/json.hpp>

/// What a page says to machines: schema.org as JSON-LD. Pure functions.
namespace gravity::product_catalog::storefront {

/// A Product with its Offer; a ProductGroup with its variants where there are options to choose from (schema.org ProductGroup, as Google's
/// "Product variants" wants it). An offer needs a price: without one there is none.
Json product_document(const Shop& shop, const Product& product);

/// One BreadcrumbList per category path, each ending at the product.
std::vector<Json> breadcrumb_documents(const Shop& shop, const Product& product);

/// A CollectionPage whose ItemList names the pages of its products.
Json category_document(const Shop& shop, const Category& category);
/// The BreadcrumbList that ends at the category; none for a root, which has nothing above it.
std::vector<Json> breadcrumb_documents(const Shop& shop, const Category& category);

/// A GTIN stored with 14 digits as it stands on the package: 8, 12, 13 or 14.
std::string printed_gtin(std::string_view gtin14);

} // namespace gravity::product_catalog::storefront
