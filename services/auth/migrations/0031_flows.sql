-- Flows that pages of one's own run by the API: each is known by an id that may be seen, and does nothing without its token.
alter table login_flow
    add column id uuid not null default gen_random_uuid(),
    add column kind text not null default 'sign_in' check (kind in ('sign_in', 'registration', 'recovery')),
    add column headless boolean not null default false, -- bound to no browser: whoever has the token runs it
    add column begun_at timestamptz not null default now();

-- Codes that somebody is sent by mail and types where they asked for it: who signs up, or has forgotten their password. One for each flow, whether there is
-- somebody of this address or not, so that nobody learns which by it.
create table mailed_code (
    flow        bytea not null,
    project     uuid,
    purpose     text not null check (purpose in ('registration', 'recovery')),
    canonical   text not null, -- the e-mail address
    value       text not null, -- as it was typed
    identity_id uuid references identity (id) on delete cascade, -- who forgot their password
    password    text,          -- that who signs up has chosen, hashed
    code        text,          -- an authentication code of what was sent under MASTER_KEY; null: nothing was, and nothing that is typed is right
    sends       integer not null default 1,
    tries       integer not null default 0,
    proven_at   timestamptz,
    constraint mailed_code_pkey primary key (project, flow),
    constraint mailed_code_flow foreign key (project, flow) references login_flow (project, hash) on delete cascade
);
call gravity.isolate('mailed_code');
create index mailed_code_to on mailed_code (project, purpose, canonical);
create index mailed_code_of on mailed_code (identity_id);
