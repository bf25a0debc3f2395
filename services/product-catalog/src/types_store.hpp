#pragma once

#include "products_domain.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of product types and attributes, by name. Their text is in types_store.cpp and nowhere else.
namespace gravity::product_catalog {

extern const Sql<ProductType(ProductTypeId, NewProductType)> insert_type;
extern const Sql<ProductType(ProductTypeId)> get_type;
extern const Sql<ProductType(ProductTypeId)> lock_type;       // against other changes of the type, and products made meanwhile
extern const Sql<ProductType(ProductTypeId)> hold_type;       // against changes of the type, while products of it are staged
extern const Sql<ProductType(ListProductTypes)> list_types;
extern const Sql<ProductType(ProductType)> save_type;
extern const Sql<void(ProductTypeId)> delete_type;

/// Makes known how the attributes are indexed; those that are known already stay as they are.
extern const Sql<void(std::vector<AttributeUse>)> add_attributes;
/// Lets the names mean what this type says, where no other type and no option axis of another type's product uses them.
extern const Sql<void(std::vector<AttributeUse>, ProductTypeId)> redefine_attributes;
/// Of the attributes wanted, those that are known to be indexed otherwise.
extern const Sql<AttributeUse(std::vector<AttributeUse>)> differing_attributes;
/// From here on no cursor of a listing made before is taken.
extern const Sql<void()> next_index_epoch;

/// Products of a type by id, after one, at most as many.
extern const Sql<ProductRow(ProductTypeId, std::optional<ProductId>, int)> products_of_type;
extern const Sql<void(VariantId, AttributeValues)> save_variant_attributes;
extern const Sql<void(ProductTypeId)> forget_unique_values_of_type;

/// The attributes of a product's type; none of the built-in type. Holds the type until the end of the transaction.
std::vector<AttributeDef> attributes_of(Tx& tx, const std::optional<ProductTypeId>& type);
/// Refuses if one name would mean two things in the project. `defined_by`: the type that is just being written.
void ensure_attributes(Tx& tx, const std::vector<AttributeUse>& uses, const std::optional<ProductTypeId>& defined_by = std::nullopt);

} // namespace gravity::product_catalog
