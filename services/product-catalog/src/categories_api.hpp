#pragma once

#include "categories_model.hpp"
#include "config.hpp"

#include <gravity/handlers.hpp>

/// Handlers of categories.
namespace gravity::product_catalog::categories {

Created<Category> create(Tx& tx, Body<NewCategory> in, Given<Settings> settings);
Page<Category> list(Tx& tx, Params<ListCategories> query);
CategoryWithPath get(Tx& tx, Path<"id", CategoryId> id, Params<ReadCategory> query, Given<Settings> settings);
Category update(Tx& tx, Path<"id", CategoryId> id, Patch<CategoryEdit> patch, IfMatch expected, Given<Settings> settings);
Category move(Tx& tx, Path<"id", CategoryId> id, Body<MoveCategory> in, IfMatch expected);
NoContent remove(Tx& tx, Path<"id", CategoryId> id, Params<DeleteCategory> query, IfMatch expected);

} // namespace gravity::product_catalog::categories
