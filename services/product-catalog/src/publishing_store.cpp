#include "publishing_store.hpp"

#include "characters.hpp"
#include "collections_store.hpp"
#include "facets_job.hpp"
#include "problems.hpp"
#include "products_store.hpp"

namespace gravity::product_catalog {

// ---- reading: one statement each, so that what is read is of one commit

const Sql<RevisionRow(ProductId)> get_published{"revision.current", R"sql(
    select r.* from product p join revision r on r.product_id = p.id and r.revision = p.revision
    where p.id = $1 and p.status = 'active')sql"};

const Sql<RevisionRow(ProductId, std::int64_t)> get_revision{"revision.get", "select * from revision where product_id = $1 and revision = $2"};

const Sql<RevisionRow(ProductId, Timestamp)> get_revision_at{"revision.at", R"sql(
    select * from revision where product_id = $1 and published_at <= $2 and (ended_at is null or ended_at > $2)
    order by revision desc limit 1)sql"};

const Sql<RevisionEntry(PageQuery, ProductId)> list_revisions{"revision.list", R"sql(
    select revision, version, published_at, ended_at from revision where product_id = $3 and $page(revision desc))sql"};

const Sql<Variant(PageQuery, ProductId, std::int64_t)> list_revision_variants{"variant_revision.list", R"sql(
    select v.*, v.variant_id as id from variant_revision v
    where v.product_id = $3 and v.from_revision <= $4 and (v.until_revision is null or v.until_revision > $4)
      and $page(v.position, v.variant_id))sql"};

const Sql<Variant(ProductId)> shown_variants{"variant_revision.shown", R"sql(
    select v.*, v.variant_id as id from variant_revision v where v.product_id = $1 and v.until_revision is null order by v.position, v.variant_id)sql"};

const Sql<PublishedVariant(std::vector<std::string>)> find_variants_by_sku{"variant.by_sku", R"sql(
    select v.*, v.variant_id as id, p.revision, r.body->>'name' as name, r.body->>'slug' as slug
    from variant_revision v join product p on p.id = v.product_id join revision r on r.product_id = p.id and r.revision = p.revision
    where v.sku_key = any (array(select lower(sku) from unnest($1::text[]) as wanted (sku))) and v.until_revision is null)sql"};

// ---- writing

// What translations say goes to text_mark, too, while it is shown (translated_twins).
const Sql<void(ProductId, Timestamp)> end_revision{"revision.end", R"sql(
    with unmarked as (delete from text_mark where product_id = $1)
    update revision set ended_at = greatest($2, published_at) where product_id = $1 and ended_at is null)sql"};

const Sql<void(RevisionRow)> insert_revision{"revision.insert", R"sql(
    with marked as (
        insert into text_mark (product_id, mark)
        select distinct $product_id::uuid, hashtextextended(t.lang || ' ' || f.field || ' ' || f.text, 0)
        from jsonb_each($body::jsonb->'translations') as t (lang, texts) cross join jsonb_each_text(t.texts) as f (field, text)
        where f.field in ('name', 'meta_title', 'meta_description') and f.text is not null)
    insert into revision (product_id, revision, type_id, version, body, created_at, published_at, prices)
    values ($product_id, $revision, $type_id, $version, $body, $created_at, $published_at, $prices))sql"};

// Of a variant's states those go that no revision which is kept shows.
const Sql<std::int64_t(Timestamp, int)> forget_ended_revisions{"revision.forget", R"sql(
    with old as (select product_id, revision from revision where ended_at < $1 order by ended_at, revision limit $2),
    gone as (
        delete from revision r using old where r.product_id = old.product_id and r.revision = old.revision returning r.product_id, r.revision),
    states as (
        delete from variant_revision v using (select product_id, max(revision) + 1 as until from gone group by product_id) g
        where v.product_id = g.product_id and v.until_revision <= g.until)
    select count(*) from gone)sql"};

// A state goes on while `version` is the same: every change of a variant counts it up. `not in`, which is looked up by hash whatever the planner takes
// the number of variants for.
const Sql<void(ProductId, std::int64_t)> end_variant_revisions{"variant_revision.end", R"sql(
    update variant_revision r set until_revision = $2
    where r.product_id = $1 and r.until_revision is null
      and (r.variant_id, r.version) not in (select v.id, v.version from variant v where v.product_id = $1))sql"};

const Sql<void(ProductId, std::int64_t)> begin_variant_revisions{"variant_revision.begin", R"sql(
    insert into variant_revision (variant_id, product_id, from_revision, sku, gtin, options, attributes, list_price_amount, list_price_currency,
                                  media, position, version, created_at, updated_at)
    select v.id, v.product_id, $2, v.sku, v.gtin, v.options, v.attributes, v.list_price_amount, v.list_price_currency,
           v.media, v.position, v.version, v.created_at, v.updated_at
    from variant v
    where v.product_id = $1 and v.id not in (select r.variant_id from variant_revision r where r.product_id = $1 and r.until_revision is null))sql",
                                                                 {{"published_sku_key", sku_taken}, {"published_gtin_key", gtin_taken}}};

