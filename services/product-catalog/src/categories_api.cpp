#include "categories_api.hpp"

#include "categories_domain.hpp"
#include "categories_store.hpp"
#include "collections_store.hpp"
#include "facets_store.hpp"
#include "problems.hpp"
#include "products_store.hpp"
#include "publishing_store.hpp"

namespace gravity::product_catalog::categories {
namespace {

// Categories are not staged: what they are called is shown at once.
void show(Tx& tx, const Category& category, const Settings& settings) {
    const auto slugs = slugs_of(category, settings.langs);
    claim_slugs(tx, "category", category.id.uuid(), slugs);
    show_slugs(tx, category.id.uuid(), slugs);
}

// Hangs the category and all below it under another parent. The caller holds the tree's lock.
void hang(Tx& tx, const Category& category, const std::optional<CategoryId>& parent, int position) {
    const Place place = tx.one(place_of, category.id, parent);
    if (!place.in_tree) throw Refusal(no_such_parent);
    if (place.below) throw Refusal(cycle);
    const std::int64_t moved = tx.exec(move_subtree, category.id, parent, position);
    tx.emit(CategoryMoved{category.id, category.tree, parent, moved});
}

} // namespace

Created<Category> create(Tx& tx, Body<NewCategory> in, Given<Settings> settings) {
    check_category(*in, *settings);
    tx.one(lock_tree, in->tree);
    CategoryInsert row;
    static_cast<NewCategory&>(row) = *in;
    row.id = tx.new_id<CategoryId>();
    const auto category = tx.maybe(insert_category, row);
    if (!category) throw Refusal(no_such_parent);
    show(tx, *category, *settings);
    return *category;
}

Page<Category> list(Tx& tx, Params<ListCategories> query) { return tx.page(list_categories, *query); }

CategoryWithPath get(Tx& tx, Path<"id", CategoryId> id, Params<ReadCategory> query, Given<Settings> settings) {
    const auto path = tx.all(category_path, *id);
    if (path.empty()) throw Refusal(problems::not_found);
    CategoryWithPath category;
    static_cast<Category&>(category) = path.back();
    const auto chain = settings->langs.chain(query->lang ? query->lang->view() : settings->langs.base().view());
    for (const Category& step : path) category.breadcrumbs.push_back(breadcrumb(step, chain));
    return category;
}

Category update(Tx& tx, Path<"id", CategoryId> id, Patch<CategoryEdit> patch, IfMatch expected, Given<Settings> settings) {
    Category category = expected.check(tx.one(lock_category, *id));
    static_cast<CategoryEdit&>(category) = patch.apply(category);
    check_category(category, *settings);
    category = tx.one(save_category, category);
    show(tx, category, *settings);
    return category;
}

Category move(Tx& tx, Path<"id", CategoryId> id, Body<MoveCategory> in, IfMatch expected) {
    tx.one(lock_tree, tx.one(get_category, *id).tree); // before the row is read for good: another move may have just ended
    const Category category = expected.check(tx.one(lock_category, *id));
    hang(tx, category, in->parent_id, in->position);
    rebuild_category_rules(tx);
    return tx.one(get_category, *id);
}

NoContent remove(Tx& tx, Path<"id", CategoryId> id, Params<DeleteCategory> query, IfMatch expected) {
    tx.one(lock_tree, tx.one(get_category, *id).tree);
    const Category category = expected.check(tx.one(lock_category, *id));
    const auto children = tx.all(category_children, *id);
    if (!children.empty() && !query->reassign_to) throw Refusal(has_children).with("children", static_cast<std::int64_t>(children.size()));
    if (query->reassign_to) {
        const Place place = tx.one(place_of, *id, query->reassign_to);
        if (!place.in_tree) throw Refusal(no_such_parent);
        if (place.below) throw Refusal(cycle);
    }
    for (const Category& child : children) hang(tx, child, query->reassign_to, child.position);
    tx.exec(replace_staged_category, *id, query->reassign_to);
    tx.exec(note_changes_in, *id);
    tx.exec(replace_published_category, *id, query->reassign_to);
    tx.exec(remove_published_category, *id);
    tx.exec(release_reserved_slugs, id->uuid()); // those that were shown stay, and lead nowhere
    tx.exec(delete_category, *id);
    rebuild_category_rules(tx); // last: publications that wait for a product changed here must not hold the rules
    return {};
}

} // namespace gravity::product_catalog::categories
