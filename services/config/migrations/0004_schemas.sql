-- What settings have to hold. One is about an application (`application`: about everybody), in one profile or in all, under one label or under all.
create table config_schema (
    id          uuid primary key,
    project     uuid,
    application text not null check (application ~ '^[a-z0-9._-]{1,64}$'),
    profile     text check (profile ~ '^[a-z0-9._-]{1,64}$'),
    label       text check (label ~ '^[a-z0-9._-]+(/[a-z0-9._-]+)*$' and length(label) <= 64),
    schema      jsonb not null,
    description text,
    version     bigint not null default 1,
    created_by  text not null,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    constraint config_schema_key unique nulls not distinct (project, application, profile, label)
);
call gravity.isolate('config_schema');
create index config_schema_newest on config_schema (project, created_at desc, id desc);
