#pragma once

#include "config.hpp"
#include "products_model.hpp"

#include <gravity/handlers.hpp>

/// Handlers of products: staging, publishing, and looking back.
namespace gravity::product_catalog::products {

Created<Product> create(Tx& tx, Body<NewProduct> in, Given<Settings> settings);
Product get(Tx& tx, Path<"id", ProductId> id, Params<ReadProduct> query);
Product update(Tx& tx, Path<"id", ProductId> id, Patch<ProductContent> patch, IfMatch expected, Given<Settings> settings);
NoContent remove(Tx& tx, Path<"id", ProductId> id, IfMatch expected);
Product publish_one(Tx& tx, Path<"id", ProductId> id, IfMatch expected, Given<Settings> settings);
Product unpublish_one(Tx& tx, Path<"id", ProductId> id, IfMatch expected);
/// The same for a product that is locked: what a schedule does at its time.
ProductRow publish_now(Tx& tx, const ProductRow& product, const Settings& settings);
ProductRow unpublish_now(Tx& tx, const ProductRow& product);
Page<RevisionEntry> revisions(Tx& tx, Path<"id", ProductId> id, Params<PageQuery> page);

} // namespace gravity::product_catalog::products
