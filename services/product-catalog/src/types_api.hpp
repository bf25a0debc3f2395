#pragma once

#include "types_model.hpp"

#include <gravity/handlers.hpp>

/// Handlers of product types.
namespace gravity::product_catalog::types {

Created<ProductType> create(Tx& tx, Body<NewProductType> in);
Page<ProductType> list(Tx& tx, Params<ListProductTypes> query);
ProductType get(Tx& tx, Path<"id", ProductTypeId> id);
/// Converts the values of the type's products with it, or refuses if any would be lost.
ProductType update(Tx& tx, Path<"id", ProductTypeId> id, Patch<ProductTypeEdit> patch, IfMatch expected);
/// What the same change would do; changes nothing.
MigrationReport preview(Tx& tx, Path<"id", ProductTypeId> id, Patch<ProductTypeEdit> patch);
NoContent remove(Tx& tx, Path<"id", ProductTypeId> id, IfMatch expected);

} // namespace gravity::product_catalog::types
