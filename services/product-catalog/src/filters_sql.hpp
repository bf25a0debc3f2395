#pragma once

/// The SQL of filters on attributes, for the stores whose statements have them: listings and collections. A statement's text is one constant, so the
/// parts are put together by the preprocessor. They take `$filters` (a list of Filter) and `$all_bits` from the statement's argument.

// Which product or variant (null: all variants of the product) has a value that a filter wants, and of which filters, as bits.
#define CATALOG_HITS R"sql(
    with filter as materialized (
        select f.*, a.id as attribute_id
        from jsonb_to_recordset($filters::jsonb) as f (attribute text, bit integer, texts text[], numbers double precision[], low double precision,
             high double precision, text_low text, text_high text, low_open boolean, high_open boolean)
        join attribute a on a.name = f.attribute),
    hit as materialized (
        select product_id, variant_id, bit_or(1 << bit) as bits from (
            select i.product_id, i.variant_id, f.bit from filter f join attr_index i on i.attribute_id = f.attribute_id and i.v_text = any (f.texts)
            union all
            select i.product_id, i.variant_id, f.bit from filter f join attr_index i on i.attribute_id = f.attribute_id and i.v_num = any (f.numbers)
            union all
            select i.product_id, i.variant_id, f.bit from filter f join attr_index i on i.attribute_id = f.attribute_id
                and i.v_num >= coalesce(f.low, '-infinity') and i.v_num <= coalesce(f.high, 'infinity')
            where (f.low is not null or f.high is not null) and not (f.low_open and i.v_num = f.low) and not (f.high_open and i.v_num = f.high)
            union all
            select i.product_id, i.variant_id, f.bit from filter f join attr_index i on i.attribute_id = f.attribute_id and i.v_text is not null
                and (f.text_low is null or i.v_text >= f.text_low) and (f.text_high is null or i.v_text <= f.text_high)
            where (f.text_low is not null or f.text_high is not null)
                and (not f.low_open or i.v_text is distinct from f.text_low) and (not f.high_open or i.v_text is distinct from f.text_high)) of_filter
        group by product_id, variant_id))sql"

// A product passes if one of its variants does, with what holds for the whole product: "red and 42" is not red-40 beside blue-42.
#define CATALOG_PASSING R"sql(
    select own.product_id from hit own left join hit whole on whole.product_id = own.product_id and whole.variant_id is null
    where own.bits | coalesce(whole.bits, 0) = $all_bits)sql"
