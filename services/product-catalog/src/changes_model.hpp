#pragma once

#include "collections_model.hpp"

/// What a change would do, before it is made.
namespace gravity::product_catalog {

enum class ChangeAction {
    publish,
    unpublish,
    delete_
};
BOOST_DESCRIBE_ENUM(ChangeAction, publish, unpublish, delete_)

struct PreviewChange {
    ProductId product_id;
    Default<ChangeAction::publish> action;
    std::optional<Json> patch; // to be staged first: a merge patch as PATCH /products/{id} takes it
};
BOOST_DESCRIBE_STRUCT(PreviewChange, (), (product_id, action, patch))
void check(const PreviewChange& change, meta::Errors& errors);

/// A page's address in one language that would change. Without `to` it would lead nowhere, else it would redirect there.
struct ChangedUrl {
    Locale lang;
    PageSlug from;
    std::optional<PageSlug> to;
};
BOOST_DESCRIBE_STRUCT(ChangedUrl, (), (lang, from, to))

struct CollectionChange {
    CollectionId id;
    Text<1, 200> name;
};
BOOST_DESCRIBE_STRUCT(CollectionChange, (), (id, name))

struct Obstacle { // to the change itself
    std::string pointer;
    std::string detail;
};
BOOST_DESCRIBE_STRUCT(Obstacle, (), (pointer, detail))

struct ChangeImpact {
    std::int64_t variants_added = 0; // of those that buyers see
    std::int64_t variants_changed = 0;
    std::int64_t variants_removed = 0;
    std::vector<CollectionChange> collections_joined;
    std::vector<CollectionChange> collections_left; // with all variants that buyers see now
    std::vector<ChangedUrl> urls_redirected;
    std::vector<ChangedUrl> urls_broken;
    std::int64_t links_broken = 0;          // from other published products
    std::vector<std::string> found_otherwise; // filters and facets that show the product under other values: "attr.color", "category", "price"
    std::vector<Obstacle> obstacles;        // what would refuse it
    std::vector<std::string> not_counted;   // what only another service knows
};
BOOST_DESCRIBE_STRUCT(ChangeImpact, (),
                      (variants_added, variants_changed, variants_removed, collections_joined, collections_left, urls_redirected, urls_broken, links_broken,
                       found_otherwise, obstacles, not_counted))

} // namespace gravity::product_catalog

GRAVITY_TABLES(product_catalog, ChangeAction, PreviewChange, ChangedUrl, CollectionChange, Obstacle, ChangeImpact)
