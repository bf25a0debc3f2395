-- What is used of what, and how much may be. All of it belongs to the project that is measured (decision 67): `project` is here the one whose work is counted,
-- while organisations, members and keys belong to the one that administers.
create table meter (
    id          uuid primary key,
    project     uuid,
    slug        text not null,
    event_type  text not null,
    aggregation text not null check (aggregation in ('sum', 'count', 'avg', 'min', 'max')),
    value_path  text,
    group_by    jsonb,
    time_zone   text not null, -- whose days and months its quotas are of
    description text,
    version     bigint not null default 1,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    constraint meter_slug_key unique (project, slug),
    constraint meter_value check ((aggregation = 'count') = (value_path is null))
);
call gravity.isolate('meter');
create index meter_of_type on meter (project, event_type);

-- Events that have been counted, so that a second delivery is not. `seen_at` is when they came: the time they tell may lie in the past.
create table usage_seen (
    project uuid,
    source  text not null,
    id      text not null,
    seen_at timestamptz not null,
    constraint usage_seen_pkey primary key (project, source, id)
);
call gravity.isolate('usage_seen');
create index usage_seen_at on usage_seen (project, seen_at);

-- Quarters of an hour: every zone's hours, days and months can be put together from them. `series` is the SHA-256 of grouping and subject, for which an index
-- would have no room.
create table usage_bucket (
    meter_id  uuid not null references meter (id) on delete cascade,
    starts_at timestamptz not null,
    series    bytea not null,
    project   uuid,
    subject   text not null,
    grouping  jsonb not null,
    sum       numeric not null,
    count     bigint not null,
    min       numeric not null,
    max       numeric not null,
    constraint usage_bucket_pkey primary key (meter_id, starts_at, series)
);
call gravity.isolate('usage_bucket');

-- The one row that everybody waits for who uses or reserves something of a meter in a period. It is kept for each meter whether it has a quota or not, so that a
-- quota is right from the moment at which it is set.
create table usage_total (
    meter_id  uuid not null references meter (id) on delete cascade,
    period    text not null check (period in ('day', 'month', 'ever')),
    starts_at timestamptz not null, -- of 'ever' 1970
    project   uuid,
    used      numeric not null,
    reserved  numeric not null default 0,
    constraint usage_total_pkey primary key (meter_id, period, starts_at)
);
call gravity.isolate('usage_total');

-- A project's own limit, in the place of its plan's.
create table quota (
    meter_id   uuid primary key references meter (id) on delete cascade,
    project    uuid,
    "limit"    numeric not null check ("limit" >= 0),
    period     text not null check (period in ('day', 'month', 'ever')),
    version    bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
call gravity.isolate('quota');

-- Who was told already that a share of a limit is used up.
create table quota_alert (
    meter_id  uuid not null references meter (id) on delete cascade,
    period    text not null,
    starts_at timestamptz not null,
    "limit"   numeric not null,
    threshold smallint not null,
    project   uuid,
    constraint quota_alert_pkey primary key (meter_id, period, starts_at, "limit", threshold)
);
call gravity.isolate('quota_alert');

-- Something that is going to be used. A row without a period never held anything: whoever gave it back came before whoever asked for it.
create table quota_reservation (
    meter_id   uuid not null references meter (id) on delete cascade,
    id         uuid not null, -- the caller's choice
    project    uuid,
    state      text not null check (state in ('open', 'settled', 'released', 'expired')),
    amount     numeric not null check (amount >= 0),
    settled    numeric check (settled >= 0 and settled <= amount),
    subject    text,
    period     text,
    starts_at  timestamptz,
    expires_at timestamptz not null,
    version    bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint quota_reservation_pkey primary key (meter_id, id),
    constraint quota_reservation_settled check ((state = 'settled') = (settled is not null))
);
call gravity.isolate('quota_reservation');
create index quota_reservation_open on quota_reservation (meter_id, period, starts_at, expires_at) where state = 'open';
create index quota_reservation_ended on quota_reservation (project, created_at);

-- What each project of an organisation on a plan may use, unless it has a limit of its own. Rows of the project that administers.
create table plan_quota (
    plan       text not null,
    meter      text not null,
    project    uuid,
    "limit"    numeric not null check ("limit" >= 0),
    period     text not null check (period in ('day', 'month', 'ever')),
    version    bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint plan_quota_pkey primary key (project, plan, meter)
);
call gravity.isolate('plan_quota');
alter table organization add column plan text;

-- Who administers a project, before anything else is known of it: read across projects, under Scope::system, as the directory of API keys is.
create table project_directory (
    project_id uuid primary key references project (id) on delete cascade,
    project    uuid not null default gravity.current_project()
);
alter table project no force row level security;
insert into project_directory (project_id, project) select id, project from project;
alter table project force row level security;
alter table project_directory enable row level security;
alter table project_directory force row level security;
create policy project_isolation on project_directory using (project = gravity.current_project() or gravity.is_system());