const Sql<void(ProductId, std::int64_t)> end_all_variant_revisions{"variant_revision.end_all", R"sql(
    update variant_revision set until_revision = $2 where product_id = $1 and until_revision is null)sql"};

// Two statements: while one renames, a language would have two current slugs for a moment.
const Sql<SlugChange(Uuid, std::vector<std::string>, std::vector<std::string>)> retire_slugs{"slug.retire", R"sql(
    update slug set state = 'old', since = now()
    where target = $1 and state = 'current' and (lang, slug) not in (select * from unnest($2::text[], $3::text[]))
    returning lang, slug)sql"};

const Sql<SlugChange(Uuid, std::vector<std::string>, std::vector<std::string>)> promote_slugs{"slug.promote", R"sql(
    update slug set state = 'current', since = now()
    where target = $1 and state <> 'current' and (lang, slug) in (select * from unnest($2::text[], $3::text[]))
    returning lang, slug)sql"};

const Sql<void(ProductId, std::vector<CategoryId>)> set_product_categories{
    "product_category.set",
    R"sql(
    with gone as (delete from product_category where product_id = $1 and category_id <> all ($2::uuid[]))
    insert into product_category (product_id, category_id)
    select $1, c.id from category c where c.id = any ($2::uuid[]) on conflict do nothing)sql",
    {{"product_category_category_id_fkey", problems::conflict}}}; // it is just being deleted

const Sql<std::int64_t(ProductId)> count_links_to{"product_link.count", "select count(*) from product_link where target_id = $1"};

const Sql<void(ProductId)> clear_product_links{"product_link.clear", "delete from product_link where product_id = $1"};

const Sql<void(ProductId, std::vector<ProductLink>)> add_product_links{"product_link.add", R"sql(
    insert into product_link (product_id, kind, target_id, quantity, position)
    select $1, l.kind, l.product_id, l.quantity, l.position
    from rows from (jsonb_to_recordset($2::jsonb) as (kind text, product_id uuid, quantity integer)) with ordinality as l (kind, product_id, quantity, position)
    where exists (select from product p where p.id = l.product_id))sql",
                                                                       {{"product_link_target_id_fkey", problems::conflict}}};

const Sql<void(ProductId)> clear_listing{"listing.clear", "delete from listing where product_id = $1"};

const Sql<void(Listed)> add_listing{"listing.add", R"sql(
    insert into listing (product_id, channel, visible_from, visible_until, published_at, sort_name, sort_price, currency, search_text)
    select $product_id, r.channel, coalesce(r.visible_from, '-infinity'), coalesce(r.visible_until, 'infinity'), $published_at, $sort_name,
           $sort_price, $currency, $search_text
    from jsonb_to_recordset($rows::jsonb) as r (channel text, visible_from timestamptz, visible_until timestamptz))sql"};

const Sql<void(std::vector<IndexRow>)> add_values{"attr_value.add", R"sql(
    insert into attr_value (attribute_id, v_text, v_num)
    select distinct a.id, r.text, r.number
    from jsonb_to_recordset($1::jsonb) as r (attribute text, text text, number double precision) join attribute a on a.name = r.attribute
    order by 1, 2, 3 on conflict on constraint attr_value_key do nothing)sql"}; // in one order: two transactions never wait for each other

// Grouped and looked up by hash, never joined: the planner takes what comes from JSON for a few rows, and would go through 5,000 variants 5,000 times.
const Sql<void(ProductId, std::vector<IndexRow>, std::vector<VariantId>)> set_index{"attr_index.set", R"sql(
    with given as materialized (
        select a.id as attribute_id, r.variant_id, r.text, r.number
        from jsonb_to_recordset($2::jsonb) as r (attribute text, variant_id uuid, text text, number double precision)
        join attribute a on a.name = r.attribute),
    numbered as materialized (
        select g.variant_id, v.id from given g join attr_value v on v.attribute_id = g.attribute_id and v.v_text = g.text
        union all select g.variant_id, v.id from given g join attr_value v on v.attribute_id = g.attribute_id and v.v_num = g.number),
    whole as (select coalesce(array_agg(distinct id), '{}') as ids from numbered where variant_id is null),
    shown as (select unnest($3::uuid[]) as variant_id union all select null where cardinality($3::uuid[]) = 0),
    own as (
        select variant_id, coalesce(array_agg(distinct id) filter (where id is not null), '{}') as ids
        from (select variant_id, id from numbered where variant_id is not null union all select variant_id, null from shown) values_of group by variant_id),
    gone as (
        delete from attr_index i where i.product_id = $1
            and case when i.variant_id is null then cardinality($3::uuid[]) > 0 else i.variant_id not in (select unnest($3::uuid[])) end)
    insert into attr_index (product_id, variant_id, vals, shared)
    select $1, own.variant_id, own.ids || whole.ids, cardinality(whole.ids) from own cross join whole
    on conflict on constraint attr_index_key do update set vals = excluded.vals, shared = excluded.shared
    where (attr_index.vals, attr_index.shared) <> (excluded.vals, excluded.shared))sql"};

