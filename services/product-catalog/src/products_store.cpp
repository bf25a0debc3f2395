#include "products_store.hpp"

#include "problems.hpp"
#include "variants_domain.hpp"

#include <gravity/meta/refuse.hpp>

#include <algorithm>

namespace gravity::product_catalog {

const Sql<ProductRow(ProductInsert)> insert_product{"product.insert", R"sql(
    insert into product (id, type_id, staged) values ($id, $type_id, $staged) returning *)sql",
                                                    {{"product_type_id_fkey", no_such_type}}};

const Sql<ProductRow(ProductId)> get_product{"product.get", "select * from product where id = $1"};

// Changes of one product and of its variants queue here, so a rule and the write that follows it see the same rows.
const Sql<ProductRow(ProductId)> lock_product{"product.lock", "select * from product where id = $1 for update"};

const Sql<ProductRow(ProductRow)> save_product{"product.save", R"sql(
    update product set staged = $staged, status = $status, revision = $revision, published_version = $published_version,
           published_at = $published_at, version = version + 1, updated_at = now()
    where id = $id returning *)sql"};

const Sql<ProductRow(ProductId)> touch_product{"product.touch", R"sql(
    update product set version = version + 1, updated_at = now() where id = $1 returning *)sql"};

const Sql<void(ProductId)> delete_product{"product.delete", "delete from product where id = $1"};

const Sql<ProductId(std::vector<ProductId>)> unknown_products{"product.unknown", R"sql(
    select wanted.id from unnest($1::uuid[]) as wanted (id) where not exists (select from product p where p.id = wanted.id))sql"};
const Sql<CategoryId(std::vector<CategoryId>)> unknown_categories{"category.unknown", R"sql(
    select wanted.id from unnest($1::uuid[]) as wanted (id) where not exists (select from category c where c.id = wanted.id))sql"};
const Sql<Key(std::vector<Key>)> unknown_channels{"channel.unknown", R"sql(
    select wanted.key from unnest($1::text[]) as wanted (key) where not exists (select from channel c where c.key = wanted.key))sql"};

void check_reference_values(Tx& tx, const AttributeValues& values, const std::vector<AttributeDef>& defs) {
    meta::Errors errors;
    meta::Errors::Step step(errors, "attributes");
    for (const auto& [name, value] : values) {
        const AttributeDef* def = find_attribute(defs, name);
        if (def == nullptr || def->kind != AttributeKind::reference) continue;
        const Uuid id = Uuid::parse(value.as_string()).or_throw(); // its form has been checked
        const bool absent = *def->target == ReferenceTarget::product ? !tx.all(unknown_products, {ProductId(id)}).empty()
                                                                     : !tx.all(unknown_categories, {CategoryId(id)}).empty();
        if (absent) errors.reject(name, "does not exist");
    }
    refuse_if_any(errors);
}

// ---- variants

namespace {

// What may be there once, by constraint.
const std::initializer_list<pg::ConstraintProblem> taken = {
    {"variant_sku_key", sku_taken}, {"variant_gtin_key", gtin_taken}, {"variant_options_key", options_taken}};

} // namespace

VariantInsert insertion(VariantEdit edit, VariantId id, ProductId product) {
    VariantInsert row;
    row.option_hash = option_hash(edit.options);
    static_cast<VariantEdit&>(row) = std::move(edit);
    row.id = id;
    row.product_id = product;
    return row;
}

const Sql<Variant(VariantInsert)> insert_variant{"variant.insert", R"sql(
    insert into variant (id, product_id, sku, gtin, options, option_hash, attributes, list_price_amount, list_price_currency, media, position)
    values ($id, $product_id, $sku, $gtin, $options, $option_hash, $attributes, $list_price_amount, $list_price_currency, $media, $position)
    returning *)sql",
                                                 taken};

const Sql<VariantId(ProductId, std::vector<VariantInsert>)> insert_variants{"variant.insert_many", R"sql(
    insert into variant (id, product_id, sku, options, option_hash, attributes, media, position)
    select v.id, $1, v.sku, v.options, decode(v.option_hash, 'base64'), v.attributes, v.media, v.position
    from jsonb_to_recordset($2::jsonb) as v (id uuid, sku citext, options jsonb, option_hash text, attributes jsonb, media jsonb, position integer)
    on conflict (product_id, option_hash) do nothing returning id)sql",
                                                                            {{"variant_sku_key", sku_taken}}};

