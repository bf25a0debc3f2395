#include "listing_store.hpp"

#include "facets_sql.hpp"

namespace gravity::product_catalog {

namespace {

// That a row of `listing` is shown in the channel at the time.
constexpr std::string_view is_shown = "channel in ('', $channel) and visible_from <= $at and visible_until > $at";

// The categories that are meant; the members of the collection.
constexpr std::string_view categories_below = "select c.id from category top join category c on c.path <@ top.path where top.id = $category";
constexpr std::string_view members = R"sql(
    select m.product_id from collection c join collection_member m on m.collection_id = c.id and m.generation = c.generation where c.id = $collection)sql";

// ---- what is found: `found`, the bits of packed products, and `loose_found`, those of the others. `but`: the attribute whose filter is left out, '' for none.
// `offset 0` keeps the planner from turning a look-up for each row into a pass over the whole table: it cannot know how few there will be.

const std::string shown_now = bits_of("segment", sql_text({R"sql(
        select p.segment, p.bit from listing l join facet_place p on p.product_id = l.product_id where p.segment is not null and not l.lasting and )sql",
                                                           is_shown}));
const std::string changed = bits_of("segment", R"sql(
        select p.segment, p.bit from (select distinct product_id from facet_change) c
        cross join lateral (select segment, bit from facet_place p where p.product_id = c.product_id and p.segment is not null offset 0) p)sql");
