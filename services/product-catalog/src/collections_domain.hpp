#pragma once

#include "collections_model.hpp"
#include "listing_domain.hpp"
#include "publishing_domain.hpp"

#include <set>

/// The rules of collections and how they are evaluated for one product. Pure.
namespace gravity::product_catalog {

/// What rules ask about a published product.
struct Facts {
    std::vector<IndexRow> index;
    std::vector<VariantId> variants;
    std::set<CategoryId> categories; // with all above them
    std::optional<ProductTypeId> type_id;
    std::optional<std::int64_t> price;
};

/// The rows of a product as the index holds them: what is true of the whole product once for each variant.
std::vector<IndexRow> spread(const std::vector<IndexRow>& rows, const std::vector<Variant>& variants);

/// What a rule looks at: "attr.color", "category", "type", "price".
std::vector<std::string> looks_at(const CollectionRule& rule);
/// In what two states of a product differ, in the same terms. Of a product that was or is in no list, everything it has.
std::vector<std::string> differences(const std::optional<Facts>& before, const std::optional<Facts>& after);

bool matches(const CollectionRule& rule, const Facts& product);
bool matches(const Filter& filter, const IndexRow& row);

} // namespace gravity::product_catalog
