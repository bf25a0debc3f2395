-- What buyers may find. A product that is shown in every channel has one row with the channel '', another one row for each of its channels.
create table listing (
    project       uuid,
    product_id    uuid not null references product on delete cascade,
    channel       text not null,
    visible_from  timestamptz not null,
    visible_until timestamptz not null,
    published_at  timestamptz not null,
    sort_name     text not null,
    sort_price    bigint not null, -- the lowest of its variants in minor units; the largest bigint without a price
    currency      text,            -- of that price
    search_text   text not null,   -- names and SKUs of all languages, in lower case
    vals          integer[] not null default '{}', -- of all its variants (attr_index): what facets without a filter count
    always        boolean not null generated always as (channel = '' and visible_from = '-infinity' and visible_until = 'infinity') stored,
    primary key (product_id, channel)
);
call gravity.isolate('listing');
create index listing_newest on listing (project, published_at desc, product_id desc);
create index listing_price on listing (project, sort_price, product_id);
create index listing_name on listing (project, sort_name, product_id);
create index listing_sometimes on listing (product_id) where not always;
create index listing_search on listing using gin (search_text gin_trgm_ops);

-- The distinct values that published products have or had, each with a number: filters and facets work on sets of numbers.
create table attr_value (
    id           integer generated always as identity primary key,
    project      uuid,
    attribute_id integer not null references attribute,
    v_text       text collate "C", -- bounds of dates are compared byte by byte
    v_num        double precision,
    check ((v_text is null) <> (v_num is null)),
    constraint attr_value_key unique nulls not distinct (attribute_id, v_text, v_num)
);
call gravity.isolate('attr_value');
create index attr_value_num on attr_value (attribute_id, v_num) where v_num is not null;

-- The index of published data, flat: every published variant with all its values, those of its product included, so that filters hold on one and
-- the same variant. A product without variants has one row, without a variant.
create table attr_index (
    project    uuid,
    product_id uuid not null references product on delete cascade,
    variant_id uuid,
    vals       integer[] not null,
    constraint attr_index_key unique nulls not distinct (product_id, variant_id)
);
call gravity.isolate('attr_index');
create index attr_index_values on attr_index using gin (vals) with (fastupdate = off);

-- Published links, to be asked from either side.
create table product_link (
    project    uuid,
    product_id uuid not null references product on delete cascade,
    kind       text not null,
    target_id  uuid not null references product on delete cascade,
    quantity   integer not null,
    position   integer not null,
    primary key (product_id, kind, target_id)
);
call gravity.isolate('product_link');
create index product_link_target on product_link (target_id);
