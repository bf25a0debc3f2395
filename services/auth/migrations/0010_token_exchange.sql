-- How a client may get tokens.
alter table client add column grant_types text[] not null default '{client_credentials}'
    constraint client_grant_types check (grant_types <@ array['client_credentials', 'token_exchange']);

-- Whose tokens a client may exchange, beside its own, and what the result may say at most. The references look past row security: who inserts has seen both.
create table exchange_policy (
    id                uuid primary key,
    project           uuid,
    client_id         uuid not null references client (id) on delete cascade,
    subject_client_id uuid not null references client (id) on delete cascade, -- whom the token was issued to
    scopes            text[] not null,
    version           bigint not null default 1,
    created_at        timestamptz not null,
    constraint exchange_policy_pair unique (client_id, subject_client_id),
    check (client_id <> subject_client_id)
);
call gravity.isolate('exchange_policy');
create index exchange_policy_newest on exchange_policy (project, created_at desc, id desc);
create index exchange_policy_of_subject on exchange_policy (subject_client_id);
