#include "quality_store.hpp"

namespace gravity::product_catalog {

const Sql<ProductRef(ListQuality)> published_products{"quality.published", R"sql(
    select p.id from product p
    where p.status = 'active' and ($channel::text is null or exists (select from listing l where l.product_id = p.id and l.channel in ('', $channel)))
      and $page(p.id))sql"};

const Sql<ProductRow(ListQuality)> staged_products{"quality.staged", R"sql(
    select p.* from product p
    where ($channel::text is null or p.staged->'channels' = '[]' or exists (
            select from jsonb_array_elements(p.staged->'channels') c where c->>'channel' = $channel))
      and $page(p.id))sql"};

const Sql<Variant(std::vector<ProductId>)> staged_variants{"quality.variants",
                                                           "select * from variant where product_id = any ($1::uuid[]) order by product_id, position, id"};

const Sql<Twin(std::vector<std::string>, std::vector<std::string>, std::vector<std::string>)> base_twins{"quality.base_twins", R"sql(
    select product_id, 'name' as field, body->>'name' as text from revision
    where ended_at is null and name_mark = any (array(select hashtextextended(sought, 0) from unnest($1::text[]) sought)) and body->>'name' = any ($1::text[])
    union all
    select product_id, 'meta_title', body->>'meta_title' from revision
    where ended_at is null and meta_title_mark = any (array(select hashtextextended(sought, 0) from unnest($2::text[]) sought))
      and body->>'meta_title' = any ($2::text[])
    union all
    select product_id, 'meta_description', body->>'meta_description' from revision
    where ended_at is null and meta_description_mark = any (array(select hashtextextended(sought, 0) from unnest($3::text[]) sought))
      and body->>'meta_description' = any ($3::text[]))sql"};

const Sql<Twin(std::vector<TwinSought>)> translated_twins{"quality.translated_twins", R"sql(
    with sought as materialized (
        select distinct lang, field, text, hashtextextended(lang || ' ' || field || ' ' || text, 0) as mark
        from jsonb_to_recordset($1::jsonb) as s (lang text, field text, text text))
    select r.product_id, s.field, s.text
    from sought s join text_mark m on m.mark = s.mark join revision r on r.product_id = m.product_id and r.ended_at is null
    where r.body->'translations'->s.lang->>s.field = s.text)sql"};

} // namespace gravity::product_catalog