const Sql<void(std::vector<VariantInsert>)> add_variants{"variant.add_many", R"sql(
    insert into variant (id, product_id, sku, gtin, options, option_hash, attributes, list_price_amount, list_price_currency, media, position)
    select v.id, v.product_id, v.sku, v.gtin, v.options, decode(v.option_hash, 'base64'), v.attributes,
           (v.list_price->>'amount')::bigint, v.list_price->>'currency', v.media, v.position
    from jsonb_to_recordset($1::jsonb) as v (id uuid, product_id uuid, sku citext, gtin text, options jsonb, option_hash text, attributes jsonb,
                                             list_price jsonb, media jsonb, position integer))sql",
                                                         taken};

const Sql<void(std::vector<VariantInsert>)> save_variants{"variant.save_many", R"sql(
    update variant t set attributes = v.attributes, list_price_amount = (v.list_price->>'amount')::bigint, list_price_currency = v.list_price->>'currency',
           media = v.media, position = v.position, version = version + 1, updated_at = now()
    from jsonb_to_recordset($1::jsonb) as v (id uuid, attributes jsonb, list_price jsonb, media jsonb, position integer)
    where t.id = v.id)sql"};

const Sql<Variant(ProductId, VariantId)> get_variant{"variant.get", "select * from variant where product_id = $1 and id = $2"};

const Sql<Variant(VariantInsert)> save_variant{"variant.save", R"sql(
    update variant set sku = $sku, gtin = $gtin, options = $options, option_hash = $option_hash, attributes = $attributes,
           list_price_amount = $list_price_amount, list_price_currency = $list_price_currency, media = $media, position = $position,
           version = version + 1, updated_at = now()
    where id = $id returning *)sql",
                                               taken};

const Sql<void(VariantId)> delete_variant{"variant.delete", "delete from variant where id = $1"};

const Sql<Variant(PageQuery, ProductId)> list_variants{"variant.list", R"sql(
    select * from variant where product_id = $3 and $page(position, id))sql"};

const Sql<Variant(ProductId)> all_variants{"variant.all", "select * from variant where product_id = $1 order by position, id"};

const Sql<VariantCount(ProductId)> count_variants{"variant.count", R"sql(
    select count(*) as count, coalesce(max(position) + 1, 0) as next_position from variant where product_id = $1)sql"};

// ---- slugs

// Insert and look at what happened, not look and then insert: two editors who want one slug at the same time cannot both have it.
const Sql<std::string(SlugClaim)> claim_slug{"slug.claim", R"sql(
    insert into slug (lang, slug, kind, target, state) values ($lang, $slug, $kind, $target, 'reserved')
    on conflict (project, lang, slug) do update set state = slug.state where slug.target = excluded.target
    returning state)sql"};

const Sql<void(Uuid)> release_reserved_slugs{"slug.release", "delete from slug where target = $1 and state = 'reserved'"};

void claim_slugs(Tx& tx, std::string_view kind, const Uuid& target, const std::vector<SlugOf>& slugs) {
    tx.exec(release_reserved_slugs, target);
    for (const SlugOf& wanted : slugs)
        if (!tx.maybe(claim_slug, SlugClaim{wanted.lang.str(), wanted.slug, std::string(kind), target}))
            throw Refusal(slug_taken).with("slug", wanted.slug.view()).with("lang", wanted.lang.view());
}

// ---- unique attribute values

const Sql<void(ProductId, std::optional<VariantId>)> forget_unique_values{"unique_value.forget", R"sql(
    delete from unique_value where product_id = $1 and variant_id is not distinct from $2)sql"};

const Sql<void(ProductId, std::vector<UniqueValue>)> add_unique_values{"unique_value.add", R"sql(
    insert into unique_value (attribute_id, value, product_id, variant_id)
    select a.id, v.value, $1, v.variant_id
    from jsonb_to_recordset($2::jsonb) as v (attribute text, value text, variant_id uuid) join attribute a on a.name = v.attribute
    order by a.id, v.value)sql",
                                                                       {{"unique_value_pkey", not_unique}}};

std::vector<UniqueValue> unique_values(const std::optional<VariantId>& variant, const AttributeValues& values, const std::vector<AttributeDef>& defs) {
    std::vector<UniqueValue> unique;
    for (const AttributeDef& def : defs) {
        if (!def.unique) continue;
        if (const auto value = values.find(def.name.view()); value != values.end()) unique.push_back({def.name, canonical_text(def, value->second), variant});
    }
    return unique;
}

void keep_unique_values(Tx& tx, ProductId product, const std::optional<VariantId>& variant, const AttributeValues& values,
                        const std::vector<AttributeDef>& defs) {
    if (std::none_of(defs.begin(), defs.end(), [](const AttributeDef& def) { return def.unique; })) return;
    tx.exec(forget_unique_values, product, variant);
    if (const auto unique = unique_values(variant, values, defs); !unique.empty()) tx.exec(add_unique_values, product, unique);
}

} // namespace gravity::product_catalog
