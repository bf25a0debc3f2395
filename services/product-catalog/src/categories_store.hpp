#pragma once

#include "categories_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of categories, by name. Their text is in categories_store.cpp and nowhere else.
namespace gravity::product_catalog {

/// One change of a tree's shape at a time: until the end of the transaction.
extern const Sql<bool(Key)> lock_tree;

struct CategoryInsert : NewCategory {
    CategoryId id;
};
BOOST_DESCRIBE_STRUCT(CategoryInsert, (NewCategory), (id))
/// Below its parent, or as a root; no row if the tree has no such parent.
extern const Sql<Category(CategoryInsert)> insert_category;
extern const Sql<Category(CategoryId)> get_category;
extern const Sql<Category(CategoryId)> lock_category;
extern const Sql<Category(Category)> save_category;
/// By id, or by the current slug of any language.
extern const Sql<CategoryId(std::string)> find_category;
extern const Sql<Category(ListCategories)> list_categories;
/// From the root to the category itself.
extern const Sql<Category(CategoryId)> category_path;
extern const Sql<Category(CategoryId)> category_children;
/// These categories and all above them.
extern const Sql<CategoryId(std::vector<CategoryId>)> categories_above;

struct Place {
    bool in_tree = false; // the parent is a category of the tree, or there is none
    bool below = false;   // the parent is the category itself or below it
};
BOOST_DESCRIBE_STRUCT(Place, (), (in_tree, below))
extern const Sql<Place(CategoryId, std::optional<CategoryId>)> place_of;
/// The whole subtree with it, in one statement; how many categories.
extern const Sql<void(CategoryId, std::optional<CategoryId>, int)> move_subtree;

extern const Sql<void(CategoryId)> delete_category;
/// Puts another category (or none) in the place of one, in what is staged and in what is published.
extern const Sql<void(CategoryId, std::optional<CategoryId>)> replace_staged_category;
extern const Sql<void(CategoryId, std::optional<CategoryId>)> replace_published_category;
extern const Sql<void(CategoryId)> remove_published_category;

} // namespace gravity::product_catalog

GRAVITY_TABLES(product_catalog, CategoryInsert, Place)
