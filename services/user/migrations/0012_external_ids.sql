-- What each directory calls the people and the groups that it provisions. External ids are of whoever provisions and of nobody else (RFC 7643 section 3.1). What
-- is said by whoever is no SCIM client, and by the API, stays with the row: it is the project's.
create table user_external_id (
    client_id   uuid not null constraint user_external_id_client references scim_client (id) on delete cascade,
    user_id     uuid not null references users (id) on delete cascade,
    project     uuid,
    external_id text not null,
    taken       boolean not null default true, -- not that of somebody whom a directory has deleted
    constraint user_external_id_pkey primary key (client_id, user_id)
);
create table group_external_id (
    client_id   uuid not null constraint group_external_id_client references scim_client (id) on delete cascade,
    group_id    uuid not null references user_group (id) on delete cascade,
    project     uuid,
    external_id text not null,
    constraint group_external_id_pkey primary key (client_id, group_id)
);

-- Until now there was one for all: each directory goes on with what it has seen. Their owner sees the rows of no project as long as the policies are for owners, too.
alter table users no force row level security;
alter table user_group no force row level security;
alter table scim_client no force row level security;
insert into user_external_id (client_id, user_id, project, external_id, taken)
select c.id, u.id, u.project, u.external_id, u.deleted_at is null from users u join scim_client c on c.project = u.project where u.external_id is not null;
insert into group_external_id (client_id, group_id, project, external_id)
select c.id, g.id, g.project, g.external_id from user_group g join scim_client c on c.project = g.project where g.external_id is not null;
alter table users force row level security;
alter table user_group force row level security;
alter table scim_client force row level security;

call gravity.isolate('user_external_id');
call gravity.isolate('group_external_id');
create unique index user_external_id_key on user_external_id (project, client_id, external_id) where taken;
create index user_external_id_of_user on user_external_id (user_id);
create index group_external_id_by_value on group_external_id (project, client_id, external_id);
create index group_external_id_of_group on group_external_id (group_id);

-- Whoever was deleted gives their names back, and has them again where they are restored and nobody else has taken one.
create function user_external_ids_follow() returns trigger language plpgsql as $$
begin
    update user_external_id set taken = (new.deleted_at is null) where user_id = new.id;
    return null;
end $$;
create trigger user_external_ids_follow after update on users for each row
    when ((old.deleted_at is null) is distinct from (new.deleted_at is null)) execute function user_external_ids_follow();
