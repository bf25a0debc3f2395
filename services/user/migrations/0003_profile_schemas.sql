-- What the custom fields of profiles have to be: JSON Schemas of a project, by name.
create table profile_schema (
    name       text not null,
    project    uuid,
    schema     jsonb not null,
    version    bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint profile_schema_pkey primary key (project, name)
);
call gravity.isolate('profile_schema');

-- By the name of their schema. Nobody who was erased has any.
alter table users add column custom jsonb not null default '{}';
alter table users add constraint users_erased_custom check (state <> 'erased' or custom = '{}');
create index users_with_custom on users (project, id) where custom <> '{}';
