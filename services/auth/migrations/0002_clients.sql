create table client (
    id                         uuid primary key, -- the `client_id`
    project                    uuid,
    name                       text not null,
    token_endpoint_auth_method text not null check (token_endpoint_auth_method in ('client_secret', 'private_key_jwt')),
    scopes                     text[] not null,  -- what its tokens may say at most
    token_alg                  text not null check (token_alg in ('es256', 'eddsa', 'rs256')),
    jwks                       jsonb,            -- the public keys of private_key_jwt
    disabled                   boolean not null default false,
    version                    bigint not null default 1,
    created_at                 timestamptz not null,
    updated_at                 timestamptz not null,
    check ((token_endpoint_auth_method = 'private_key_jwt') = (jwks is not null))
);
call gravity.isolate('client');
create index client_newest on client (project, created_at desc, id desc);

-- Which project a client belongs to, before anything else is known of who sends a request: the one look-up that crosses projects, under Scope::system.
-- A table of its own, so that the policy of `client` leaves its index on the project usable (decision 2).
create table client_directory (
    client_id uuid primary key references client (id) on delete cascade,
    project   uuid not null default gravity.current_project()
);
alter table client_directory enable row level security;
alter table client_directory force row level security;
create policy project_isolation on client_directory using (project = gravity.current_project() or gravity.is_system());

create table client_secret (
    id         uuid primary key,
    project    uuid,
    client_id  uuid not null references client (id) on delete cascade,
    hash       bytea not null, -- SHA-256 of 256 random bits: there is nothing to guess
    created_at timestamptz not null,
    expires_at timestamptz
);
call gravity.isolate('client_secret');
create index client_secret_of on client_secret (client_id);

-- Two at most: the old and the new one, while a service swaps them. The client's row is what two makers at once wait for.
create function client_secret_two_live() returns trigger language plpgsql as $$
begin
    perform from client where id = new.client_id for update;
    if (select count(*) from client_secret
        where client_id = new.client_id and id <> new.id and (expires_at is null or expires_at > new.created_at)) >= 2 then
        raise exception 'client % has two live secrets', new.client_id
            using errcode = 'check_violation', constraint = 'client_secret_two_live';
    end if;
    return new;
end $$;
create trigger client_secret_two_live before insert on client_secret for each row execute function client_secret_two_live();

-- Assertions of private_key_jwt that have been used: each is good once.
create table client_assertion (
    project    uuid,
    client_id  uuid not null references client (id) on delete cascade,
    jti        text not null,
    expires_at timestamptz not null,
    primary key (client_id, jti)
);
call gravity.isolate('client_assertion');
create index client_assertion_expired on client_assertion (project, expires_at);

-- Access tokens that were revoked before their end: introspection knows them.
create table revoked_token (
    project    uuid,
    jti        text not null,
    expires_at timestamptz not null,
    constraint revoked_token_pkey primary key (project, jti)
);
call gravity.isolate('revoked_token');
create index revoked_token_expired on revoked_token (project, expires_at);
