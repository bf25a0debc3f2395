-- Passkeys (Web Authentication): keys that people's devices keep for this domain alone. They sign somebody in by themselves, or behind the password.
alter table credential
    drop constraint credential_type_check,
    add constraint credential_type_check check (type in ('password', 'totp', 'passkey')),
    add column name text; -- what its owner calls it, where they have several

create table passkey (
    credential_id   uuid primary key references credential (id) on delete cascade,
    project         uuid,
    rp_id           text not null,    -- the domain it was made for: it is of no use at another
    raw_id          bytea not null,   -- what its authenticator calls it
    public_key      bytea not null,   -- a COSE_Key
    sign_count      bigint not null,  -- the highest that it has said; 0 where the authenticator does not count
    user_verified   boolean not null, -- it has verified its owner at least once, so that it may be all that they sign in with
    backup_eligible boolean not null,
    backed_up       boolean not null,
    transports      text[] not null,
    suspected_at    timestamptz,      -- when its counter went back: somebody may have a copy
    constraint passkey_raw_id_key unique (project, rp_id, raw_id)
);
call gravity.isolate('passkey');

-- What authenticators know an identity by: random, so that it tells nobody who or what it is for (WebAuthn section 14.6.1).
create table passkey_user (
    identity_id uuid primary key references identity (id) on delete cascade,
    project     uuid,
    handle      bytea not null,
    constraint passkey_user_handle_key unique (project, handle)
);
call gravity.isolate('passkey_user');

-- Challenges that wait for their answer: one for each purpose of each sign-in or session, good once.
create table passkey_challenge (
    project    uuid,
    purpose    text not null check (purpose in ('registration', 'sign_in', 'proof')),
    bound_to   text not null, -- the flow or the session
    challenge  bytea not null,
    expires_at timestamptz not null,
    constraint passkey_challenge_pkey primary key (project, purpose, bound_to)
);
call gravity.isolate('passkey_challenge');
create index passkey_challenge_expired on passkey_challenge (project, expires_at);

-- Recovery codes stand in for whatever second factor somebody has lost: they are the identity's, and go with the last of them.
alter table recovery_code add column identity_id uuid references identity (id) on delete cascade;
-- The owner sees no project's rows while the policies hold for it.
alter table recovery_code no force row level security;
alter table credential no force row level security;
update recovery_code r set identity_id = c.identity_id from credential c where c.id = r.credential_id;
alter table credential force row level security;
alter table recovery_code force row level security;
alter table recovery_code
    alter column identity_id set not null,
    drop column credential_id;
create index recovery_code_of on recovery_code (identity_id);
