#include "groups_store.hpp"

#include "problems.hpp"
#include "users_row.hpp"

namespace gravity::user {

const Sql<Group(Group)> insert_group{"user_group.insert", R"sql(
    insert into user_group (id, display_name, external_id, created_at, updated_at) values ($id, $display_name, $external_id, $created_at, $updated_at)
    returning *)sql"};
const Sql<Group(Group)> save_group{"user_group.save", R"sql(
    update user_group set display_name = $display_name, external_id = $external_id, version = version + 1, updated_at = $updated_at
    where id = $id returning *)sql"};
const Sql<Group(GroupId)> get_group{"user_group.get", "select * from user_group where id = $1"};
const Sql<Group(GroupId)> lock_group{"user_group.lock", "select * from user_group where id = $1 for no key update"};
const Sql<void(GroupId)> delete_group{"user_group.delete", "delete from user_group where id = $1"};

const Sql<Group(ListGroups)> list_user_groups{"user_group.list", R"sql(
    select g.* from user_group g
    where ($member::uuid is null
           or g.id in (select m.group_id from user_group_member m where m.user_id = $member or m.member_group = $member))
      and $page(g.created_at desc, g.id desc))sql"};

const Sql<GroupMember(PageQuery, GroupId)> page_members{"user_group_member.page", R"sql(
    select m.id, m.kind
    from (select x.member_id as id, case when x.user_id is null then 'group' else 'user' end as kind
          from user_group_member x left join users u on u.id = x.user_id
          where x.group_id = $3 and u.deleted_at is null) m
    where $page(m.id))sql"};
const Sql<void(GroupId, GroupMember)> insert_member{
    "user_group_member.insert_one",
    R"sql(
    insert into user_group_member (group_id, user_id, member_group)
    values ($1, case when $kind::text = 'user' then $id::uuid end, case when $kind::text = 'group' then $id::uuid end)
    on conflict do nothing)sql",
    {{"user_group_member_acyclic", group_circle},
     {"user_group_member_user", no_such_member},
     {"user_group_member_group", no_such_member},
     {"user_group_full", group_full}}};
const Sql<GroupMember(GroupId, Uuid, std::int64_t)> list_members{"user_group_member.list", R"sql(
    select m.member_id as id, case when m.user_id is null then 'group' else 'user' end as kind
    from user_group_member m left join users u on u.id = m.user_id
    where m.group_id = $1 and m.member_id > $2 and u.deleted_at is null
    order by m.member_id limit $3)sql"};
const Sql<MemberOfGroup(std::vector<GroupId>, std::int64_t)> list_members_of{"user_group_member.list_of", R"sql(
    select m.group_id, m.member_id as id, case when m.user_id is null then 'group' else 'user' end as kind
    from user_group_member m left join users u on u.id = m.user_id
    where m.group_id = any ($1::uuid[]) and u.deleted_at is null
    order by m.group_id, m.member_id limit $2)sql"};
const Sql<GroupMember(GroupId, std::vector<std::string>)> members_among{"user_group_member.among", R"sql(
    select m.member_id as id, case when m.user_id is null then 'group' else 'user' end as kind
    from user_group_member m left join users u on u.id = m.user_id
    where m.group_id = $1 and m.member_id = any (array(select x::uuid from unnest($2::text[]) x)) and u.deleted_at is null
    order by m.member_id)sql"};
// Read out of the texts beforehand: compared with what is yet to be converted no index would serve, since the policy has to let a row through first.
const Sql<GroupMember(std::vector<std::string>)> find_members{"user_group_member.find", R"sql(
    select u.id, 'user' as kind from users u
    where u.id = any (array(select x::uuid from unnest($1::text[]) x)) and u.deleted_at is null and u.merged_into is null and u.state <> 'erased'
    union all
    select g.id, 'group' from user_group g where g.id = any (array(select x::uuid from unnest($1::text[]) x)))sql"};
const Sql<UserId(std::vector<UserId>)> hold_members{"user_group_member.hold", R"sql(
    select id from users where id = any ($1::uuid[]) and merged_into is null order by id for key share)sql"};
const Sql<void(GroupId, std::vector<GroupMember>)> insert_members{
    "user_group_member.insert",
    R"sql(
    insert into user_group_member (group_id, user_id, member_group)
    select $1, case when m.kind = 'user' then m.id end, case when m.kind = 'group' then m.id end
    from jsonb_to_recordset($2::jsonb) as m (id uuid, kind text) order by m.id)sql",
    {{"user_group_member_acyclic", group_circle},
     {"user_group_member_user", no_such_member},
     {"user_group_member_group", no_such_member},
     {"user_group_full", group_full}}};
const Sql<void(GroupId, std::vector<GroupMember>)> delete_members{"user_group_member.delete", R"sql(
    delete from user_group_member d
    where d.group_id = $1 and d.member_id = any (array(select m.id from jsonb_to_recordset($2::jsonb) as m (id uuid))))sql"};
const Sql<GroupOfUser(UserId)> list_groups_of_user{"user_group_member.of_user", R"sql(
    select g.id, g.display_name as display from user_group_member m join user_group g on g.id = m.group_id
    where m.user_id = $1 order by g.id limit 1000)sql"};
const Sql<UserInGroups(UserId)> get_user_in_groups{"user.get_in_groups", "select " GRAVITY_USER_ROW("u") ", " GRAVITY_GROUPS_OF("u") R"sql( as groups
    from users u where u.id = $1 and u.state <> 'erased' and u.merged_into is null)sql"};

} // namespace gravity::user
