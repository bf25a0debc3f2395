-- What lists with filters and facets are counted from: sets of products as bits, 32,768 products a segment. Made by the job `facet-packing` from
-- attr_index, which stays what is true: a product that has changed since counts by its rows there, until it is packed again (decision 19).

-- Where a product's bit is. Without a segment: its variants differ in too many ways, it counts by its rows. Outlives its product until the next packing.
create table facet_place (
    project    uuid,
    product_id uuid primary key,
    segment    integer,
    bit        integer,
    check ((segment is null) = (bit is null))
);
call gravity.isolate('facet_place');
create unique index facet_place_bit on facet_place (project, segment, bit);

-- Products whose bits say what was. Only added to by publications, so that none waits for another, and only taken from by the packing.
create table facet_change (
    project    uuid,
    product_id uuid not null
);
call gravity.isolate('facet_change');
create index facet_change_of on facet_change (project, product_id);

alter table attr_index add column shared integer not null default 0; -- how many of the values, the last, are its product's
drop index attr_index_values; -- never used: row-level security keeps operators that are not leak-proof out of an index

-- Which products have a value. Plane 0: the product itself has it, and so all its variants. Planes 1, 2, ...: their first, second, ... variant has it;
-- variants that are alike in all values are one. So filters hold on one and the same variant within one plane.
create table facet_bits (
    project  uuid,
    value_id integer not null,
    plane    integer not null,
    segment  integer not null,
    bits     bit(32768) not null,
    primary key (value_id, plane, segment)
);
call gravity.isolate('facet_bits');
create index facet_bits_of on facet_bits (project, segment);

-- Which products are shown in a channel at any time ('': in all of them), are in a category, have a variant in a plane.
create table facet_set (
    project uuid,
    kind    text not null check (kind in ('channel', 'category', 'plane')),
    key     text not null,
    segment integer not null,
    bits    bit(32768) not null,
    primary key (project, kind, key, segment)
);
call gravity.isolate('facet_set');
create index facet_set_of on facet_set (project, segment);

-- Facets without a filter were counted from `vals`.
alter table listing drop column vals;
alter table listing drop column always; -- and its index
alter table listing add column lasting boolean not null generated always as (visible_from = '-infinity' and visible_until = 'infinity') stored;
create index listing_windows on listing (project, product_id) where not lasting;

-- What is published already is to be packed. The owner sees no project's rows while the policies hold for it.
alter table listing no force row level security;
alter table facet_change no force row level security;
insert into facet_change (project, product_id) select distinct project, product_id from listing;
alter table facet_change force row level security;
alter table listing force row level security;