const std::string chosen = bits_of("segment", sql_text({R"sql(
        select p.segment, p.bit from facet_place p
        where p.segment is not null and ($collection::uuid is not null or $pattern::text is not null)
          and ($collection::uuid is null or p.product_id in ()sql",
                                                        members, R"sql())
          and ($pattern::text is null or p.product_id in (select l.product_id from listing l where l.search_text like $pattern)))sql"}));

// The planner takes longer for it than the server for its rows, and finds the same plan for any values.
std::string finding(std::string_view excepted) {
    return sql_text({"$generic_plan", filter_sets, R"sql(,
    excepted as ()sql",
                     excepted, R"sql(),
    shown as (
        select segment, bit_or(bits) as bits
        from (select segment, bits from facet_set where kind = 'channel' and key in ('', $channel)
              union all select segment, bits from )sql",
                     shown_now, R"sql( sometimes) either group by segment),
    within as (
        select segment, bit_or(bits) as bits from facet_set where kind = 'category' and key in (select id::text from ()sql",
                     categories_below, R"sql() below) group by segment),
    planes as materialized (
        select s.segment, s.key::integer as plane, s.bits & shown.bits & ~coalesce(changed.bits, )sql",
                     no_bits, R"sql()
            & case when $category::uuid is null then s.bits else coalesce(within.bits, )sql",
                     no_bits, R"sql() end
            & case when $collection::uuid is null and $pattern::text is null then s.bits else coalesce(chosen.bits, )sql",
                     no_bits, R"sql() end as bits
        from facet_set s join shown on shown.segment = s.segment
        left join )sql",
                     changed, R"sql( changed on changed.segment = s.segment
        left join within on within.segment = s.segment
        left join )sql",
                     chosen, R"sql( chosen on chosen.segment = s.segment
        where s.kind = 'plane'),
    given as materialized (
        select s.attribute, f.segment, f.plane, bit_or(f.bits) as bits
        from sets s join facet_bits f on f.value_id = any (s.ids) and f.plane >= 0 group by s.attribute, f.segment, f.plane),
    matched as materialized (
        select e.but, p.segment, p.plane, bit_and(case when s.attribute is null then p.bits else p.bits & (coalesce(whole.bits, )sql",
                     no_bits, ") | coalesce(own.bits, ", no_bits, R"sql()) end) as bits
        from planes p cross join excepted e left join sets s on s.attribute <> e.but
        left join given whole on whole.attribute = s.attribute and whole.segment = p.segment and whole.plane = 0
        left join given own on own.attribute = s.attribute and own.segment = p.segment and own.plane = p.plane
        group by e.but, p.segment, p.plane),
    found as materialized (select but, segment, bit_or(bits) as bits from matched group by but, segment),
    loose_found as materialized (
        select e.but, loose.product_id
        from (select product_id from facet_change union select product_id from facet_place where segment is null) loose cross join excepted e
        where exists (select from listing where listing.product_id = loose.product_id and )sql",
                     is_shown, R"sql( and ($pattern::text is null or search_text like $pattern) offset 0)
          and ($category::uuid is null or exists (
              select from product_category pc where pc.product_id = loose.product_id and pc.category_id in ()sql",
                     categories_below, R"sql()))
          and ($collection::uuid is null or loose.product_id in ()sql",
                     members, R"sql())
          and exists (
              select from attr_index x where x.product_id = loose.product_id
              and not exists (select from sets s where s.attribute <> e.but and not x.vals && s.ids) offset 0)))sql"});
}
const std::string finding_all = finding("select '' as but");

const std::string count = finding_all + " select coalesce((select sum(bit_count(bits)) from found), 0)::bigint + (select count(*) from loose_found)";

// Plane 0 holds what a product itself has: there it counts if any of its variants was found. So does what any variant has (plane -1) where no other filter
// is on variants. `planewise`: where one variant has to pass several, and where there is no plane -1: what a former release has packed while both ran.
const std::string facets = sql_text({finding("select '' as but union all select attribute from sets where attribute = any ($1::text[])"), R"sql(,
    wanted as materialized (
        select v.id, v.v_text, v.v_num, a.name, coalesce(s.attribute, '') as but
        from attribute a join attr_value v on v.attribute_id = a.id left join sets s on s.attribute = a.name where a.name = any ($1::text[])),
    planewise as materialized (
        select found.but, found.segment from found
        where not exists (select from facet_set s where s.kind = 'any' and s.key = '' and s.segment = found.segment)
           or exists (select from given g where g.attribute <> found.but and g.plane > 0)),
    packed as (
        select f.value_id as val, bit_or(f.bits & m.bits) as bits
        from (select but, segment, plane, bits from matched where (but, segment) in (select but, segment from planewise)
              union all
              select but, segment, 0, bits from found
              union all
              select but, segment, -1, bits from found where (but, segment) not in (select but, segment from planewise)) m
        join wanted on wanted.but = m.but join facet_bits f on f.value_id = wanted.id and f.segment = m.segment and f.plane = m.plane
        group by f.value_id, f.segment),
    loose as (
        select but, val, count(*) as count
        from (select distinct l.but, x.product_id, val
              from loose_found l cross join lateral (select * from attr_index x where x.product_id = l.product_id offset 0) x cross join unnest(x.vals) val
              where val = any (array(select id from wanted)) and not exists (select from sets s where s.attribute <> l.but and not x.vals && s.ids)) had
        group by but, val)
    select wanted.name as attribute, wanted.v_text as text, wanted.v_num as number, counted.count
    from (select val, sum(count)::bigint as count
          from (select val, bit_count(bits) as count from packed
                union all select val, count from loose join wanted on wanted.id = loose.val and wanted.but = loose.but) parts group by val) counted
    join wanted on wanted.id = counted.val
    where counted.count > 0
    order by wanted.name, counted.count desc, wanted.v_num, wanted.v_text)sql"});

// ---- pages

// What is shown is looked up for the rows of the page alone: the server leaves sub-selects for after the limit.
constexpr std::string_view columns = R"sql(
    select l.product_id, l.published_at, l.sort_price, l.sort_name, l.currency, (select p.revision from product p where p.id = l.product_id) as revision,
        (select r.body from product p join revision r on r.product_id = p.id and r.revision = p.revision where p.id = l.product_id) as body
    from )sql";
constexpr std::string_view of_epoch = " l where $epoch::bigint > 0 and ";

const std::string all_text = sql_text({columns, "(select * from listing where ", is_shown, ")", of_epoch});

// Through the list in its order, until the page is full.
const std::string walk_text = sql_text({finding_all, R"sql(,
    by_segment as materialized (
        select array_agg(coalesce(found.bits, )sql",
                                        no_bits, R"sql() order by n) as bits
        from generate_series(0, (select max(segment) from found)) n left join found on found.segment = n))sql",
                                        columns, "(select * from listing where ", is_shown, R"sql( and (
        (select get_bit((select bits from by_segment)[p.segment + 1], p.bit) from facet_place p where p.product_id = listing.product_id) = 1
        or product_id in (select product_id from loose_found))))sql",
                                        of_epoch});

// From what is found to its rows, which are put in order then.
const std::string gather_text = sql_text({finding_all, columns, R"sql((
    select entry.*
    from (select p.product_id
          from found
          cross join lateral (
              select word from generate_series(0, 1023) word where substring(found.bits from word * 32 + 1 for 32) <> 0::bit(32) offset 0) w
          cross join lateral (select n from generate_series(w.word * 32, w.word * 32 + 31) n where get_bit(found.bits, n) = 1 offset 0) place
          cross join lateral (select product_id from facet_place f where f.segment = found.segment and f.bit = place.n offset 0) p
          union all select product_id from loose_found) ids
    cross join lateral (select * from listing where listing.product_id = ids.product_id and )sql",
                                          is_shown, " offset 0) entry)", of_epoch});

const std::string variants_text = sql_text({filter_sets, R"sql(
    select x.product_id, (array_agg(x.variant_id order by x.variant_id))[1:100] as variants
    from attr_index x where x.product_id = any ($1::uuid[]) and x.variant_id is not null and )sql",
                                            filter_passes, " group by x.product_id"});

} // namespace

ListingPages::ListingPages(std::string name, std::string_view text)
    : names_{name + ".newest", name + ".by_price", name + ".by_price_descending", name + ".by_name"},
      texts_{std::string(text) + "$page(l.published_at desc, l.product_id desc)", std::string(text) + "$page(l.sort_price, l.product_id)",
             std::string(text) + "$page(l.sort_price desc, l.product_id desc)", std::string(text) + "$page(l.sort_name, l.product_id)"},
      newest_(names_[0], texts_[0]),
      by_price_(names_[1], texts_[1]),
      by_price_descending_(names_[2], texts_[2]),
      by_name_(names_[3], texts_[3]) {}

const ListingPages::Statement& ListingPages::sorted(const ListingSort& sort) const {
    if (sort.view() == "price") return by_price_;
    if (sort.view() == "-price") return by_price_descending_;
    return sort.view() == "name" ? by_name_ : newest_;
}

const ListingPages list_all{"listing.all", all_text};
const ListingPages list_walking{"listing.walking", walk_text};
const ListingPages list_gathering{"listing.gathering", gather_text};
const Sql<std::int64_t(Selection)> count_found{"listing.count", count};
const Sql<MatchingVariants(std::vector<ProductId>, Selection)> matching_variants{"listing.variants", variants_text};
const Sql<FacetRow(std::vector<AttributeName>, Selection)> count_facets{"listing.facets", facets};

const Sql<std::int64_t()> get_index_epoch{"index_epoch.get", "select coalesce((select epoch from index_epoch), 1)"};

const Sql<ProductRow(ListStaged)> list_staged{"product.list_staged", R"sql(
    select * from product where ($status::text is null or status = $status) and $page(created_at desc, id desc))sql"};

} // namespace gravity::product_catalog
