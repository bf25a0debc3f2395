#include "listing_store.hpp"

#include "filters_sql.hpp"

namespace gravity::product_catalog {

// What is shown at this time, in this channel, below this category, with this text in it.
#define SHOWN R"sql(
    l.channel in ('', $channel) and l.visible_from <= $at and l.visible_until > $at
    and ($category::uuid is null or l.product_id in (
        select pc.product_id from category top join category c on c.path <@ top.path join product_category pc on pc.category_id = c.id
        where top.id = $category))
    and ($pattern::text is null or l.search_text like $pattern))sql"

#define LISTED CATALOG_HITS R"sql(
    select l.product_id, l.published_at, l.sort_price, l.sort_name, l.currency, r.revision, r.body
    from listing l join product p on p.id = l.product_id join revision r on r.product_id = p.id and r.revision = p.revision
    where $epoch::bigint > 0 and )sql" SHOWN R"sql(
      and ($all_bits = 0 or l.product_id in ()sql" CATALOG_PASSING R"sql()) and )sql"

const Sql<ListedRow(PageQuery, Selection)> list_newest{"listing.newest", LISTED "$page(l.published_at desc, l.product_id desc)"};
const Sql<ListedRow(PageQuery, Selection)> list_by_price{"listing.by_price", LISTED "$page(l.sort_price, l.product_id)"};
const Sql<ListedRow(PageQuery, Selection)> list_by_price_descending{"listing.by_price_descending", LISTED "$page(l.sort_price desc, l.product_id desc)"};
const Sql<ListedRow(PageQuery, Selection)> list_by_name{"listing.by_name", LISTED "$page(l.sort_name, l.product_id)"};

const Sql<MatchingVariants(Selection, std::vector<ProductId>)> matching_variants{"listing.variants", CATALOG_HITS R"sql(
    select v.product_id, (array_agg(v.variant_id order by v.variant_id))[1:100] as variants
    from listed_variant v
    left join hit own on own.product_id = v.product_id and own.variant_id = v.variant_id
    left join hit whole on whole.product_id = v.product_id and whole.variant_id is null
    where v.product_id = any ($8::uuid[]) and v.variant_id is not null and coalesce(own.bits, 0) | coalesce(whole.bits, 0) = $all_bits
    group by v.product_id)sql"};

const Sql<FacetRow(Selection, std::vector<AttributeName>)> count_facets{"listing.facets", CATALOG_HITS R"sql(,
    candidate as materialized (
        select v.product_id, v.variant_id, coalesce(own.bits, 0) | coalesce(whole.bits, 0) as bits
        from listed_variant v join listing l on l.product_id = v.product_id
        left join hit own on own.product_id = v.product_id and own.variant_id = v.variant_id
        left join hit whole on whole.product_id = v.product_id and whole.variant_id is null
        where )sql" SHOWN R"sql(),
    facet as materialized (
        select a.id, a.name, coalesce((select 1 << f.bit from filter f where f.attribute_id = a.id), 0) as own_bit
        from attribute a where a.name = any ($8::text[])),
    value as (
        select distinct facet.id, facet.name, i.v_text, i.v_num, c.product_id
        from facet join candidate c on c.bits | facet.own_bit = $all_bits
        join attr_index i on i.product_id = c.product_id and i.attribute_id = facet.id and (i.variant_id is null or i.variant_id = c.variant_id))
    select name as attribute, v_text as text, v_num as number, count(*) as count from value group by id, name, v_text, v_num
    order by name, count desc, v_num, v_text)sql"};

#undef SHOWN
#undef LISTED

const Sql<std::int64_t()> get_index_epoch{"index_epoch.get", "select coalesce((select epoch from index_epoch), 1)"};

const Sql<ProductRow(ListStaged)> list_staged{"product.list_staged", R"sql(
    select * from product where ($status::text is null or status = $status) and $page(created_at desc, id desc))sql"};

} // namespace gravity::product_catalog
