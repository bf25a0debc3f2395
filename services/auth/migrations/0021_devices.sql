-- Devices that ask a person to sign in for them elsewhere (RFC 8628).
alter table client
    drop constraint client_grant_types,
    add constraint client_grant_types check (grant_types <@ array['client_credentials', 'token_exchange', 'authorization_code', 'refresh_token', 'device_code']);

create table device (
    id               uuid primary key,
    project          uuid,
    hash             bytea not null, -- of the device code
    client_id        uuid not null references client (id) on delete cascade,
    scopes           text[] not null,
    state            text not null check (state in ('pending', 'approved', 'denied', 'used')),
    identity_id      uuid references identity (id) on delete cascade,
    session_id       uuid,
    amr              text[] not null default '{}',
    auth_time        timestamptz,
    interval_seconds integer not null,
    polled_at        timestamptz,
    expires_at       timestamptz not null,
    constraint device_hash_key unique (project, hash),
    constraint device_approved check ((state in ('approved', 'used')) = (identity_id is not null and session_id is not null and auth_time is not null))
);
call gravity.isolate('device');
create index device_of on device (identity_id);
create index device_of_client on device (client_id);
create index device_expired on device (project, expires_at);

-- Which device a person means who has typed its code, before anything is known of them: a look-up across projects, under Scope::system, as that of clients is.
create table device_directory (
    user_code text primary key, -- an authentication code of what is typed, which has too few digits to be kept as a hash
    device_id uuid not null references device (id) on delete cascade,
    project   uuid not null default gravity.current_project()
);
alter table device_directory enable row level security;
alter table device_directory force row level security;
create policy project_isolation on device_directory using (project = gravity.current_project() or gravity.is_system());
create index device_directory_of on device_directory (device_id);

-- Codes that were no device's, by the network they came from: of no project, since none is known.
create table device_guess (
    network text primary key, -- an authentication code
    used    integer not null,
    ends_at timestamptz not null
);
alter table device_guess enable row level security;
alter table device_guess force row level security;
create policy system_alone on device_guess using (gravity.is_system());
create index device_guess_ended on device_guess (ends_at);
