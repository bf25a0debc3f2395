#include "facets_store.hpp"

#include "facets_sql.hpp"

namespace gravity::product_catalog {
namespace {

// `ways`: in which the variants of the segment's products differ, each once, with its number; `shared`: how many values, the last, are the product's own.
// Plane -1 says of a value which products have any variant with it.
const std::string make = sql_text({R"sql(
    with ways as materialized (
        select bit, vals, shared, row_number() over (partition by bit order by vals) as plane
        from (select distinct p.bit, x.vals, x.shared from facet_place p join attr_index x on x.product_id = p.product_id where p.segment = $1) as different),
    sets as (
        insert into facet_set (kind, key, segment, bits) select kind, key, $1, bits from )sql",
                                   bits_of("kind, key", R"sql(
            select 'plane' as kind, plane::text as key, bit from ways
            union all
            select 'any', '', bit from ways where plane = 1
            union all
            select 'channel', l.channel, p.bit from facet_place p join listing l on l.product_id = p.product_id where p.segment = $1 and l.lasting
            union all
            select 'category', c.category_id::text, p.bit from facet_place p join product_category c on c.product_id = p.product_id
            where p.segment = $1)sql"),
                                   R"sql( made),
    had as materialized (select value_id, plane, bits from )sql",
                                   bits_of("value_id, plane", R"sql(
            select unnest(vals[1:cardinality(vals) - shared]) as value_id, plane, bit from ways
            union all
            select unnest(vals[cardinality(vals) - shared + 1:]), 0, bit from ways where plane = 1)sql"),
                                   R"sql( made)
    insert into facet_bits (value_id, plane, segment, bits)
    select value_id, plane, $1, bits from had
    union all
    select value_id, -1, $1, bit_or(bits) from had where plane > 0 group by value_id)sql"});

} // namespace

// Every publication counts a little and about every 64th asks: a job that all of them asked for would be a row that all of them wait for.
const Sql<bool(ProductId)> note_change{"facet.note", R"sql(
    with noted as (insert into facet_change (product_id) values ($1))
    select most <= (select count(*) from (select from facet_change limit most) as noted_before) and random() < 1.0 / 64
    from (select 256 + 64 * coalesce(max(segment), 0) as most from facet_place) size)sql"};

const Sql<void(CategoryId)> note_changes_in{"facet.note_category", R"sql(
    insert into facet_change (product_id) select product_id from product_category where category_id = $1)sql"};

const Sql<ProductId(int)> take_changes{"facet.take", R"sql(
    delete from facet_change where ctid = any (array(select ctid from facet_change limit $1)) returning product_id)sql"};

const Sql<int(std::vector<ProductId>)> clear_places{"facet.clear_places", R"sql(
    with gone as (delete from facet_place where product_id = any ($1::uuid[]) returning segment)
    select distinct segment from gone where segment is not null)sql"};

// At most 64 planes: a product whose variants differ in more ways would make rows of mostly nothing.
const Sql<int(std::vector<ProductId>)> give_places{"facet.give_places", R"sql(
    with published as materialized (
        select product_id, count(distinct vals) <= 64 as narrow from attr_index where product_id = any ($1::uuid[]) group by product_id),
    placed as (
        insert into facet_place (product_id, segment, bit)
        select product_id, segment, bit
        from (select product_id, row_number() over (order by product_id) as n from published where narrow) homeless
        join (select segment, bit, row_number() over (order by segment, bit) as n
              from (select segment, bit
                    from generate_series(0, (select coalesce(max(segment), -1) + 1 from facet_place) + cardinality($1::uuid[]) / 32768) segment
                    cross join generate_series(0, 32767) bit
                    where not exists (select from facet_place p where p.segment = segment.segment and p.bit = bit.bit)
                    order by segment, bit limit cardinality($1::uuid[])) empty) free using (n)
        union all
        select product_id, null, null from published where not narrow
        returning segment)
    select distinct segment from placed where segment is not null)sql"};

const Sql<void(int)> clear_facet_bits{"facet.clear_bits", "delete from facet_bits where segment = $1"};
const Sql<void(int)> clear_facet_sets{"facet.clear_sets", "delete from facet_set where segment = $1"};
const Sql<void(int)> make_facets{"facet.make", make};

// Sorting in files takes longer than all the rest.
const Sql<std::string()> take_room{"facet.take_room", "select set_config('work_mem', '64MB', true)"};

} // namespace gravity::product_catalog
