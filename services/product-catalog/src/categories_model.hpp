#pragma once

#include "products_model.hpp"

/// Categories: trees of any depth, a product in as many as it likes.
namespace gravity::product_catalog {

/// What another language says instead.
struct CategoryTranslation {
    std::optional<Text<1, 200>> name;
    std::optional<PageSlug> slug;
    std::optional<Multiline<0, 20'000>> description;
};
BOOST_DESCRIBE_STRUCT(CategoryTranslation, (), (name, slug, description))
using CategoryTranslations = std::map<std::string, CategoryTranslation, std::less<>>;

struct CategoryEdit {
    Text<1, 200> name;
    PageSlug slug;
    std::optional<Multiline<0, 20'000>> description;
    CategoryTranslations translations;
};
BOOST_DESCRIBE_STRUCT(CategoryEdit, (), (name, slug, description, translations))

struct NewCategory : CategoryEdit {
    Key tree{"main"};
    std::optional<CategoryId> parent_id; // absent: a root of the tree
    Bounded<int, 0, 1'000'000> position{0};
};
BOOST_DESCRIBE_STRUCT(NewCategory, (CategoryEdit), (tree, parent_id, position))

struct Category : NewCategory {
    CategoryId id;
    Version version;
    Timestamp created_at;
    Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(Category, (NewCategory), (id, version, created_at, updated_at))

/// One step of the way from the root, in one language.
struct Breadcrumb {
    CategoryId id;
    Text<1, 200> name;
    PageSlug slug;
};
BOOST_DESCRIBE_STRUCT(Breadcrumb, (), (id, name, slug))

struct CategoryWithPath : Category {
    std::vector<Breadcrumb> breadcrumbs; // the root first, this category last
};
BOOST_DESCRIBE_STRUCT(CategoryWithPath, (Category), (breadcrumbs))

struct ReadCategory {
    std::optional<Locale> lang;
};
BOOST_DESCRIBE_STRUCT(ReadCategory, (), (lang))

struct ListCategories : PageQuery {
    Key tree{"main"};
    std::optional<CategoryId> parent_id; // absent: the roots
};
BOOST_DESCRIBE_STRUCT(ListCategories, (PageQuery), (tree, parent_id))

struct MoveCategory {
    std::optional<CategoryId> parent_id; // absent: to the roots
    Bounded<int, 0, 1'000'000> position{0};
};
BOOST_DESCRIBE_STRUCT(MoveCategory, (), (parent_id, position))

struct DeleteCategory {
    std::optional<CategoryId> reassign_to; // takes over sub-categories and products
};
BOOST_DESCRIBE_STRUCT(DeleteCategory, (), (reassign_to))

struct CategoryMoved {
    static constexpr Event event{"gravity.product_catalog.category.moved"};
    CategoryId id;
    Key tree;
    std::optional<CategoryId> parent_id;
    std::int64_t subtree = 0; // categories that moved, this one included
};
BOOST_DESCRIBE_STRUCT(CategoryMoved, (), (id, tree, parent_id, subtree))

} // namespace gravity::product_catalog

GRAVITY_TABLES(product_catalog, CategoryTranslation, CategoryEdit, NewCategory, Category, Breadcrumb, CategoryWithPath, ReadCategory, ListCategories,
               MoveCategory, DeleteCategory, CategoryMoved)
