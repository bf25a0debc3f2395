#pragma once

#include "products_model.hpp"

/// Collections: sets of published products, picked by hand or by a rule.
namespace gravity::product_catalog {

using CollectionId = Id<"collection">;

/// What a product must be like. What is given must all hold; of the values of one attribute any will do, on one and the same variant.
struct CollectionRule {
    std::map<std::string, std::string> attr; // {"color": "red,blue", "size.gte": "38"}, as in the listing's query
    std::optional<CategoryId> category;      // in it or below it
    std::optional<ProductTypeId> type_id;
    std::optional<std::int64_t> price_gte, price_lte; // of the lowest price, in minor units
};
BOOST_DESCRIBE_STRUCT(CollectionRule, (), (attr, category, type_id, price_gte, price_lte))
void check(const CollectionRule& rule, meta::Errors& errors);

struct CollectionTranslation {
    std::optional<Text<1, 200>> name;
    std::optional<PageSlug> slug;
    std::optional<Multiline<0, 20'000>> description;
};
BOOST_DESCRIBE_STRUCT(CollectionTranslation, (), (name, slug, description))

struct CollectionEdit {
    Text<1, 200> name;
    PageSlug slug;
    std::optional<Multiline<0, 20'000>> description;
    std::map<std::string, CollectionTranslation, std::less<>> translations;
    std::optional<CollectionRule> rule; // absent: picked by hand
};
BOOST_DESCRIBE_STRUCT(CollectionEdit, (), (name, slug, description, translations, rule))

using NewCollection = CollectionEdit;

struct Collection : CollectionEdit {
    CollectionId id;
    std::int64_t members = 0; // published products in it
    Version version;
    Timestamp created_at;
    Timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(Collection, (CollectionEdit), (id, members, version, created_at, updated_at))

struct ListCollections : PageQuery {};
BOOST_DESCRIBE_STRUCT(ListCollections, (PageQuery), ())

/// The products of a hand-picked collection, in the order in which they are shown.
struct PickProducts {
    std::vector<ProductId> product_ids;
};
BOOST_DESCRIBE_STRUCT(PickProducts, (), (product_ids))
void check(const PickProducts& picked, meta::Errors& errors);

struct Member {
    ProductId product_id;
    int position = 0;
};
BOOST_DESCRIBE_STRUCT(Member, (), (product_id, position))

} // namespace gravity::product_catalog

GRAVITY_TABLES(product_catalog, CollectionId, CollectionRule, CollectionTranslation, CollectionEdit, Collection, ListCollections, PickProducts, Member)
