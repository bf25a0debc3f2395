-- People, as far as signing in goes: what they are called, and what they prove it with. Who they are otherwise is another service's.
create table identity (
    id         uuid primary key, -- the `sub` of their tokens
    project    uuid,
    state      text not null check (state in ('pending', 'active', 'disabled')),
    version    bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
call gravity.isolate('identity');
create index identity_newest on identity (project, created_at desc, id desc);

create table login_name (
    project     uuid,
    kind        text not null check (kind in ('email', 'phone', 'username')),
    canonical   text not null, -- what two spellings of one name have in common: names are found by it
    value       text not null, -- as it was given
    identity_id uuid not null references identity (id) on delete cascade,
    constraint login_name_pkey primary key (project, kind, canonical)
);
call gravity.isolate('login_name');
create index login_name_of on login_name (identity_id);

create table credential (
    id           uuid primary key,
    project      uuid,
    identity_id  uuid not null references identity (id) on delete cascade,
    type         text not null check (type in ('password')),
    data         jsonb not null, -- of a password: {"hash": "..."}, a PHC string of Argon2id or, until it is first used, what was imported
    version      bigint not null default 1,
    created_at   timestamptz not null,
    last_used_at timestamptz
);
call gravity.isolate('credential');
create unique index credential_password on credential (project, identity_id) where type = 'password';
create index credential_newest on credential (project, created_at desc, id desc);
create index credential_of on credential (identity_id, created_at desc, id desc);

-- Failed sign-ins of the last minutes, where there is no Redis to count them in. The key is an authentication code of name and network under MASTER_KEY: it
-- tells nobody whom it is about.
create table login_budget (
    project uuid,
    key     text not null,
    used    integer not null,
    ends_at timestamptz not null,
    constraint login_budget_pkey primary key (project, key)
);
call gravity.isolate('login_budget');
create index login_budget_ended on login_budget (project, ends_at);
