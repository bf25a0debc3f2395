create table api_key (
    id           uuid primary key,
    project      uuid,
    project_id   uuid not null,          -- the project that it opens
    env          text not null,
    public_id    text not null,          -- the part of it that finds this row
    hash         bytea not null check (octet_length(hash) = 32), -- SHA-256 of the whole of it: 256 random bits leave nothing to guess
    name         text not null,
    scopes       text[] not null,
    created_by   text not null,
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    expires_at   timestamptz,
    rotated_from uuid references api_key (id),
    grace_until  timestamptz,            -- since another took its place: how long both are good
    revoked_at   timestamptz,
    version      bigint not null default 1,
    constraint api_key_public_id_key unique (project, public_id),
    constraint api_key_rotated_once unique (rotated_from),
    constraint api_key_environment_fkey foreign key (project_id, env) references environment (project_id, name) on delete cascade
);
call gravity.isolate('api_key');
create index api_key_newest on api_key (project, created_at desc, id desc);
create index api_key_of on api_key (project_id, env);

-- Revoked is revoked: no statement makes such a key good again.
create function api_key_stays_revoked() returns trigger language plpgsql as $$
begin
    raise exception 'API key % was revoked', old.id using errcode = 'check_violation', constraint = 'api_key_stays_revoked';
end $$;
create trigger api_key_stays_revoked before update on api_key for each row
    when (old.revoked_at is not null and new.revoked_at is distinct from old.revoked_at) execute function api_key_stays_revoked();

-- Whose rows a key is among, before anything else is known of it: the one look-up that crosses projects, under Scope::system. A table of its own, so that
-- the policy of `api_key` leaves its indexes on the project usable (decision 2).
create table api_key_directory (
    public_id  text primary key,
    api_key_id uuid not null unique references api_key (id) on delete cascade,
    project    uuid not null default gravity.current_project()
);
alter table api_key_directory enable row level security;
alter table api_key_directory force row level security;
create policy project_isolation on api_key_directory using (project = gravity.current_project() or gravity.is_system());
