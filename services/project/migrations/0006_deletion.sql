-- The end of a project. Its row stays: an id is never given twice, and what became of its data can be asked for.
alter table project add column deletion_requested_at timestamptz, add column deleting_at timestamptz, add column deleted_at timestamptz;
alter table project drop column state;
alter table project add column state text not null generated always as
    (case when deleted_at is not null then 'deleted' when deleting_at is not null then 'deleting' when delete_after is not null then 'pending_deletion'
          when suspended_at is not null then 'suspended' else 'active' end) stored;
alter table project add constraint project_deletion_order
    check ((deleting_at is null or delete_after is not null) and (deleted_at is null or deleting_at is not null));
-- A slug is free once its project is being deleted.
alter table project drop constraint project_slug_key;
create unique index project_slug_key on project (project, organization_id, slug) where deleting_at is null;
create index project_to_delete on project (project, delete_after) where delete_after is not null;

-- What is being deleted is not given back, whatever the statement.
create function project_stays_deleted() returns trigger language plpgsql as $$
begin
    raise exception 'project % is being deleted', old.id using errcode = 'check_violation', constraint = 'project_stays_deleted';
end $$;
create trigger project_stays_deleted before update on project for each row
    when (old.deleting_at is not null and (new.deleting_at is distinct from old.deleting_at or new.delete_after is null
          or (old.deleted_at is not null and new.deleted_at is distinct from old.deleted_at))) execute function project_stays_deleted();

-- What each service answered. One that appears later gets its row then. `removed` adds up what the answers told, by table.
create table deletion_task (
    project_id  uuid not null references project (id) on delete cascade,
    service     text not null,
    project     uuid,
    state       text not null check (state in ('open', 'confirmed', 'keeps_nothing')),
    attempts    integer not null default 0,
    problem     text, -- why the last attempt did not do
    removed     jsonb not null default '{}',
    rows        bigint not null default 0,
    created_at  timestamptz not null,
    tried_at    timestamptz,
    answered_at timestamptz,
    constraint deletion_task_pkey primary key (project_id, service),
    constraint deletion_task_answered check ((state = 'open') = (answered_at is null))
);
call gravity.isolate('deletion_task');
create index deletion_task_open on deletion_task (project, tried_at) where state = 'open';
