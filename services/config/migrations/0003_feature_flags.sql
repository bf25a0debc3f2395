create table feature_flag (
    id              uuid primary key,
    project         uuid,
    key             text not null check (key ~ '^[A-Za-z0-9._-]{1,128}$'),
    type            text not null check (type in ('boolean', 'string', 'number', 'object')),
    enabled         boolean not null,
    description     text,
    variants        jsonb not null,
    default_variant text not null,
    prerequisites   jsonb not null,
    rules           jsonb not null,
    salt            text not null, -- of the split: copies of a flag do not choose the same people
    version         bigint not null default 1,
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    constraint feature_flag_key unique (project, key)
);
call gravity.isolate('feature_flag');
create index feature_flag_newest on feature_flag (project, created_at desc, id desc);

-- Flags may presuppose one another but not in a circle: who changes one holds this row, so that two changes that are fine alone do not close one together.
create table flag_change (
    project uuid primary key,
    number  bigint not null
);
call gravity.isolate('flag_change');
