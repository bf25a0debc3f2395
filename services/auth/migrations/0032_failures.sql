-- Why somebody was refused: the check that failed, under the trace that they were shown. For whoever administers people, for a week.
create table auth_failure (
    id          uuid primary key,
    project     uuid,
    trace_id    text not null,
    at          timestamptz not null,
    endpoint    text not null, -- "POST /oauth2/token"
    failed      text not null, -- the check: "wrong_password", "invalid_grant"
    detail      text,          -- what of it, in words, and never what was sent
    client_id   uuid,
    identity_id uuid references identity (id) on delete cascade,
    network     text not null, -- "203.0.113.0/24"
    expires_at  timestamptz not null
);
call gravity.isolate('auth_failure');
create index auth_failure_of on auth_failure (project, trace_id);
create index auth_failure_of_identity on auth_failure (identity_id);
create index auth_failure_expired on auth_failure (project, expires_at);
