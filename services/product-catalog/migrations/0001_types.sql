-- Trusted extensions: the owner of the database may create them where the launcher has not.
create extension if not exists citext;
create extension if not exists ltree;
create extension if not exists pg_trgm;

-- A schema that products follow. Its attribute definitions are one document (model: AttributeDef): they are read, checked and changed together.
create table product_type (
    id         uuid primary key,
    project    uuid,
    key        text not null,
    name       text not null,
    attributes jsonb not null,
    version    bigint not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint product_type_key_key unique (project, key)
);
call gravity.isolate('product_type');

-- How an attribute is indexed, by name for a whole project: `attr.color=red` means the same in every type. Rows stay when their last user goes.
create table attribute (
    id         integer generated always as identity primary key,
    project    uuid,
    name       text not null,
    indexed_as text not null check (indexed_as in ('text', 'number')),
    unit       text not null default '', -- of numbers: the unit or currency they are indexed in
    constraint attribute_name_key unique (project, name)
);
call gravity.isolate('attribute');

-- Counts the changes after which a position in a list means nothing any more (a type's migration): part of every listing's cursor.
create table index_epoch (
    project uuid primary key,
    epoch   bigint not null default 1
);
call gravity.isolate('index_epoch');

create table channel (
    id         uuid primary key,
    project    uuid,
    key        text not null,
    name       text not null,
    version    bigint not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint channel_key_key unique (project, key)
);
call gravity.isolate('channel');
