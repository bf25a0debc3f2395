#pragma once

#include "products_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements that pack published products into sets of bits, by name. Their text is in facets_store.cpp and nowhere else.
namespace gravity::product_catalog {

/// Notes that a product's bits no longer say what is published; true if it is time to pack (now and then once many have been noted).
extern const Sql<bool(ProductId)> note_change;
/// The same for all products that a category shows.
extern const Sql<void(CategoryId)> note_changes_in;

/// As many notes or all there are, taken away.
extern const Sql<ProductId(int)> take_changes;
/// Gives up the products' places; the segments they were in.
extern const Sql<int(std::vector<ProductId>)> clear_places;
/// Gives those that are published places again, where there is room; the segments they are in.
extern const Sql<int(std::vector<ProductId>)> give_places;
extern const Sql<void(int)> clear_facet_bits;
extern const Sql<void(int)> clear_facet_sets;
/// Makes the bits of a segment from what is published.
extern const Sql<void(int)> make_facets;
/// Memory for it, until the end of the transaction.
extern const Sql<std::string()> take_room;

} // namespace gravity::product_catalog
