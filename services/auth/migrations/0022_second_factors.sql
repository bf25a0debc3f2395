-- Second factors: codes of an app (RFC 6238), and recovery codes for whoever has lost it.
alter table credential
    drop constraint credential_type_check,
    add constraint credential_type_check check (type in ('password', 'totp'));
create unique index credential_totp on credential (project, identity_id) where type = 'totp';

create table totp (
    credential_id uuid primary key references credential (id) on delete cascade,
    project       uuid,
    secret        text not null,  -- sealed under MASTER_KEY, with credential_id as associated data
    last_step     bigint not null -- of the last code that was taken: none is taken twice, and none before it
);
call gravity.isolate('totp');

create table recovery_code (
    project       uuid,
    credential_id uuid not null references totp (credential_id) on delete cascade, -- they go with what they stand in for
    hash          bytea not null, -- SHA-256 of 100 random bits
    constraint recovery_code_pkey primary key (project, hash)
);
call gravity.isolate('recovery_code');
create index recovery_code_of on recovery_code (credential_id);

-- Somebody who has typed their password, and not yet the code of their app.
alter table login_flow
    add column identity_id uuid references identity (id) on delete cascade,
    add column first_at    timestamptz;
create index login_flow_identity on login_flow (identity_id);
