-- Settings of one application in one profile under one label. Its releases are its history, so it is not deleted but with its project.
create table config_set (
    id          uuid primary key,
    project     uuid,
    application text not null check (application ~ '^[a-z0-9._-]{1,64}$'),
    profile     text not null check (profile ~ '^[a-z0-9._-]{1,64}$'),
    label       text not null check (label ~ '^[a-z0-9._-]+(/[a-z0-9._-]+)*$' and length(label) <= 64),
    created_by  text not null,
    created_at  timestamptz not null,
    constraint config_set_key unique (project, label, application, profile)
);
call gravity.isolate('config_set');
create index config_set_newest on config_set (project, created_at desc, id desc);

-- What was published, and stays as it was. Releases and their items have the policy that `gravity.isolate` makes under a name of their own, so that a purge
-- leaves them to the foreign key: they go with their set and in no other way.
create table release (
    set_id       uuid not null references config_set (id) on delete cascade,
    number       integer not null check (number > 0),
    project      uuid not null default gravity.current_project(),
    parent       integer,
    reverts_to   integer, -- the release whose items these are again
    seq          bigint not null,
    author       text not null,
    message      text,
    created_at   timestamptz not null,
    content_hash text not null check (content_hash ~ '^[0-9a-f]{64}$'), -- SHA-256 of the items as one JSON object in the order of their keys
    constraint release_pkey primary key (set_id, number)
);
alter table release enable row level security;
alter table release force row level security;
create policy release_isolation on release using (project = (select gravity.current_project()));

create table release_item (
    set_id  uuid not null,
    number  integer not null,
    key     text not null,
    project uuid not null default gravity.current_project(),
    value   jsonb not null,
    since   integer not null, -- the release that gave the key this value
    constraint release_item_pkey primary key (set_id, number, key),
    constraint release_item_release_fkey foreign key (set_id, number) references release (set_id, number) on delete cascade
);
alter table release_item enable row level security;
alter table release_item force row level security;
create policy release_item_isolation on release_item using (project = (select gravity.current_project()));

create function release_is_immutable() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and not exists (select from config_set where id = old.set_id) then return old; end if;
    raise exception 'release % of % is not changed any more', old.number, old.set_id using errcode = 'check_violation', constraint = 'release_is_immutable';
end $$;
create trigger release_is_immutable before update or delete on release for each row execute function release_is_immutable();
create trigger release_item_is_immutable before update or delete on release_item for each row execute function release_is_immutable();

-- The one pointer that moves. Its row is what publishers of a set wait for.
create table head (
    set_id  uuid primary key references config_set (id) on delete cascade,
    project uuid,
    number  integer, -- null: nothing has been published
    seq     bigint,
    keys    integer not null default 0,
    constraint head_release_fkey foreign key (set_id, number) references release (set_id, number)
);
call gravity.isolate('head');

-- What is to be published next: all of it, not only what differs from the release it began with.
create table draft (
    set_id      uuid primary key references config_set (id) on delete cascade,
    project     uuid,
    base_number integer, -- null: begun before anything was published
    items       jsonb not null,
    version     bigint not null default 1,
    updated_by  text not null,
    updated_at  timestamptz not null
);
call gravity.isolate('draft');

-- The last number that a publication of the project was given. Its row is held until the commit, so numbers become visible in their order: who has read up
-- to one has missed none before it, whatever sets it is about (decision 58).
create table publication (
    project uuid primary key,
    seq     bigint not null
);
call gravity.isolate('publication');
