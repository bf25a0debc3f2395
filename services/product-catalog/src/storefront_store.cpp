#include "storefront_store.hpp"

namespace gravity::product_catalog::storefront {

const Sql<PageOf(std::string, std::string)> find_page{"storefront.page", R"sql(
    select s.kind, s.target, c.slug as current, s.state = 'current' as is_current
    from slug s left join slug c on c.target = s.target and c.lang = s.lang and c.state = 'current'
    where s.lang = $1 and s.slug = $2 and s.state <> 'reserved')sql"};

// A product has a row for every channel it is shown in, or one with '' for all of them; without a channel any will do.
const Sql<ShownRevision(std::vector<ProductId>, std::string)> shown_products{"storefront.products", R"sql(
    select r.*, (select coalesce(jsonb_agg(jsonb_build_object('lang', s.lang, 'slug', s.slug) order by s.lang), '[]')
                 from slug s where s.target = p.id and s.state = 'current') as pages
    from product p join revision r on r.product_id = p.id and r.revision = p.revision
    where p.id = any ($1::uuid[]) and p.status = 'active'
      and exists (select from listing l where l.product_id = p.id and l.visible_from <= now() and l.visible_until > now()
                    and ($2 = '' or l.channel in ('', $2))))sql"};

const Sql<ShownRevision(Uuid, std::string, int)> shown_products_from{"storefront.products_from", R"sql(
    with chosen as (
        select distinct l.product_id from listing l
        where l.product_id >= $1 and l.visible_from <= now() and l.visible_until > now() and ($2 = '' or l.channel in ('', $2))
        order by l.product_id limit $3)
    select r.*, (select coalesce(jsonb_agg(jsonb_build_object('lang', s.lang, 'slug', s.slug) order by s.lang), '[]')
                 from slug s where s.target = p.id and s.state = 'current') as pages
    from chosen join product p on p.id = chosen.product_id join revision r on r.product_id = p.id and r.revision = p.revision
    where p.status = 'active'
    order by p.id)sql"};

const Sql<product_catalog::Variant(std::vector<Shown>, int, int)> shown_variants{"storefront.variants", R"sql(
    select v.*, v.variant_id as id
    from jsonb_to_recordset($1::jsonb) as p (product_id uuid, revision bigint)
    cross join lateral (
        select * from variant_revision r
        where r.product_id = p.product_id and r.from_revision <= p.revision and (r.until_revision is null or r.until_revision > p.revision)
        order by r.position, r.variant_id limit $2 offset $3) v
    order by v.product_id, v.position, v.variant_id)sql"};

const Sql<std::int64_t(ProductId, std::int64_t, VariantId)> variants_before{"storefront.variants_before", R"sql(
    select (select count(*) from variant_revision r
            where r.product_id = $1 and r.from_revision <= $2 and (r.until_revision is null or r.until_revision > $2)
              and (r.position, r.variant_id) < (v.position, v.variant_id))
    from variant_revision v
    where v.product_id = $1 and v.variant_id = $3 and v.from_revision <= $2 and (v.until_revision is null or v.until_revision > $2))sql"};

const Sql<VariantAt(std::vector<Uuid>, std::vector<std::string>)> find_shown_variants{"storefront.find_variants", R"sql(
    select variant_id, product_id, sku, gtin from variant_revision
    where until_revision is null
      and (variant_id = any ($1::uuid[]) or sku_key = any (array(select lower(code) from unnest($2::text[]) as w (code))) or gtin = any ($2::text[])))sql"};

const Sql<SlugAt(std::vector<std::string>, std::vector<std::string>)> find_shown_slugs{"storefront.find_slugs", R"sql(
    select target as product_id, slug from slug where lang = any ($2::text[]) and slug = any ($1::text[]) and kind = 'product' and state = 'current')sql"};

const Sql<CrumbRow(std::vector<ProductId>)> crumbs_of{"storefront.crumbs", R"sql(
    select m.product_id, m.category_id, a.name, a.slug,
           (select coalesce(jsonb_object_agg(t.key, t.value - 'description'), '{}') from jsonb_each(a.translations) t) as translations
    from product_category m join category c on c.id = m.category_id join category a on a.path @> c.path
    where m.product_id = any ($1::uuid[])
    order by m.product_id, c.tree, c.path, nlevel(a.path))sql"};

const Sql<ProductType(std::vector<ProductTypeId>)> types_of{"storefront.types", "select * from product_type where id = any ($1::uuid[])"};

namespace {

// A product in two channels is found once, by the first.
const std::string shown_once = R"sql(
    select l.product_id, l.published_at from listing l
    where l.visible_from <= now() and l.visible_until > now() and ($channel = '' or l.channel in ('', $channel))
      and l.channel = (select min(o.channel) from listing o where o.product_id = l.product_id and o.visible_from <= now() and o.visible_until > now()
                         and ($channel = '' or o.channel in ('', $channel))))sql";

// The trigram index answers the longest word; the others are looked for in what it finds.
const std::string searched = shown_once + R"sql(
      and ($longest = '' or l.search_text like $longest) and l.search_text like all ($patterns::text[])
      and (cardinality($categories::uuid[]) = 0 or exists (
            select from product_category m join category c on c.id = m.category_id join category a on a.path @> c.path
            where m.product_id = l.product_id and a.id = any ($categories::uuid[])))
      and l.sort_price between $min_price and $max_price
      and $page(l.published_at desc, l.product_id desc))sql";

