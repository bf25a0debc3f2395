-- Who administers projects. `project` of every table here is the one whose people administer: a `sub` means somebody only among the identities of a project
-- (decision 55). The projects that are administered are rows of the table `project`.
create table organization (
    id         uuid primary key,
    project    uuid,
    slug       text not null,
    name       text not null,
    version    bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint organization_slug_key unique (project, slug)
);
call gravity.isolate('organization');
create index organization_newest on organization (project, created_at desc, id desc);

create table member (
    organization_id uuid not null references organization (id) on delete cascade,
    subject         text not null, -- the `sub` of their tokens
    project         uuid not null default gravity.current_project(),
    role            text not null check (role in ('owner', 'admin', 'developer', 'viewer', 'billing')),
    version         bigint not null default 1,
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    constraint member_pkey primary key (organization_id, subject)
);
-- What `gravity.isolate` does, under a name of its own: a purge must not take the members of an organisation before the organisation, for the last owner
-- does not go. They go with it.
alter table member enable row level security;
alter table member force row level security;
create policy member_isolation on member using (project = (select gravity.current_project()));
create index member_of on member (project, subject, organization_id);

-- An organisation has an owner, whoever leaves at once: the organisation's row is what two of them wait for, and what is read after it is read anew.
-- Where it is gone itself, its members go with it.
create function member_last_owner() returns trigger language plpgsql as $$
begin
    perform from organization where id = old.organization_id for no key update;
    if found and not exists (
        select from member where organization_id = old.organization_id and role = 'owner' and subject <> old.subject) then
        raise exception 'organization % would have no owner', old.organization_id
            using errcode = 'check_violation', constraint = 'member_last_owner';
    end if;
    return case tg_op when 'DELETE' then old else new end;
end $$;
create trigger member_last_owner_stays before delete on member for each row when (old.role = 'owner') execute function member_last_owner();
create trigger member_last_owner_remains before update on member for each row
    when (old.role = 'owner' and (new.role <> 'owner' or new.organization_id <> old.organization_id)) execute function member_last_owner();
