-- Sets of published products: picked by hand, or by a rule (model: CollectionRule).
create table collection (
    id           uuid primary key,
    project      uuid,
    name         text not null,
    slug         text not null,
    description  text,
    translations jsonb not null,
    rule         jsonb, -- null: picked by hand
    generation   bigint not null default 1, -- of its members: which are shown
    version      bigint not null default 1,
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now()
);
call gravity.isolate('collection');

-- The rules turned round: what a rule looks at, so that a change of a product re-evaluates only the rules it may touch.
create table collection_rule (
    project       uuid,
    looks_at      text not null, -- "attr.color", "category", "price", "type"
    collection_id uuid not null references collection on delete cascade,
    primary key (project, looks_at, collection_id)
);
call gravity.isolate('collection_rule');
create index collection_rule_of on collection_rule (collection_id);

-- Members of one generation are shown, those of the next may be in the making (a rebuild), until `collection.generation` moves on.
create table collection_member (
    project       uuid,
    collection_id uuid not null references collection on delete cascade,
    generation    bigint not null,
    product_id    uuid not null references product on delete cascade,
    position      integer not null default 0,
    primary key (collection_id, generation, product_id)
);
call gravity.isolate('collection_member');
create index collection_member_of on collection_member (product_id);
