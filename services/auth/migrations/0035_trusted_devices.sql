-- Browsers in which somebody has signed in with all that they are asked for. There they get in while failures of others use up what their network may fail; nothing
-- is left out for it that they are asked for elsewhere.
create table trusted_device (
    id           uuid primary key,
    project      uuid,
    hash         bytea not null, -- SHA-256 of 256 random bits in a cookie: one for all who sign in in this browser
    identity_id  uuid not null references identity (id) on delete cascade,
    created_at   timestamptz not null,
    last_used_at timestamptz not null, -- signed in
    expires_at   timestamptz not null,
    constraint trusted_device_hash_key unique (project, hash, identity_id)
);
call gravity.isolate('trusted_device');
create index trusted_device_of on trusted_device (identity_id);
create index trusted_device_expired on trusted_device (project, expires_at);
