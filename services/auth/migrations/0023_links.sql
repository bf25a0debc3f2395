-- Links that somebody is sent to set a password anew, or to prove that an address is theirs. Of the secret in a link, 256 random bits, this is the SHA-256.
create table link (
    hash        bytea not null,
    project     uuid,
    identity_id uuid not null references identity (id) on delete cascade,
    purpose     text not null check (purpose in ('recovery', 'confirmation')),
    canonical   text not null, -- the e-mail address that it was sent to
    expires_at  timestamptz not null,
    constraint link_pkey primary key (project, hash)
);
call gravity.isolate('link');
create index link_of on link (identity_id, purpose);
create index link_expired on link (project, expires_at);

-- E-mail addresses that whoever signs in by them has proven to be theirs.
create table confirmed_address (
    project      uuid,
    identity_id  uuid not null references identity (id) on delete cascade,
    canonical    text not null,
    confirmed_at timestamptz not null,
    constraint confirmed_address_pkey primary key (identity_id, canonical)
);
call gravity.isolate('confirmed_address');
