#include "listing_store.hpp"

#include "filters_sql.hpp"

namespace gravity::product_catalog {

namespace {

// The products below a category, and in a collection; null: any.
constexpr std::string_view among = R"sql(
    ($category::uuid is null or product_id in (
        select pc.product_id from category top join category c on c.path <@ top.path join product_category pc on pc.category_id = c.id
        where top.id = $category))
    and ($collection::uuid is null or product_id in (
        select m.product_id from collection c join collection_member m on m.collection_id = c.id and m.generation = c.generation
        where c.id = $collection)))sql";

// That a row of `listing` is shown in the channel at the time.
constexpr std::string_view is_shown = "channel in ('', $channel) and visible_from <= $at and visible_until > $at";

const std::string listed = sql_text({filter_sets, R"sql(
    select l.product_id, l.published_at, l.sort_price, l.sort_name, l.currency, r.revision, r.body
    from (select * from listing where )sql",
                                     is_shown, " and ($pattern::text is null or search_text like $pattern) and", among, R"sql(
          and ($filters::jsonb = '[]' or product_id in (select x.product_id from attr_index x where )sql",
                                     filter_passes, R"sql())) l
    join product p on p.id = l.product_id join revision r on r.product_id = p.id and r.revision = p.revision
    where $epoch::bigint > 0 and )sql"});
const std::string newest = listed + "$page(l.published_at desc, l.product_id desc)";
const std::string by_price = listed + "$page(l.sort_price, l.product_id)";
const std::string by_price_descending = listed + "$page(l.sort_price desc, l.product_id desc)";
const std::string by_name = listed + "$page(l.sort_name, l.product_id)";

const std::string variants = sql_text({filter_sets, R"sql(
    select x.product_id, (array_agg(x.variant_id order by x.variant_id))[1:100] as variants
    from attr_index x where x.product_id = any ($1::uuid[]) and x.variant_id is not null and )sql",
                                       filter_passes, " group by x.product_id"});

// What a count belongs to.
constexpr std::string_view wanted_values = R"sql(
    wanted as materialized (
        select v.id, v.v_text, v.v_num, a.name from attribute a join attr_value v on v.attribute_id = a.id where a.name = any ($1::text[]))
    select wanted.name as attribute, wanted.v_text as text, wanted.v_num as number, counted.count
    from (select val, count(*) as count from ()sql";
constexpr std::string_view counts_in_order = R"sql() of_products group by val) counted join wanted on wanted.id = counted.val
    where $epoch::bigint > 0
    order by wanted.name, counted.count desc, wanted.v_num, wanted.v_text)sql";

// Products that are not always shown are few or looked at one by one; the others need no look into `listing`.
const std::string facets = sql_text({filter_sets, ",", wanted_values, R"sql(
        select distinct x.product_id, val from attr_index x, unnest(x.vals) val
        where val in (select id from wanted) and ($filters::jsonb = '[]' or ()sql",
                                     filter_passes, ")) and", among, R"sql(
          and x.product_id not in (select product_id from listing where not always group by product_id having not bool_or()sql",
                                     is_shown, R"sql())
          and ($pattern::text is null or x.product_id in (select product_id from listing where search_text like $pattern)))sql",
                                     counts_in_order});

const std::string unfiltered_facets = sql_text({"with", wanted_values, "select val from listing, unnest(vals) val where ", is_shown,
                                                " and ($pattern::text is null or search_text like $pattern) and", among, counts_in_order});

} // namespace

const Sql<ListedRow(PageQuery, Selection)> list_newest{"listing.newest", newest};
const Sql<ListedRow(PageQuery, Selection)> list_by_price{"listing.by_price", by_price};
const Sql<ListedRow(PageQuery, Selection)> list_by_price_descending{"listing.by_price_descending", by_price_descending};
const Sql<ListedRow(PageQuery, Selection)> list_by_name{"listing.by_name", by_name};
const Sql<MatchingVariants(std::vector<ProductId>, Selection)> matching_variants{"listing.variants", variants};
const Sql<FacetRow(std::vector<AttributeName>, Selection)> count_facets{"listing.facets", facets};
const Sql<FacetRow(std::vector<AttributeName>, Selection)> count_unfiltered_facets{"listing.unfiltered_facets", unfiltered_facets};

const Sql<std::int64_t()> get_index_epoch{"index_epoch.get", "select coalesce((select epoch from index_epoch), 1)"};

const Sql<ProductRow(ListStaged)> list_staged{"product.list_staged", R"sql(
    select * from product where ($status::text is null or status = $status) and $page(created_at desc, id desc))sql"};

} // namespace gravity::product_catalog
