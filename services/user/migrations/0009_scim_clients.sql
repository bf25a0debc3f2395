-- Directories that provision, by the `sub` of their tokens or access keys: how exact they have to be, and what their DELETE comes to.
create table scim_client (
    id         uuid primary key,
    project    uuid,
    subject    text not null,
    name       text not null,
    mode       text not null check (mode in ('strict', 'entra', 'okta')),
    on_delete  text not null check (on_delete in ('deactivate', 'delete_after_30_days')),
    version    bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
call gravity.isolate('scim_client');
create unique index scim_client_subject_key on scim_client (project, subject);
create index scim_client_newest on scim_client (project, created_at desc, id desc);

-- When somebody whom a directory has deleted is erased, unless they are restored before.
alter table users add column erase_at timestamptz;
alter table users add constraint users_erase_at check (erase_at is null or (deleted_at is not null and state = 'deactivated'));
create index users_to_erase on users (project, erase_at) where erase_at is not null;
