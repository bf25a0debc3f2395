-- The projects that are administered. An id is never given twice.
create table project (
    id              uuid primary key, -- what `project` says in tokens and in the rows of every other service
    project         uuid,
    organization_id uuid not null constraint project_organization_fkey references organization (id),
    slug            text not null,
    name            text not null,
    suspended_at    timestamptz,
    delete_after    timestamptz, -- since its deletion was asked for
    state           text not null generated always as
        (case when delete_after is not null then 'pending_deletion' when suspended_at is not null then 'suspended' else 'active' end) stored,
    version         bigint not null default 1,
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    constraint project_slug_key unique (project, organization_id, slug)
);
call gravity.isolate('project');
create index project_newest on project (project, created_at desc, id desc);
create index project_of_organization on project (organization_id);

create table environment (
    project_id uuid not null references project (id) on delete cascade,
    name       text not null,
    project    uuid,
    kind       text not null check (kind in ('development', 'staging', 'production', 'other')),
    version    bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint environment_pkey primary key (project_id, name)
);
call gravity.isolate('environment');
