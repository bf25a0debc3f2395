#pragma once

#include "collections_domain.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of collections, by name. Their text is in collections_store.cpp and nowhere else.
namespace gravity::product_catalog {

/// A change of a rule waits for publications that are under way, and they for it: neither misses the other. Until the end of the transaction.
extern const Sql<bool()> lock_rules;
extern const Sql<bool()> hold_rules;

struct CollectionInsert : CollectionEdit {
    CollectionId id;
};
BOOST_DESCRIBE_STRUCT(CollectionInsert, (CollectionEdit), (id))
extern const Sql<Collection(CollectionInsert)> insert_collection;
extern const Sql<Collection(CollectionId)> get_collection;
extern const Sql<Collection(CollectionId)> lock_collection;
extern const Sql<Collection(ListCollections)> list_collections;
extern const Sql<Collection(Collection)> save_collection;
extern const Sql<void(CollectionId)> delete_collection;

extern const Sql<Member(PageQuery, CollectionId)> list_members;
extern const Sql<void(CollectionId, std::vector<ProductId>)> set_members;

/// What a rule looks at, for `touched_rules`.
extern const Sql<void(CollectionId, std::vector<std::string>)> set_looks;

struct RuleSelection {
    CollectionId collection;
    std::vector<Filter> filters;
    std::optional<CategoryId> category;
    std::optional<ProductTypeId> type_id;
    std::optional<std::int64_t> price_gte, price_lte;
};
BOOST_DESCRIBE_STRUCT(RuleSelection, (), (collection, filters, category, type_id, price_gte, price_lte))
/// Finds the members anew, as the next generation beside the one that is shown; then shows it.
extern const Sql<void(RuleSelection)> build_next_generation;
extern const Sql<void(CollectionId)> show_next_generation;
extern const Sql<void(CollectionId)> forget_old_generations;

/// What rules ask about a published product, as it is in the lists now.
struct FactsRow {
    std::optional<ProductTypeId> type_id;
    std::optional<std::int64_t> price;
    std::vector<CategoryId> categories; // its own and all above them
};
BOOST_DESCRIBE_STRUCT(FactsRow, (), (type_id, price, categories))
extern const Sql<FactsRow(ProductId)> product_facts;
extern const Sql<IndexRow(ProductId)> product_index;

struct TouchedRule {
    CollectionId id;
    Text<1, 200> name;
    CollectionRule rule;
};
BOOST_DESCRIBE_STRUCT(TouchedRule, (), (id, name, rule))
/// The rules that look at any of these.
extern const Sql<TouchedRule(std::vector<std::string>)> touched_rules;
struct CollectionOfProduct {
    CollectionId id;
    Text<1, 200> name;
};
BOOST_DESCRIBE_STRUCT(CollectionOfProduct, (), (id, name))
/// The collections that show the product.
extern const Sql<CollectionOfProduct(ProductId)> collections_of_product;
extern const Sql<void(ProductId, std::vector<CollectionId>)> join_collections;
extern const Sql<void(ProductId, std::vector<CollectionId>)> leave_collections;
extern const Sql<void(ProductId)> leave_all_collections;

/// Finds the members of a rule anew, beside those that are shown, and shows them. The caller holds `lock_rules`.
void rebuild(Tx& tx, CollectionId collection, const CollectionRule& rule);
/// The same for every rule that asks for a category: a tree has changed its shape.
void rebuild_category_rules(Tx& tx);

/// True if the project has rules at all.
extern const Sql<bool()> any_rules;
/// The product as rules see it now; nothing if it is in no list.
std::optional<Facts> facts_of(Tx& tx, ProductId product);
/// Evaluates the rules that look at something which differs between the two states of the product.
void reevaluate(Tx& tx, ProductId product, const std::optional<Facts>& before, const std::optional<Facts>& after);

} // namespace gravity::product_catalog

GRAVITY_TABLES(product_catalog, CollectionInsert, RuleSelection, FactsRow, TouchedRule, CollectionOfProduct)
