-- Groups of up to a million members. How many a group has stands in its row, which whoever puts somebody in holds anyway, and a member has one column for its id,
-- whatever it is, by which it is found and listed. The table of members is written anew: nobody changes groups meanwhile.
alter table user_group add column member_count bigint not null default 0;
alter table user_group_member add column member_id uuid generated always as (coalesce(user_id, member_group)) stored;

-- Their owner sees the rows of no project as long as the policies are for owners, too.
alter table user_group no force row level security;
alter table user_group_member no force row level security;
update user_group g set member_count = m.members
from (select group_id, count(*) as members from user_group_member group by group_id) m where m.group_id = g.id;
alter table user_group force row level security;
alter table user_group_member force row level security;

alter table user_group add constraint user_group_full check (member_count between 0 and 1000000);
create unique index user_group_member_key on user_group_member (group_id, member_id);
drop index user_group_member_user_key; -- the new one finds the same

-- Once for each statement, however many members it has put in or taken out. Whom a directory has deleted is counted: they may be restored.
create function user_group_members_counted() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        update user_group g set member_count = g.member_count + m.members
        from (select group_id, count(*) as members from added group by group_id) m where g.id = m.group_id;
    else
        update user_group g set member_count = g.member_count - m.members
        from (select group_id, count(*) as members from removed group by group_id) m where g.id = m.group_id;
    end if;
    return null;
end $$;
create trigger user_group_member_added after insert on user_group_member referencing new table as added
    for each statement execute function user_group_members_counted();
create trigger user_group_member_removed after delete on user_group_member referencing old table as removed
    for each statement execute function user_group_members_counted();