const Sql<void(ProductId)> clear_index{"attr_index.clear", "delete from attr_index where product_id = $1"};

void show_slugs(Tx& tx, const Uuid& target, const std::vector<SlugOf>& wanted) {
    std::vector<std::string> langs, slugs;
    for (const SlugOf& slug : wanted) {
        langs.push_back(slug.lang.str());
        slugs.push_back(slug.slug.str());
    }
    const auto retired = tx.all(retire_slugs, target, langs, slugs);
    for (const SlugChange& shown : tx.all(promote_slugs, target, langs, slugs)) {
        SlugChanged event{target, shown.lang, shown.slug, std::nullopt};
        for (const SlugChange& before : retired)
            if (before.lang == shown.lang) event.previous = before.slug;
        if (event.previous) tx.emit(event); // a first slug changes nothing that anybody could have kept
    }
}

namespace {

void write_index(Tx& tx, ProductId product, const std::vector<IndexRow>& rows, const std::vector<Variant>& variants) {
    std::vector<VariantId> ids;
    for (const Variant& variant : variants) ids.push_back(variant.id);
    if (!rows.empty()) tx.exec(add_values, rows);
    tx.exec(set_index, product, rows, ids);
    facets_changed(tx, product);
}

// The collections that a product is in by their rules, as what is published of it changes.
class Membership {
public:
    Membership(Tx& tx, ProductId product) : tx_(tx), product_(product) {
        tx_.one(hold_rules);
        any_ = tx_.one(any_rules);
        if (any_) before_ = facts_of(tx_, product_);
    }
    void follow() const {
        if (any_) reevaluate(tx_, product_, before_, facts_of(tx_, product_));
    }

private:
    Tx& tx_;
    ProductId product_;
    bool any_ = false;
    std::optional<Facts> before_;
};

} // namespace

void write_publication(Tx& tx, const ProductRow& published, const std::vector<Variant>& variants, const std::vector<AttributeDef>& defs,
                       const Settings& settings) {
    const ProductContent& content = published.staged;
    const Timestamp at = *published.published_at;
    const Membership membership(tx, published.id);
    const bool shown_before = published.revision > 1; // else there is nothing to end, to retire or to clear
    if (shown_before) tx.exec(end_revision, published.id, at);
    tx.exec(insert_revision,
            {published.id, published.revision, published.type_id, *published.published_version, content, published.created_at, at, std::nullopt,
             prices_of(variants)});
    if (shown_before) tx.exec(end_variant_revisions, published.id, published.revision);
    tx.exec(begin_variant_revisions, published.id, published.revision);
    show_slugs(tx, published.id.uuid(), slugs_of(content, settings.langs));

    if (shown_before || !content.categories.empty()) tx.exec(set_product_categories, published.id, content.categories);
    if (shown_before) tx.exec(clear_product_links, published.id);
    if (!content.links.empty()) tx.exec(add_product_links, published.id, content.links);

    const auto price = price_from(content, variants);
    if (shown_before) tx.exec(clear_listing, published.id);
    tx.exec(add_listing, {published.id, at, characters::lower(content.name.view()), price ? price->amount : no_price,
                          price ? std::optional(price->currency) : std::nullopt, search_text(content, variants), listing_rows(content)});
    write_index(tx, published.id, index_rows(content, variants, defs), variants);
    membership.follow();
}

void withdraw(Tx& tx, const ProductRow& product) {
    const Membership membership(tx, product.id);
    tx.exec(end_revision, product.id, tx.now());
    tx.exec(end_all_variant_revisions, product.id, product.revision + 1);
    tx.exec(set_product_categories, product.id, std::vector<CategoryId>{});
    tx.exec(clear_product_links, product.id);
    tx.exec(clear_listing, product.id);
    tx.exec(clear_index, product.id);
    facets_changed(tx, product.id);
    membership.follow();
}

void reindex(Tx& tx, ProductId product, const ProductContent& content, const std::vector<Variant>& variants, const std::vector<AttributeDef>& defs) {
    const Membership membership(tx, product);
    write_index(tx, product, index_rows(content, variants, defs), variants);
    membership.follow();
}

} // namespace gravity::product_catalog
