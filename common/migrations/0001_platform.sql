-- The tables every service has beside its own. All in the schema `gravity`; a service's SQL names none of them.

create schema if not exists gravity;

-- The project of the running transaction. `nullif`: on a reused connection the setting of an ended transaction is '' rather than null.
create function gravity.current_project() returns uuid language sql stable parallel safe as
    $$ select nullif(current_setting('gravity.project', true), '')::uuid $$;

-- Only the platform's own tables can be seen without a project (Scope::system): relay, jobs, clean-up.
create function gravity.is_system() returns boolean language sql stable parallel safe as
    $$ select current_setting('gravity.scope', true) = 'system' $$;

-- One call turns a table into a tenant's: the column's default, and a policy that cannot be forgotten by its owner either.
create procedure gravity.isolate(target regclass) language plpgsql as $$
begin
    execute format('alter table %s alter column project set default gravity.current_project()', target);
    execute format('alter table %s alter column project set not null', target);
    execute format('alter table %s enable row level security', target);
    execute format('alter table %s force row level security', target);
    -- A sub-select is evaluated once for a statement, the bare function once for every row.
    execute format('create policy project_isolation on %s using (project = (select gravity.current_project()))', target);
end $$;

-- Announcements written in the transaction of the change they announce. There is no high-water mark: the relay numbers whatever has no number,
-- so a transaction that commits late is not skipped; writers of one subject hold its row, so its order holds.
create table gravity.outbox (
    position     bigint generated always as identity primary key,
    id           uuid not null,
    project      uuid not null,
    type         text not null,
    subject      text not null,
    data         jsonb not null,
    time         timestamptz not null,
    traceparent  text,
    epoch        bigint,      -- with `sequence` the place in the producer's stream, given once and before publishing
    sequence     bigint,
    published_at timestamptz
);
create index outbox_unnumbered on gravity.outbox (position) where sequence is null;
create index outbox_unpublished on gravity.outbox (sequence) where published_at is null;
create index outbox_published on gravity.outbox (published_at) where published_at is not null;

-- The last number given, gapless within an epoch. An epoch begins with the database and again when the relay finds that the stream holds
-- other events under its numbers (the database was restored): milliseconds since 1970, so that a later one is greater.
create table gravity.outbox_state (
    singleton boolean primary key default true check (singleton),
    sequence  bigint not null default 0,
    epoch     bigint not null default (extract(epoch from clock_timestamp()) * 1000)::bigint
);
insert into gravity.outbox_state default values;

-- Events that have taken effect here, so that a second delivery does not.
create table gravity.inbox (
    consumer    text not null,
    event_id    text not null,
    received_at timestamptz not null default now(),
    primary key (consumer, event_id)
);
create index inbox_received on gravity.inbox (received_at);

-- What a request with an Idempotency-Key answered. Kept a day.
create table gravity.idempotency (
    project     uuid not null,
    key         text not null,
    caller      text not null,
    fingerprint text not null,  -- SHA-256 of method, target and body, hexadecimal
    status      integer not null,
    headers     jsonb not null,
    body        text not null,
    created_at  timestamptz not null default now(),
    primary key (project, caller, key)
);
create index idempotency_created on gravity.idempotency (created_at);

-- A name held by one process at a time (relay, consumers), by a fencing token that only grows. By the clock of this server.
create table gravity.lease (
    name    text primary key,
    holder  uuid,
    token   bigint not null default 0,
    until   timestamptz not null default '-infinity',
    wanted  boolean not null default false -- somebody asked in vain: the holder looks once more before it gives the lease back
);
insert into gravity.lease (name) values ('relay'), ('consumers');

