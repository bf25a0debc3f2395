#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

/// The SQL of filters on attributes, for the stores whose statements have them: listings and collections. The parts take `$filters`, a list of Filter,
/// from the statement's argument.
namespace gravity::product_catalog {

/// A statement's text from parts that several statements share.
inline std::string sql_text(std::initializer_list<std::string_view> parts) {
    std::string text;
    for (const auto part : parts) text += part;
    return text;
}

// For each filter the numbers of the values that it takes; an empty set if none, which no variant shares anything with.
inline constexpr std::string_view filter_sets = R"sql(
    with sets as materialized (
        select f.attribute, coalesce(array_agg(v.id) filter (where v.id is not null), '{}') as ids
        from jsonb_to_recordset($filters::jsonb) as f (attribute text, texts text[], numbers double precision[], low double precision, high double precision,
             text_low text, text_high text, low_open boolean, high_open boolean)
        left join (attribute a join attr_value v on v.attribute_id = a.id) on a.name = f.attribute and (
            v.v_text = any (f.texts) or v.v_num = any (f.numbers)
            or ((f.low is not null or f.high is not null) and v.v_num >= coalesce(f.low, '-infinity') and v.v_num <= coalesce(f.high, 'infinity')
                and not (f.low_open and v.v_num = f.low) and not (f.high_open and v.v_num = f.high))
            or ((f.text_low is not null or f.text_high is not null) and v.v_text is not null
                and (f.text_low is null or v.v_text > f.text_low or (v.v_text = f.text_low and not f.low_open))
                and (f.text_high is null or v.v_text < f.text_high or (v.v_text = f.text_high and not f.high_open))))
        group by f.attribute))sql";

// That the variant `x` of attr_index has a value of each set. The smallest set is looked up in the index: it likely leaves the fewest to look at.
inline constexpr std::string_view filter_passes = R"sql(
    x.vals && (select ids from sets order by cardinality(ids) limit 1) and not exists (select from sets where not x.vals && sets.ids))sql";

} // namespace gravity::product_catalog
