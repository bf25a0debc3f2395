-- A trusted extension: the owner of the database may create it where the launcher has not.
create extension if not exists btree_gist;

-- People of a project. What is null in an erased row is gone for good: it keeps its id, its project and its times alone.
create table users (
    id              uuid primary key,
    project         uuid,
    subject         text,          -- the `sub` of their tokens
    handle          text,          -- as it was typed, in NFC
    handle_key      text collate "C", -- without regard to case: what it is looked up by. By bytes, so that a prefix is a range of an index
    handle_skeleton text,          -- what all that looks like it has in common (UTS 39 section 4)
    state           text not null check (state in ('invited', 'active', 'suspended', 'deactivated', 'erased')),
    state_reason    text,
    state_actor     text not null, -- whose doing the state is
    state_at        timestamptz not null,
    profile         jsonb,
    locale          text,
    time_zone       text,
    external_id     text,
    version         bigint not null default 1,
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    deleted_at      timestamptz,   -- since a directory deleted them; their handle is free
    constraint users_erased check ((state = 'erased') = (handle is null)
        and (handle is null) = (handle_key is null) and (handle is null) = (handle_skeleton is null) and (handle is null) = (subject is null)
        and (state <> 'erased' or num_nonnulls(state_reason, profile, locale, time_zone, external_id) = 0)),
    constraint users_deleted check (deleted_at is null or state in ('deactivated', 'erased'))
);
call gravity.isolate('users');
create unique index users_handle_key on users (project, handle_skeleton) where deleted_at is null;
create unique index users_subject_key on users (project, subject);
create unique index users_external_id_key on users (project, external_id) where deleted_at is null;
create index users_newest on users (project, created_at desc, id desc);
-- For prefixes too: comparing is leakproof where `like` is not (decision 27).
create index users_by_handle on users (project, handle_key);

-- Erased is final, whatever the statement.
create function users_stay_erased() returns trigger language plpgsql as $$
begin
    raise exception 'user % was erased', old.id using errcode = 'check_violation', constraint = 'users_stay_erased';
end $$;
create trigger users_stay_erased before update on users for each row when (old.state = 'erased') execute function users_stay_erased();

-- E-mail addresses and phone numbers.
create table user_contact (
    user_id     uuid not null references users (id) on delete cascade,
    kind        text not null check (kind in ('email', 'phone')),
    canonical   text not null, -- what two spellings of one have in common
    project     uuid,
    position    integer not null,
    value       text not null, -- as it was given
    type        text,
    "primary"   boolean not null,
    verified_at timestamptz,
    constraint user_contact_pkey primary key (user_id, kind, canonical)
);
call gravity.isolate('user_contact');
-- Who has proved that an address is theirs has it alone.
create unique index user_contact_verified_key on user_contact (project, kind, canonical) where verified_at is not null;
create unique index user_contact_primary_key on user_contact (user_id, kind) where "primary";
create index user_contact_by_value on user_contact (project, kind, canonical);

-- What somebody's profile was, until they are erased. No two rows of one of them are of one moment.
create table user_history (
    user_id uuid not null references users (id) on delete cascade,
    valid   tstzrange not null check (not isempty(valid)),
    project uuid,
    row     jsonb not null,
    actor   text not null,
    constraint user_history_one_at_a_time exclude using gist (user_id with =, valid with &&)
);
call gravity.isolate('user_history');