const std::string in_category = shown_once + R"sql(
      and l.product_id in (
        select m.product_id from category top join category c on c.path <@ top.path join product_category m on m.category_id = c.id where top.id = $category)
      and $page(l.published_at desc, l.product_id desc))sql";

} // namespace

const Sql<Hit(SearchListing)> search_products{"storefront.search", searched};
const Sql<Hit(CategoryListing)> category_products{"storefront.category_products", in_category};

const Sql<CategoryId(std::vector<std::string>)> categories_named{"storefront.categories_named", R"sql(
    select id from category
    where lower(name) = any ($1::text[]) or exists (select from jsonb_each(translations) t where lower(t.value->>'name') = any ($1::text[])))sql"};

const Sql<SitemapRow(Uuid, std::string, int)> sitemap_rows{"storefront.sitemap", R"sql(
    with chosen as (
        select l.product_id, max(l.published_at) as published_at from listing l
        where l.product_id >= $1 and l.visible_from <= now() and l.visible_until > now() and ($2 = '' or l.channel in ('', $2))
        group by l.product_id order by l.product_id limit $3)
    select c.product_id as id, c.published_at as updated_at,
           (select coalesce(jsonb_agg(jsonb_build_object('lang', s.lang, 'slug', s.slug) order by s.lang), '[]')
            from slug s where s.target = c.product_id and s.state = 'current') as pages
    from chosen c order by c.product_id)sql"};

const Sql<Uuid(Uuid, std::string, int)> sitemap_start{"storefront.sitemap_start", R"sql(
    select l.product_id from listing l
    where l.product_id >= $1 and l.visible_from <= now() and l.visible_until > now() and ($2 = '' or l.channel in ('', $2))
    group by l.product_id order by l.product_id offset $3 limit 1)sql"};

namespace {

const std::string shown_categories = R"sql(
    from category c
    where c.id >= $1 and exists (
        select from category b join product_category m on m.category_id = b.id join listing l on l.product_id = m.product_id
        where b.path <@ c.path and l.visible_from <= now() and l.visible_until > now() and ($2 = '' or l.channel in ('', $2))))sql";
const std::string category_rows = R"sql(
    select c.id, c.updated_at,
           (select coalesce(jsonb_agg(jsonb_build_object('lang', s.lang, 'slug', s.slug) order by s.lang), '[]')
            from slug s where s.target = c.id and s.state = 'current') as pages)sql" +
                                  shown_categories + " order by c.id limit $3";
const std::string category_start = "select c.id" + shown_categories + " order by c.id offset $3 limit 1";

} // namespace

const Sql<Uuid(Uuid, std::string, int)> category_sitemap_start{"storefront.category_sitemap_start", category_start};
const Sql<SitemapRow(Uuid, std::string, int)> category_sitemap_rows{"storefront.category_sitemap", category_rows};

} // namespace gravity::product_catalog::storefront
