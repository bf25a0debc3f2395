-- Clients that people sign in at.
alter table client
    drop constraint client_token_endpoint_auth_method_check,
    add constraint client_token_endpoint_auth_method_check check (token_endpoint_auth_method in ('client_secret', 'private_key_jwt', 'none')),
    drop constraint client_grant_types,
    add constraint client_grant_types check (grant_types <@ array['client_credentials', 'token_exchange', 'authorization_code', 'refresh_token']),
    add column redirect_uris text[] not null default '{}',
    add column post_logout_redirect_uris text[] not null default '{}',
    add column first_party boolean not null default false;

-- A browser in which somebody has signed in: its cookie is 256 random bits, of which this is the SHA-256.
create table session (
    id          uuid primary key, -- the `sid` of tokens
    project     uuid,
    hash        bytea not null,
    identity_id uuid not null references identity (id) on delete cascade,
    amr         text[] not null,
    auth_time   timestamptz not null,
    expires_at  timestamptz not null,
    constraint session_hash_key unique (project, hash)
);
call gravity.isolate('session');
create index session_of on session (identity_id);
create index session_expired on session (project, expires_at);

-- An authorization request while the person signs in or consents. Its token is in the page's form, what it is bound to in a cookie: a page of somebody else's
-- has at most one of them.
create table login_flow (
    hash       bytea not null,
    project    uuid,
    binding    bytea not null,
    client_id  uuid not null references client (id) on delete cascade,
    request    jsonb not null,
    expires_at timestamptz not null,
    constraint login_flow_pkey primary key (project, hash)
);
call gravity.isolate('login_flow');
create index login_flow_expired on login_flow (project, expires_at);
create index login_flow_of on login_flow (client_id);

create table consent (
    project     uuid,
    identity_id uuid not null references identity (id) on delete cascade,
    client_id   uuid not null references client (id) on delete cascade,
    scopes      text[] not null,
    granted_at  timestamptz not null,
    constraint consent_pkey primary key (identity_id, client_id)
);
call gravity.isolate('consent');
create index consent_of_client on consent (client_id);

-- What one sign-in has given a client for as long as it refreshes its tokens.
create table refresh_family (
    id          uuid primary key,
    project     uuid,
    client_id   uuid not null references client (id) on delete cascade,
    identity_id uuid not null references identity (id) on delete cascade,
    session_id  uuid not null,
    offline     boolean not null, -- outlives the session
    scopes      text[] not null,
    amr         text[] not null,
    auth_time   timestamptz not null,
    dpop_jkt    text not null,    -- empty: bound to no key
    generation  integer not null default 0,
    expires_at  timestamptz not null,
    revoked_at  timestamptz
);
call gravity.isolate('refresh_family');
create index refresh_family_of on refresh_family (identity_id);
create index refresh_family_of_client on refresh_family (client_id);
create index refresh_family_of_session on refresh_family (project, session_id);
create index refresh_family_expired on refresh_family (project, expires_at);

create table refresh_token (
    hash       bytea not null,
    project    uuid,
    family_id  uuid not null references refresh_family (id) on delete cascade,
    generation integer not null,
    answer     bytea, -- that it was exchanged for, sealed under a key that comes of the token itself
    used_at    timestamptz,
    expires_at timestamptz not null,
    constraint refresh_token_pkey primary key (project, hash),
    constraint refresh_token_generation unique (family_id, generation)
);
call gravity.isolate('refresh_token');

create table auth_code (
    hash           bytea not null,
    project        uuid,
    client_id      uuid not null references client (id) on delete cascade,
    identity_id    uuid not null references identity (id) on delete cascade,
    session_id     uuid not null,
    redirect_uri   text not null,
    code_challenge text not null,
    nonce          text not null,
    scopes         text[] not null,
    amr            text[] not null,
    auth_time      timestamptz not null,
    expires_at     timestamptz not null,
    used_at        timestamptz,
    access_jti     text, -- of the token it was exchanged for, and
    family_id      uuid, -- of the refresh tokens: both end if it comes again
    constraint auth_code_pkey primary key (project, hash)
);
call gravity.isolate('auth_code');
create index auth_code_of on auth_code (identity_id);
create index auth_code_of_client on auth_code (client_id);
create index auth_code_expired on auth_code (project, expires_at);