-- Work for later: leased, fenced, repeated with back-off. Work of the platform itself has the nil project.
create table gravity.job (
    id               uuid primary key,
    project          uuid not null,
    kind             text not null,
    key              text,                     -- at most one unfinished job per project, kind and key
    payload          jsonb not null,
    caller           text not null,            -- who asked for it; the work is done in their name
    traceparent      text,
    due_at           timestamptz not null,     -- by the clock of the processes, which tests may move
    attempts         integer not null default 0,
    max_attempts     integer not null,
    lease_until      timestamptz,              -- by the clock of this server, which all workers share
    token            bigint not null default 0, -- grows with each claim: whoever has an older one has lost the job
    state            text not null default 'waiting' check (state in ('waiting', 'running', 'done', 'failed', 'cancelled')),
    cancel_requested boolean not null default false,
    again            boolean not null default false, -- asked for once more while it was running
    progress         double precision not null default 0 check (progress between 0 and 1),
    checkpoint       jsonb,                    -- where a long one goes on after a crash
    result           jsonb,
    error            jsonb,                    -- what its owner is told
    last_error       text,                     -- what the operator is told
    created_at       timestamptz not null,
    finished_at      timestamptz
);
create index job_waiting on gravity.job (project, due_at) where state = 'waiting'; -- the next of each project in turn
create index job_due on gravity.job (due_at) where state = 'waiting';
create index job_running on gravity.job (project, lease_until) where state = 'running';
create unique index job_key on gravity.job (project, kind, key) where state in ('waiting', 'running') and key is not null;
create index job_finished on gravity.job (finished_at) where finished_at is not null;

-- When each schedule is due next. Whoever moves `next_at` on has done it for all replicas.
create table gravity.schedule (
    name    text primary key,
    cron    text not null,
    zone    text not null,
    next_at timestamptz not null
);

-- The projects that have written anything here: what a schedule makes a job for each of. One that was purged stays as a proof of it.
create table gravity.project (
    id         uuid primary key,
    first_seen timestamptz not null default now(),
    purged_at  timestamptz
);

-- Every table that holds rows of projects, as its policy says; those that refer to others before those they refer to.
create function gravity.isolated_tables() returns table (name text, refers_to_itself boolean) language sql stable as $$
    with recursive isolated as (
        select distinct polrelid as id from pg_policy where polname = 'project_isolation'),
    refers as (
        select distinct conrelid as child, confrelid as parent from pg_constraint
        where contype = 'f' and conrelid in (select id from isolated) and confrelid in (select id from isolated)),
    depth as (
        select id, 0 as d from isolated
        union
        select r.child, d.d + 1 from depth d join refers r on r.parent = d.id and r.child <> r.parent where d.d < 64)
    select format('%I.%I', n.nspname, c.relname), exists (select from refers r where r.child = c.oid and r.parent = c.oid)
    from depth join pg_class c on c.oid = depth.id join pg_namespace n on n.oid = c.relnamespace
    group by c.oid, n.nspname, c.relname order by max(d) desc, 1 $$;

-- Removes rows of the running transaction's project, at most so many (null: all); how many.
create function gravity.purge_some(target text, at_most bigint) returns bigint language plpgsql as $$
declare removed bigint;
begin
    execute format('delete from %1$s where ctid = any(array(select ctid from %1$s where project = gravity.current_project() limit %2$s))'
                   '    and project = gravity.current_project()', target::regclass, coalesce(at_most::text, 'all'));
    get diagnostics removed = row_count;
    return removed;
end $$;

-- Random bytes that every replica shares and nobody chose: they authenticate list cursors.
create table gravity.instance_key (
    purpose text primary key,
    bytes   bytea not null
);
insert into gravity.instance_key values ('cursor', uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));

-- Credentials of clients that cannot send a JWT. Of the key only the hash is kept; `sealed` is the secret itself under MASTER_KEY, for schemes
-- that must know it. Found by `key_id` before the project is known: the one look-up that crosses projects, under Scope::system.
create table gravity.access_key (
    id                  uuid primary key,
    project             uuid not null,
    key_id              text not null unique,
    name                text not null,
    kind                text not null check (kind in ('secret', 'publishable')),
    scopes              text[] not null,
    requests_per_minute integer,
    hash                bytea not null,
    sealed              text,
    created_by          text not null,
    created_at          timestamptz not null,
    expires_at          timestamptz,
    revoked_at          timestamptz,
    last_used_at        timestamptz
);
create index access_key_listed on gravity.access_key (project, created_at desc, id desc);

do $$
declare t text;
begin
    foreach t in array array['outbox', 'idempotency', 'job', 'access_key'] loop
        execute format('alter table gravity.%I enable row level security', t);
        execute format('alter table gravity.%I force row level security', t);
        execute format('create policy project_isolation on gravity.%I using (project = gravity.current_project() or gravity.is_system())', t);
    end loop;
end $$;
