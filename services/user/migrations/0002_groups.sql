-- Groups of users and of groups.
create table user_group (
    id           uuid primary key,
    project      uuid,
    display_name text not null,
    external_id  text,
    version      bigint not null default 1,
    created_at   timestamptz not null,
    updated_at   timestamptz not null
);
call gravity.isolate('user_group');
create index user_group_newest on user_group (project, created_at desc, id desc);
create index user_group_by_name on user_group (project, display_name);
create index user_group_by_external_id on user_group (project, external_id);

create table user_group_member (
    group_id     uuid not null references user_group (id) on delete cascade,
    user_id      uuid constraint user_group_member_user references users (id) on delete cascade,
    member_group uuid constraint user_group_member_group references user_group (id) on delete cascade,
    project      uuid,
    constraint user_group_member_one check (num_nonnulls(user_id, member_group) = 1)
);
call gravity.isolate('user_group_member');
create unique index user_group_member_user_key on user_group_member (group_id, user_id) where user_id is not null;
create unique index user_group_member_group_key on user_group_member (group_id, member_group) where member_group is not null;
create index user_group_member_of_user on user_group_member (user_id) where user_id is not null;
create index user_group_member_of_group on user_group_member (member_group) where member_group is not null;

-- No group is a member of itself through others, and none is more than ten levels deep. Whoever puts a group into a group waits for the others of the project
-- who do: what two of them cannot see of each other could be a circle.
create function user_group_member_check() returns trigger language plpgsql as $$
declare
    above integer;
    below integer;
begin
    perform pg_advisory_xact_lock(hashtextextended('user_group_member ' || new.project, 0));
    with recursive up (id, level) as (
        select new.group_id, 1
        union
        select m.group_id, up.level + 1 from up join user_group_member m on m.member_group = up.id where up.level <= 10
    )
    select max(level) into above from up;
    with recursive down (id, level) as (
        select new.member_group, 1
        union
        select m.member_group, down.level + 1 from down join user_group_member m on m.group_id = down.id
        where m.member_group is not null and down.level <= 10
    )
    select max(level) + 1000 * count(*) filter (where id = new.group_id) into below from down;
    if above + below > 10 then
        raise exception 'group % in group % would be a circle, or too deep', new.member_group, new.group_id
            using errcode = 'check_violation', constraint = 'user_group_member_acyclic';
    end if;
    return new;
end $$;
create trigger user_group_member_acyclic before insert or update on user_group_member for each row
    when (new.member_group is not null) execute function user_group_member_check();
