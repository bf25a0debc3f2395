-- Who is told what is in force: a process under the name that it gives itself, and what it asks for.
create table instance (
    id           uuid primary key,
    project      uuid,
    label        text not null,
    name         text not null check (length(name) between 1 and 200),
    applications text[] not null,
    profiles     text[] not null,
    version      bigint not null, -- of what it was given last
    status       text not null check (status in ('told', 'applied', 'failed')),
    detail       text,
    told_at      timestamptz not null, -- when it was given that version
    seen_at      timestamptz not null,
    constraint instance_key unique (project, label, name)
);
call gravity.isolate('instance');
create index instance_seen on instance (project, seen_at);

-- Which releases that is made of, and what the instance says of each.
create table instance_release (
    set_id      uuid not null references config_set (id) on delete cascade,
    instance_id uuid not null references instance (id) on delete cascade,
    project     uuid,
    number      integer not null,
    status      text not null check (status in ('told', 'applied', 'failed')),
    since       timestamptz not null,
    constraint instance_release_pkey primary key (set_id, instance_id)
);
call gravity.isolate('instance_release');
create index instance_release_instance on instance_release (instance_id);
