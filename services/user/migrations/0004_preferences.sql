-- What may be preferred. Whoever writes a value holds its definition, so that none is changed into what a value is not.
create table preference_definition (
    key           text collate "C" not null,
    project       uuid,
    json_schema   jsonb not null,
    "default"     jsonb not null,
    user_writable boolean not null,
    version       bigint not null default 1,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    constraint preference_definition_pkey primary key (project, key)
);
call gravity.isolate('preference_definition');

-- `owner` is the user, the group or the project itself.
create table preference_value (
    project uuid,
    layer   text not null check (layer in ('project', 'group', 'user')),
    owner   uuid not null,
    key     text collate "C" not null,
    value   jsonb not null,
    constraint preference_value_pkey primary key (project, layer, owner, key),
    constraint preference_value_definition foreign key (project, key) references preference_definition (project, key) on delete cascade
);
call gravity.isolate('preference_value');
create index preference_value_by_key on preference_value (project, key, layer, owner);
