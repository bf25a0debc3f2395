#pragma once

#include "changes_model.hpp"
#include "collections_domain.hpp"

/// Comparing what buyers see with what they would see. Pure.
namespace gravity::product_catalog {

/// The product as rules would see it, once published. `above`: its categories and all above them.
Facts facts_if_published(const ProductContent& content, const std::vector<Variant>& variants, const std::vector<AttributeDef>& defs,
                         const std::optional<ProductTypeId>& type, const std::vector<CategoryId>& above);

/// Counts the variants that would come, change and go; one that is the same has the same version.
void compare_variants(const std::vector<Variant>& shown, const std::vector<Variant>& then, ChangeImpact& impact);

/// `then` is nothing if there would be no pages any more.
void compare_urls(const std::vector<SlugOf>& shown, const std::optional<std::vector<SlugOf>>& then, ChangeImpact& impact);

} // namespace gravity::product_catalog
