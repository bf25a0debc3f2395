#pragma once

#include "categories_model.hpp"
#include "products_domain.hpp"

/// The rules of categories. Pure.
namespace gravity::product_catalog {

/// What the category is called in the first language of the chain that has a name or slug for it.
Breadcrumb breadcrumb(const Category& category, const std::vector<std::string>& chain);
std::vector<SlugOf> slugs_of(const CategoryEdit& category, const Languages& languages);
void check_category(const CategoryEdit& category, const Settings& settings);

} // namespace gravity::product_catalog
