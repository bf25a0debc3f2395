-- The owner sees no project's rows while the policies hold for it.
alter table release no force row level security;

-- What was put in force for everybody, and when. A release that was rolled out by steps comes here when it is complete; one that was taken back never does.
create table placement (
    set_id  uuid not null references config_set (id) on delete cascade,
    seq     bigint not null,
    project uuid,
    number  integer not null,
    constraint placement_pkey primary key (set_id, seq)
);
insert into placement (set_id, seq, project, number) select set_id, seq, project, number from release;
alter table release force row level security;
call gravity.isolate('placement');

-- A release on its way, to more and more instances. One that is not finished is the only one of its set.
create table rollout (
    id             uuid primary key,
    project        uuid,
    set_id         uuid not null references config_set (id) on delete cascade,
    from_number    integer not null,
    to_number      integer not null,
    steps          double precision[] not null, -- shares of all instances in per cent, growing
    bake_seconds   integer not null check (bake_seconds > 0),
    failed_percent numeric(5, 2) not null check (failed_percent between 0 and 100),
    state          text not null check (state in ('baking', 'paused', 'completed', 'reverted')),
    reason         text,
    step           integer not null check (step >= 0), -- the one that is reached; the first is 0
    baking_since   timestamptz not null,
    look_at        timestamptz not null, -- when it is looked at next
    started_by     text not null,
    version        bigint not null default 1,
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
    ended_at       timestamptz,
    ended_seq      bigint,
    constraint rollout_ended check ((state in ('completed', 'reverted')) = (ended_seq is not null)),
    constraint rollout_of_release unique (set_id, to_number)
);
call gravity.isolate('rollout');
create unique index rollout_open on rollout (set_id) where state in ('baking', 'paused');
create index rollout_newest on rollout (set_id, created_at desc, id desc);

-- The steps that it has reached: from a publication on whose place is below the share has the release.
create table rollout_step (
    rollout_id uuid not null references rollout (id) on delete cascade,
    step       integer not null,
    project    uuid,
    share      integer not null check (share between 1 and 10000),
    seq        bigint not null,
    begun_at   timestamptz not null,
    constraint rollout_step_pkey primary key (rollout_id, step)
);
call gravity.isolate('rollout_step');
