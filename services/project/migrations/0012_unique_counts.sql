-- Meters that count how many different values there were. What is kept of a value is its SHA-256, once for each quarter of an hour and series (of usage_bucket) in
-- which it came; `usage_unique_room` has how many these are of a meter and a quarter, and whether there were more than are kept. Whoever adds locks that row.
alter table meter drop constraint meter_aggregation_check;
alter table meter add constraint meter_aggregation_check check (aggregation in ('sum', 'count', 'avg', 'min', 'max', 'unique_count'));

create table usage_unique_room (
    meter_id  uuid not null references meter (id) on delete cascade,
    starts_at timestamptz not null,
    project   uuid,
    kept      integer not null,
    more      boolean not null default false,
    constraint usage_unique_room_pkey primary key (meter_id, starts_at)
);
call gravity.isolate('usage_unique_room');

create table usage_unique (
    meter_id  uuid not null,
    starts_at timestamptz not null,
    series    bytea not null,
    value     bytea not null check (octet_length(value) = 32),
    project   uuid,
    constraint usage_unique_pkey primary key (meter_id, starts_at, series, value),
    constraint usage_unique_bucket_fkey foreign key (meter_id, starts_at, series) references usage_bucket (meter_id, starts_at, series) on delete cascade
);
call gravity.isolate('usage_unique');
