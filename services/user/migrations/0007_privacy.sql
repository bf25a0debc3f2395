-- Services that keep data of people, and whose tokens answer for them.
create table data_holder (
    service    text not null,
    project    uuid,
    client     text not null,        -- the `sub` of its tokens
    holds      text not null,        -- what it keeps, for people to read
    flags      integer not null default 0, -- answers that could not be true
    flagged    text,                 -- the last of them
    flagged_at timestamptz,
    version    bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint data_holder_pkey primary key (project, service)
);
call gravity.isolate('data_holder');

-- What keeps somebody from being erased.
create table legal_hold (
    id         uuid primary key,
    project    uuid,
    user_id    uuid not null references users (id),
    reason     text not null,
    until      timestamptz,          -- null: until it is lifted
    actor      text not null,
    version    bigint not null default 1,
    created_at timestamptz not null
);
call gravity.isolate('legal_hold');
create index legal_hold_of_user on legal_hold (user_id);
create index legal_hold_newest on legal_hold (project, created_at desc, id desc);

-- What people ask of all services together. `user_id` says nothing of whoever was erased, nor does anything else of a certified request.
create table privacy_request (
    id                  uuid primary key,
    project             uuid,
    user_id             uuid not null references users (id),
    kind                text not null check (kind in ('export', 'erasure')),
    state               text not null check (state in ('requested', 'cooling_off', 'collecting', 'erasing', 'blocked', 'ready', 'certified', 'cancelled', 'expired')),
    reason              text,
    requested_by        text not null,
    received_at         timestamptz not null,
    due_at              timestamptz not null,
    extension_reason    text,
    identity_checked_at timestamptz,
    cooling_off_until   timestamptz,
    finished_at         timestamptz,
    expires_at          timestamptz,  -- of what can be downloaded
    certificate         jsonb,
    signature           text,         -- JWS (RFC 7515) of the certificate
    version             bigint not null default 1,
    created_at          timestamptz not null,
    updated_at          timestamptz not null,
    constraint privacy_request_certified check ((state = 'certified') = (certificate is not null))
);
call gravity.isolate('privacy_request');
create unique index privacy_request_open on privacy_request (user_id, kind)
    where state in ('requested', 'cooling_off', 'collecting', 'erasing', 'blocked');
create index privacy_request_newest on privacy_request (project, created_at desc, id desc);
create index privacy_request_of_user on privacy_request (user_id, created_at desc, id desc);

create table privacy_task (
    request_id  uuid not null references privacy_request (id) on delete cascade,
    holder      text not null,
    project     uuid,
    state       text not null check (state in ('asked', 'overdue', 'answered')),
    attempts    integer not null default 1,
    asked_at    timestamptz not null,
    answered_at timestamptz,
    receipt     jsonb,
    data        jsonb,                -- of an export; gone with it
    constraint privacy_task_pkey primary key (request_id, holder),
    constraint privacy_task_answered check ((state = 'answered') = (answered_at is not null) and (state = 'answered') = (receipt is not null))
);
call gravity.isolate('privacy_task');
create index privacy_task_open on privacy_task (project, holder, request_id) where state <> 'answered';
