-- What other services have announced, for what the public reads: the inventory of SKUs, the reviews of products. It may be of goods that are not
-- here, or not here yet.
create table stock (
    project  uuid,
    sku      citext not null,
    in_stock boolean not null,
    at       timestamptz not null, -- of the announcement: an older one changes nothing
    constraint stock_pkey primary key (project, sku)
);
call gravity.isolate('stock');

create table rating (
    project    uuid,
    product_id uuid not null,
    mean       double precision not null,
    count      bigint not null,
    at         timestamptz not null,
    constraint rating_pkey primary key (project, product_id)
);
call gravity.isolate('rating');
