#pragma once

#include "config.hpp"
#include "products_model.hpp"

#include <gravity/handlers.hpp>

/// Handlers of variants: below their product, and by SKU for carts and orders.
namespace gravity::product_catalog::variants {

Created<Variant> create(Tx& tx, Path<"id", ProductId> product, Body<NewVariant> in, Given<Settings> settings);
Page<Variant> list(Tx& tx, Path<"id", ProductId> product, Params<ListVariants> query);
Variant get(Tx& tx, Path<"id", ProductId> product, Path<"variant_id", VariantId> id);
Variant update(Tx& tx, Path<"id", ProductId> product, Path<"variant_id", VariantId> id, Patch<VariantEdit> patch, IfMatch expected);
NoContent remove(Tx& tx, Path<"id", ProductId> product, Path<"variant_id", VariantId> id, IfMatch expected);
GeneratedVariants generate(Tx& tx, Path<"id", ProductId> product, Body<GenerateVariants> in, Given<Settings> settings);
FoundVariants find(Tx& tx, Params<FindVariants> query);

} // namespace gravity::product_catalog::variants
