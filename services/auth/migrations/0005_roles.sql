-- Coarse roles: named bundles of scopes that inherit from one another and are granted to clients.
create table role (
    id          uuid primary key,
    project     uuid,
    name        text not null,
    description text,
    version     bigint not null default 1,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    constraint role_name_key unique (project, name)
);
call gravity.isolate('role');

create table role_scope (
    project uuid,
    role_id uuid not null references role (id) on delete cascade,
    scope   text not null,
    primary key (role_id, scope)
);
call gravity.isolate('role_scope');

-- `role_id` has all that `parent_id` has. References look past row security: who inserts takes both from rows that they see.
create table role_parent (
    project   uuid,
    role_id   uuid not null references role (id) on delete cascade,
    parent_id uuid not null references role (id) on delete cascade,
    primary key (role_id, parent_id)
);
call gravity.isolate('role_parent');
create index role_parent_children on role_parent (parent_id, role_id);

-- No role inherits from itself, by however many steps, and there are ten in a line at most. Two edges that close a circle together do not see one another while
-- both are open: the lock has the second wait for the first to commit, and what is read after it is read anew.
create function role_parent_acyclic() returns trigger language plpgsql as $$
declare
    most constant integer := 10;
    above integer;
    below integer;
    closes boolean;
begin
    perform pg_advisory_xact_lock(hashtextextended('role parents ' || new.project, 0));
    with recursive up (id, steps) as (
        select new.parent_id, 1
        union
        select p.parent_id, u.steps + 1 from up u join role_parent p on p.role_id = u.id where u.steps <= most)
    select max(steps), bool_or(id = new.role_id) into above, closes from up;
    if closes then
        raise exception 'role % would inherit from itself', new.role_id using errcode = 'check_violation', constraint = 'role_parent_acyclic';
    end if;
    with recursive down (id, steps) as (
        select new.role_id, 1
        union
        select p.role_id, d.steps + 1 from down d join role_parent p on p.parent_id = d.id where d.steps <= most)
    select max(steps) into below from down;
    if above + below > most then
        raise exception 'more than % roles in a line', most using errcode = 'check_violation', constraint = 'role_parent_depth';
    end if;
    return new;
end $$;
create trigger role_parent_acyclic before insert or update on role_parent for each row execute function role_parent_acyclic();

-- Who has a role (decision 52). One column for each kind of member, each with its reference: identities get theirs, with `client_id` no longer required and
-- exactly one of both.
create table role_member (
    project    uuid,
    role_id    uuid not null references role (id) on delete cascade,
    client_id  uuid not null references client (id) on delete cascade,
    granted_at timestamptz not null,
    constraint role_member_client_key unique (role_id, client_id)
);
call gravity.isolate('role_member');
create index role_member_of_client on role_member (client_id, role_id);
