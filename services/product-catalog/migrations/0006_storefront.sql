-- Sitemaps and feeds walk through what is shown in the order of ids.
create index listing_by_product on listing (project, product_id);

-- Bulk imports: the file's rows wait here and are taken in batches, each marked in the transaction of its effect, so an import that was cut
-- goes on behind its last batch and no row takes effect twice.
create table import_job (
    id          uuid primary key,
    project     uuid,
    format      text not null check (format in ('csv', 'ndjson')),
    dry_run     boolean not null,
    publish     boolean not null,
    on_error    text not null check (on_error in ('keep_good', 'all_or_nothing')),
    columns     text[] not null,
    state       text not null default 'waiting' check (state in ('waiting', 'running', 'done', 'failed')),
    rows        bigint not null default 0,
    good        bigint not null default 0,
    bad         bigint not null default 0,
    published   bigint not null default 0,
    problem     text,
    created_at  timestamptz not null default now(),
    finished_at timestamptz
);
call gravity.isolate('import_job');
create index import_job_newest on import_job (project, created_at desc, id desc);

create table import_row (
    project    uuid,
    import_id  uuid not null references import_job on delete cascade,
    number     bigint not null,
    line       bigint not null,
    body       jsonb not null,
    state      text not null default 'waiting' check (state in ('waiting', 'good', 'bad')),
    product_id uuid, -- what it was about, once it is good
    pointer    text,
    detail     text,
    problem    text,
    primary key (import_id, number)
);
call gravity.isolate('import_row');
create index import_row_waiting on import_row (import_id, number) where state = 'waiting';
create index import_row_bad on import_row (import_id, number) where state = 'bad';

create table export_job (
    id          uuid primary key,
    project     uuid,
    format      text not null check (format in ('csv', 'ndjson')),
    status      text,
    columns     text[] not null default '{}',
    state       text not null default 'waiting' check (state in ('waiting', 'running', 'done', 'failed')),
    rows        bigint not null default 0,
    bytes       bigint not null default 0,
    created_at  timestamptz not null default now(),
    finished_at timestamptz
);
call gravity.isolate('export_job');
create index export_job_newest on export_job (project, created_at desc, id desc);

create table export_part (
    project   uuid,
    export_id uuid not null references export_job on delete cascade,
    number    bigint not null,
    content   text not null,
    primary key (export_id, number)
);
call gravity.isolate('export_part');

-- The report of duplicate titles and descriptions looks a text up among all that is published.
create index revision_name on revision (project, (body->>'name')) where ended_at is null;
create index revision_meta_title on revision (project, (body->>'meta_title')) where ended_at is null;
create index revision_meta_description on revision (project, (body->>'meta_description')) where ended_at is null;
create index revision_translations on revision using gin ((body->'translations') jsonb_path_ops) where ended_at is null;
