-- Who is asked to become a member. Of the token only the SHA-256 is kept: 256 random bits leave nothing to guess.
create table invitation (
    id              uuid primary key,
    project         uuid,
    organization_id uuid not null references organization (id) on delete cascade,
    email           text not null, -- the domain in lower case, the local part as it was given
    role            text not null check (role in ('owner', 'admin', 'developer', 'viewer', 'billing')),
    token_hash      bytea not null check (octet_length(token_hash) = 32),
    invited_by      text not null,
    expires_at      timestamptz not null,
    accepted_at     timestamptz,
    accepted_by     text,
    revoked_at      timestamptz,
    version         bigint not null default 1,
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    constraint invitation_ends_once check (accepted_at is null or revoked_at is null),
    constraint invitation_accepted check ((accepted_at is null) = (accepted_by is null))
);
call gravity.isolate('invitation');
create unique index invitation_open on invitation (project, organization_id, email) where accepted_at is null and revoked_at is null;
create index invitation_newest on invitation (organization_id, created_at desc, id desc);
