-- What editors work on. `staged` is the whole content (model: ProductContent); what buyers see is the row of `revision` that `revision` names,
-- while the status is active.
create table product (
    id                uuid primary key,
    project           uuid,
    type_id           uuid references product_type, -- null: the built-in type, which has no attributes
    staged            jsonb not null,
    status            text not null default 'draft' check (status in ('draft', 'active')),
    version           bigint not null default 1,    -- of the product with its variants: a variant's change counts too
    revision          bigint not null default 0,    -- the last one published; 0: none yet
    published_version bigint,                       -- what it was made from
    created_at        timestamptz not null default now(),
    updated_at        timestamptz not null default now(),
    published_at      timestamptz,
    check ((status = 'active') = (published_at is not null)),
    check ((status = 'active') = (published_version is not null))
);
call gravity.isolate('product');
create index product_newest on product (project, created_at desc, id desc);
create index product_type_of on product (type_id);

create table variant (
    id                  uuid primary key,
    project             uuid,
    product_id          uuid not null references product on delete cascade,
    sku                 citext not null,
    gtin                text check (gtin ~ '^[0-9]{14}$'),
    options             jsonb not null,
    option_hash         bytea not null check (length(option_hash) = 32),
    attributes          jsonb not null,
    list_price_amount   bigint,
    list_price_currency text,
    media               jsonb not null,
    position            integer not null,
    version             bigint not null default 1,
    created_at          timestamptz not null default now(),
    updated_at          timestamptz not null default now(),
    check ((list_price_amount is null) = (list_price_currency is null)),
    constraint variant_sku_key unique (project, sku),
    constraint variant_gtin_key unique (project, gtin),
    constraint variant_options_key unique (product_id, option_hash)
);
call gravity.isolate('variant');
create index variant_of on variant (product_id, position, id);

-- Values of attributes that may occur once among all products (of drafts too).
create table unique_value (
    project      uuid,
    attribute_id integer not null references attribute,
    value        text not null,
    product_id   uuid not null references product on delete cascade,
    variant_id   uuid references variant on delete cascade,
    constraint unique_value_pkey primary key (project, attribute_id, value)
);
call gravity.isolate('unique_value');
create index unique_value_of on unique_value (product_id);

-- Every published state, for ever (until the retention ends): an order line shows what its buyer saw, even when the product is gone.
-- No reference to `product` therefore.
create table revision (
    project      uuid,
    product_id   uuid not null,
    revision     bigint not null,
    type_id      uuid,
    version      bigint not null,      -- of the product, that it was made from
    body         jsonb not null,
    created_at   timestamptz not null, -- of the product
    published_at timestamptz not null,
    ended_at     timestamptz, -- by the next one, or by being withdrawn
    primary key (product_id, revision),
    check (ended_at >= published_at)
);
call gravity.isolate('revision');
create index revision_ended on revision (ended_at) where ended_at is not null;

-- The published states of variants, each from one revision of its product to another: publishing writes what has changed, not 5,000 rows.
create table variant_revision (
    project             uuid,
    variant_id          uuid not null,
    product_id          uuid not null,
    from_revision       bigint not null,
    until_revision      bigint, -- null: still shown
    sku                 citext not null,
    gtin                text,
    options             jsonb not null,
    attributes          jsonb not null,
    list_price_amount   bigint,
    list_price_currency text,
    media               jsonb not null,
    position            integer not null,
    version             bigint not null,
    created_at          timestamptz not null,
    updated_at          timestamptz not null,
    primary key (variant_id, from_revision),
    check (until_revision > from_revision)
);
call gravity.isolate('variant_revision');
create index variant_revision_of on variant_revision (product_id, position, variant_id);
-- A draft may take a SKU that another product still shows; it cannot be published before that one has given it up.
create unique index published_sku_key on variant_revision (project, sku) where until_revision is null;
create unique index published_gtin_key on variant_revision (project, gtin) where until_revision is null;

-- What is to be published or withdrawn at an instant, once.
create table publication (
    project    uuid,
    product_id uuid not null references product on delete cascade,
    at         timestamptz not null,
    action     text not null check (action in ('publish', 'unpublish')),
    state      text not null default 'waiting' check (state in ('waiting', 'done', 'failed')),
    problem    text, -- why it failed
    done_at    timestamptz,
    constraint publication_pkey primary key (product_id, at)
);
call gravity.isolate('publication');

-- The names of pages, by language. One that was shown stays with its target as a redirect; one that was only drafted is given up with the draft.
create table slug (
    project uuid,
    lang    text not null,
    slug    text not null,
    kind    text not null check (kind in ('product', 'category', 'collection')),
    target  uuid not null,
    state   text not null check (state in ('reserved', 'current', 'old')),
    since   timestamptz not null default now(),
    constraint slug_pkey primary key (project, lang, slug)
);
call gravity.isolate('slug');
create unique index slug_current on slug (target, lang) where state = 'current';
create index slug_of on slug (target);
