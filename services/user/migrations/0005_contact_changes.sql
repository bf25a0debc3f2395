-- An address that somebody says is theirs, until they show the code that was sent there. Kept for a day: what was asked for is counted.
create table contact_change (
    id         uuid primary key,
    project    uuid,
    user_id    uuid not null references users (id) on delete cascade,
    kind       text not null check (kind in ('email', 'phone')),
    canonical  text not null,
    value      text not null,        -- as it was given
    type       text,
    replaces   text,                 -- the address that it takes the place of, as it is canonical
    code_hash  bytea,                -- SHA-256; null: no code will do any more
    attempts   integer not null default 0,
    version    bigint not null default 1,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    constraint contact_change_attempts check (attempts between 0 and 5)
);
call gravity.isolate('contact_change');
create index contact_change_of_user on contact_change (user_id, created_at);
create index contact_change_to on contact_change (project, kind, canonical, created_at);
create index contact_change_ended on contact_change (project, created_at);
