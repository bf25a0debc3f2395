-- 100,000 published products with three variants each, as publishing leaves them, for measuring lists: five attributes with 84 values between them, twenty
-- categories below one, one product in ten shown in a channel only. psql -v project=<uuid>, as a superuser.
set session_replication_role = replica; -- no look-up of every foreign key
select set_config('gravity.project', :'project', false);

insert into attribute (name, indexed_as) values ('color', 'text'), ('size', 'number'), ('brand', 'text'), ('material', 'text'), ('season', 'text');
insert into attr_value (attribute_id, v_text, v_num)
select a.id, case when a.indexed_as = 'text' then left(a.name, 1) || n end, case when a.indexed_as = 'number' then 36 + n end
from (values ('color', 10), ('size', 12), ('brand', 50), ('material', 8), ('season', 4)) as v (name, count) join attribute a using (name)
cross join generate_series(0, v.count - 1) n;

create function pg_temp.category(n integer) returns uuid language sql immutable as
    $$ select ('00000000-0000-7000-8000-0000000000' || lpad(n::text, 2, '0'))::uuid $$;
create function pg_temp.label(n integer) returns text language sql immutable as $$ select replace(pg_temp.category(n)::text, '-', '') $$;
insert into channel (id, key, name) values (pg_temp.category(99), 'web', 'Web');
insert into category (id, tree, parent_id, path, name, slug, translations)
select pg_temp.category(n), 'main', case when n > 0 then pg_temp.category(0) end,
       text2ltree(case when n > 0 then pg_temp.label(0) || '.' else '' end || pg_temp.label(n)), 'C' || n, 'c' || n, '{}'
from generate_series(0, 20) n;
insert into slug (lang, slug, kind, target, state) select 'en', slug, 'category', id, 'current' from category;

create temporary table made as
select n, ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid as id, '2026-01-01'::timestamptz + n * interval '1 second' as at,
       abs(hashint4(n)) % 100 * 100 + 999 as price
from generate_series(1, 100000) n;
insert into product (id, staged, status, version, revision, published_version, published_at, created_at)
select id, jsonb_build_object('name', 'Product ' || n, 'slug', 'product-' || n, 'description', repeat('What there is to say about it. ', 20),
                              'list_price', jsonb_build_object('amount', price, 'currency', 'EUR')) ||
           '{"translations":{}, "attributes":{}, "options":[], "categories":[], "channels":[], "media":[], "links":[]}',
       'active', 2, 1, 2, at, at
from made;
insert into revision (product_id, revision, version, body, created_at, published_at)
select id, 1, 2, staged, created_at, published_at from product where status = 'active';
insert into listing (product_id, channel, visible_from, visible_until, published_at, sort_name, sort_price, currency, search_text)
select id, case when n % 10 = 0 then 'web' else '' end, '-infinity', 'infinity', at, 'product ' || n, price, 'EUR', 'product ' || n || E'\nSKU-' || n
from made;
insert into product_category (product_id, category_id) select id, pg_temp.category(1 + abs(hashint4(n + 7)) % 20) from made;

create temporary table numbers as
select a.name, array_agg(v.id order by v.id) as ids from attr_value v join attribute a on a.id = v.attribute_id group by a.name;
insert into attr_index (product_id, variant_id, shared, vals)
select m.id, ('0190000' || v || '-0000-7000-8000-' || lpad(to_hex(m.n), 12, '0'))::uuid, 3,
       array[color.ids[1 + abs(hashint4(m.n * 3 + v)) % 10], size.ids[1 + abs(hashint4(m.n * 5 + v)) % 12], brand.ids[1 + abs(hashint4(m.n + 1)) % 50],
             material.ids[1 + abs(hashint4(m.n + 2)) % 8], season.ids[1 + abs(hashint4(m.n + 3)) % 4]]
from made m cross join generate_series(1, 3) v
join numbers color on color.name = 'color' join numbers size on size.name = 'size' join numbers brand on brand.name = 'brand'
join numbers material on material.name = 'material' join numbers season on season.name = 'season';

insert into facet_change (product_id) select id from made;
insert into gravity.project (id) select gravity.current_project() on conflict do nothing;
insert into gravity.job (id, project, kind, key, payload, caller, due_at, max_attempts, created_at)
values (gen_random_uuid(), gravity.current_project(), 'facet-packing', 'facets', '{}', 'bench', now(), 3, now());
analyze;
