-- Who has a say in a single project, beside the members of its organisation: their role there is the stronger of both (decision 91). A project needs no owner
-- among them, for those of its organisation own it, and of these one stays.
create table project_member (
    project_id uuid not null references project (id) on delete cascade,
    subject    text not null, -- the `sub` of their tokens
    project    uuid,
    role       text not null check (role in ('owner', 'admin', 'developer', 'viewer', 'billing')),
    version    bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint project_member_pkey primary key (project_id, subject)
);
call gravity.isolate('project_member');
create index project_member_of on project_member (project, subject, project_id);
