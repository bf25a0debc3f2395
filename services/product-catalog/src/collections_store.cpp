#include "collections_store.hpp"

#include "filters_sql.hpp"

#include <algorithm>

namespace gravity::product_catalog {

const Sql<bool()> lock_rules{"collection.lock_rules",
                             "select pg_advisory_xact_lock(hashtextextended('collection rules ' || gravity.current_project(), 0)) is not null"};
const Sql<bool()> hold_rules{"collection.hold_rules",
                             "select pg_advisory_xact_lock_shared(hashtextextended('collection rules ' || gravity.current_project(), 0)) is not null"};

namespace {

// How many members are shown, beside the row itself.
constexpr std::string_view with_members = R"sql(
    select c.*, (select count(*) from collection_member m where m.collection_id = c.id and m.generation = c.generation
        and exists (select from listing l where l.product_id = m.product_id)) as members from )sql";
const std::string get_text = sql_text({with_members, "collection c where c.id = $1"});
const std::string lock_text = sql_text({with_members, "(select * from collection where id = $1 for update) c"});
const std::string list_text = sql_text({with_members, "collection c where $page(c.created_at desc, c.id desc)"});

const std::string build_text = sql_text({filter_sets, R"sql(
    insert into collection_member (collection_id, generation, product_id)
    select $collection, c.generation + 1, listed.product_id
    from collection c, (select distinct product_id, sort_price, currency from listing) listed join product p on p.id = listed.product_id
    where c.id = $collection
      and ($filters::jsonb = '[]' or p.id in (select x.product_id from attr_index x where )sql",
                                         filter_passes, R"sql())
      and ($category::uuid is null or p.id in (
          select pc.product_id from category top join category below on below.path <@ top.path join product_category pc on pc.category_id = below.id
          where top.id = $category))
      and ($type_id::uuid is null or p.type_id = $type_id)
      and ($price_gte::bigint is null or (listed.currency is not null and listed.sort_price >= $price_gte))
      and ($price_lte::bigint is null or (listed.currency is not null and listed.sort_price <= $price_lte)))sql"});

} // namespace

const Sql<Collection(CollectionInsert)> insert_collection{"collection.insert", R"sql(
    insert into collection (id, name, slug, description, translations, rule) values ($id, $name, $slug, $description, $translations, $rule)
    returning *, 0 as members)sql"};

const Sql<Collection(CollectionId)> get_collection{"collection.get", get_text};
const Sql<Collection(CollectionId)> lock_collection{"collection.lock", lock_text};
const Sql<Collection(ListCollections)> list_collections{"collection.list", list_text};

const Sql<Collection(Collection)> save_collection{"collection.save", R"sql(
    update collection set name = $name, slug = $slug, description = $description, translations = $translations, rule = $rule,
           version = version + 1, updated_at = now()
    where id = $id returning *, 0 as members)sql"};

const Sql<void(CollectionId)> delete_collection{"collection.delete", "delete from collection where id = $1"};

const Sql<Member(PageQuery, CollectionId)> list_members{"collection.members", R"sql(
    select m.product_id, m.position from collection c join collection_member m on m.collection_id = c.id and m.generation = c.generation
    where c.id = $3 and exists (select from listing l where l.product_id = m.product_id) and $page(m.position, m.product_id))sql"};

const Sql<void(CollectionId, std::vector<ProductId>)> set_members{"collection.set_members", R"sql(
    with gone as (delete from collection_member where collection_id = $1 and product_id <> all ($2::uuid[]))
    insert into collection_member (collection_id, generation, product_id, position)
    select c.id, c.generation, p.id, picked.position from collection c, unnest($2::uuid[]) with ordinality as picked (product_id, position)
    join product p on p.id = picked.product_id
    where c.id = $1 on conflict (collection_id, generation, product_id) do update set position = excluded.position)sql"};

const Sql<void(CollectionId, std::vector<std::string>)> set_looks{"collection.set_looks", R"sql(
    with gone as (delete from collection_rule where collection_id = $1 and looks_at <> all ($2::text[]))
    insert into collection_rule (looks_at, collection_id) select looks_at, $1 from unnest($2::text[]) looks_at on conflict do nothing)sql"};

const Sql<void(RuleSelection)> build_next_generation{"collection.build", build_text};

const Sql<void(CollectionId)> show_next_generation{"collection.show", "update collection set generation = generation + 1 where id = $1"};

const Sql<void(CollectionId)> forget_old_generations{"collection.forget", R"sql(
    delete from collection_member m using collection c where c.id = $1 and m.collection_id = c.id and m.generation <> c.generation)sql"};

const Sql<FactsRow(ProductId)> product_facts{"collection.facts", R"sql(
    select p.type_id, (select case when l.currency is not null then l.sort_price end from listing l where l.product_id = p.id limit 1) as price,
           array(select distinct above.id from product_category pc join category c on c.id = pc.category_id join category above on above.path @> c.path
                 where pc.product_id = p.id) as categories
    from product p where p.id = $1 and exists (select from listing l where l.product_id = p.id))sql"};

const Sql<IndexRow(ProductId)> product_index{"collection.index", R"sql(
    select a.name as attribute, i.variant_id, v.v_text as text, v.v_num as number
    from attr_index i cross join unnest(i.vals) as value (id) join attr_value v on v.id = value.id join attribute a on a.id = v.attribute_id
    where i.product_id = $1)sql"};

const Sql<TouchedRule(std::vector<std::string>)> touched_rules{"collection.touched", R"sql(
    select c.id, c.name, c.rule from collection c
    where c.rule is not null and c.id in (select collection_id from collection_rule where looks_at = any ($1::text[])) order by c.id)sql"};

const Sql<CollectionOfProduct(ProductId)> collections_of_product{"collection.of_product", R"sql(
    select c.id, c.name from collection_member m join collection c on c.id = m.collection_id and c.generation = m.generation
    where m.product_id = $1 order by c.id)sql"};

const Sql<void(ProductId, std::vector<CollectionId>)> join_collections{"collection.join", R"sql(
    insert into collection_member (collection_id, generation, product_id)
    select id, generation, $1 from collection where id = any ($2::uuid[]) on conflict do nothing)sql"};

const Sql<void(ProductId, std::vector<CollectionId>)> leave_collections{"collection.leave", R"sql(
    delete from collection_member where product_id = $1 and collection_id = any ($2::uuid[]))sql"};

const Sql<void(ProductId)> leave_all_collections{"collection.leave_all", R"sql(
    delete from collection_member m using collection c where m.product_id = $1 and c.id = m.collection_id and c.rule is not null)sql"};

const Sql<bool()> any_rules{"collection.any_rules", "select exists (select from collection_rule)"};

void rebuild(Tx& tx, CollectionId collection, const CollectionRule& rule) {
    meta::Errors none; // checked when the rule came in
    const RuleSelection selection{collection, parse_filters(rule.attr, none), rule.category, rule.type_id, rule.price_gte, rule.price_lte};
    tx.exec(set_looks, collection, looks_at(rule));
    tx.exec(build_next_generation, selection);
    tx.exec(show_next_generation, collection);
    tx.exec(forget_old_generations, collection);
}

void rebuild_category_rules(Tx& tx) {
    tx.one(lock_rules);
    for (const TouchedRule& touched : tx.all(touched_rules, {"category"})) rebuild(tx, touched.id, touched.rule);
}

std::optional<Facts> facts_of(Tx& tx, ProductId product) {
    const auto row = tx.maybe(product_facts, product);
    if (!row) return std::nullopt;
    Facts facts;
    facts.index = tx.all(product_index, product);
    for (const IndexRow& indexed : facts.index)
        if (indexed.variant_id) facts.variants.push_back(*indexed.variant_id);
    std::sort(facts.variants.begin(), facts.variants.end());
    facts.variants.erase(std::unique(facts.variants.begin(), facts.variants.end()), facts.variants.end());
    facts.categories = {row->categories.begin(), row->categories.end()};
    facts.type_id = row->type_id;
    facts.price = row->price;
    return facts;
}

void reevaluate(Tx& tx, ProductId product, const std::optional<Facts>& before, const std::optional<Facts>& after) {
    if (!after) {
        tx.exec(leave_all_collections, product);
        return;
    }
    const auto changed = differences(before, after);
    if (changed.empty()) return;
    std::vector<CollectionId> joins, leaves;
    for (const TouchedRule& touched : tx.all(touched_rules, changed)) (matches(touched.rule, *after) ? joins : leaves).push_back(touched.id);
    if (!joins.empty()) tx.exec(join_collections, product, joins);
    if (!leaves.empty()) tx.exec(leave_collections, product, leaves);
}

} // namespace gravity::product_catalog
