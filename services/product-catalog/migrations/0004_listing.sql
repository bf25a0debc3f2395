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
    primary key (product_id, channel)
);
call gravity.isolate('listing');
create index listing_newest on listing (project, published_at desc, product_id desc);
create index listing_price on listing (project, sort_price, product_id);
create index listing_name on listing (project, sort_name, product_id);
create index listing_search on listing using gin (search_text gin_trgm_ops);

-- The attribute values of published products, flat. A row without a variant holds for all variants of its product.
create table attr_index (
    project      uuid,
    attribute_id integer not null references attribute,
    product_id   uuid not null references product on delete cascade,
    variant_id   uuid,
    v_text       text collate "C", -- bounds of dates are compared byte by byte
    v_num        double precision,
    check ((v_text is null) <> (v_num is null))
);
call gravity.isolate('attr_index');
create index attr_index_text on attr_index (attribute_id, v_text, product_id, variant_id) where v_text is not null;
create index attr_index_num on attr_index (attribute_id, v_num, product_id, variant_id) where v_num is not null;
create index attr_index_of on attr_index (product_id, attribute_id);

-- Every published variant, and every published product that has none (with a null): what facets count among.
create table listed_variant (
    project    uuid,
    product_id uuid not null references product on delete cascade,
    variant_id uuid
);
call gravity.isolate('listed_variant');
create index listed_variant_of on listed_variant (product_id);

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
