#pragma once

#include "collections_model.hpp"
#include "config.hpp"

#include <gravity/handlers.hpp>

/// Handlers of collections.
namespace gravity::product_catalog::collections {

Created<Collection> create(Tx& tx, Body<NewCollection> in, Given<Settings> settings);
Page<Collection> list(Tx& tx, Params<ListCollections> query);
Collection get(Tx& tx, Path<"id", CollectionId> id);
Collection update(Tx& tx, Path<"id", CollectionId> id, Patch<CollectionEdit> patch, IfMatch expected, Given<Settings> settings);
NoContent remove(Tx& tx, Path<"id", CollectionId> id, IfMatch expected);
Page<Member> members(Tx& tx, Path<"id", CollectionId> id, Params<PageQuery> page);
/// Puts exactly these products into a hand-picked collection.
Collection pick(Tx& tx, Path<"id", CollectionId> id, Body<PickProducts> in, IfMatch expected);

} // namespace gravity::product_catalog::collections
