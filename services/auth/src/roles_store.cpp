#include "roles_store.hpp"

#include "problems.hpp"

namespace gravity::issuer {
namespace {

// A role as it is shown, from rows that are called r.
constexpr std::string_view role_of = R"sql(
    select r.*, array(select s.scope from role_scope s where s.role_id = r.id order by s.scope) as scopes,
           array(select p.parent_id from role_parent p where p.role_id = r.id order by p.parent_id) as parents
    from )sql";
const std::string get_text = std::string(role_of) + "role r where r.id = $1";
// Edges of other transactions may refer to it meanwhile: what they look at, its id, does not change.
const std::string lock_text = std::string(role_of) + "(select * from role where id = $1 for no key update) r";
const std::string list_text = std::string(role_of) + R"sql(role r
    where ($name::text is null or r.name = $name)
      and ($member::uuid is null or exists (select from role_member m where m.role_id = r.id and m.member_id = $member))
      and $page(r.name, r.id))sql";

} // namespace

const Sql<void(Role)> insert_role{
    "role.insert",
    "insert into role (id, name, description, created_at, updated_at) values ($id, $name, $description, $created_at, $updated_at)",
    {{"role_name_key", role_name_taken}}};
const Sql<void(Role)> save_role{
    "role.save",
    "update role set name = $name, description = $description, version = version + 1, updated_at = $updated_at where id = $id",
    {{"role_name_key", role_name_taken}}};
const Sql<Role(RoleId)> get_role{"role.get", get_text};
const Sql<Role(RoleId)> lock_role{"role.lock", lock_text};
const Sql<Role(ListRoles)> list_roles{"role.list", list_text};
const Sql<RoleId(std::string)> role_by_name{"role.by_name", "select id from role where name = $1"};
const Sql<void(RoleId)> delete_role{"role.delete", "delete from role where id = $1"};

const Sql<void(RoleId, std::vector<ScopeName>)> keep_role_scopes{"role_scope.keep",
                                                                 "delete from role_scope where role_id = $1 and scope <> all ($2::text[])"};
const Sql<void(RoleId, std::vector<ScopeName>)> add_role_scopes{
    "role_scope.add", "insert into role_scope (role_id, scope) select $1, unnest($2::text[]) on conflict do nothing"};

const Sql<void(RoleId, std::vector<RoleId>)> keep_role_parents{"role_parent.keep",
                                                               "delete from role_parent where role_id = $1 and parent_id <> all ($2::uuid[])"};
const Sql<void(RoleId, std::vector<RoleId>)> add_role_parents{
    "role_parent.add",
    R"sql(
    insert into role_parent (role_id, parent_id)
    select $1, r.id from role r where r.id = any ($2::uuid[]) and not exists (select from role_parent p where p.role_id = $1 and p.parent_id = r.id))sql",
    {{"role_parent_acyclic", role_cycle}, {"role_parent_depth", roles_too_deep}, {"role_parent_parent_id_fkey", no_such_parent}}};
const Sql<RoleId(std::vector<RoleId>)> unknown_roles{"role.unknown", R"sql(
    select wanted.id from unnest($1::uuid[]) as wanted (id) where not exists (select from role r where r.id = wanted.id))sql"};
const Sql<ScopeName(std::vector<RoleId>)> reach_of_roles{"role.reach", R"sql(
    with recursive held (id) as (
        select unnest($1::uuid[]) union select p.parent_id from held h join role_parent p on p.role_id = h.id)
    select distinct s.scope from held h join role_scope s on s.role_id = h.id order by s.scope)sql"};

const Sql<void(RoleId, ClientId, Timestamp)> grant_to_client{
    "role_member.grant_to_client",
    "insert into role_member (role_id, client_id, granted_at) values ($1, $2, $3) on conflict on constraint role_member_client_key do nothing"};
const Sql<void(RoleId, IdentityId, Timestamp)> grant_to_identity{
    "role_member.grant_to_identity",
    "insert into role_member (role_id, identity_id, granted_at) values ($1, $2, $3) on conflict on constraint role_member_identity_key do nothing"};
const Sql<std::int64_t(MemberId)> count_roles_of{"role_member.count",
                                                 "select count(*) from role_member where client_id = $1 or identity_id = $1"};
const Sql<void(RoleId, MemberId)> take_role{"role_member.take", "delete from role_member where role_id = $1 and member_id = $2"};
const Sql<RoleMember(PageQuery, RoleId)> list_role_members{"role_member.list", R"sql(
    select case when m.client_id is null then 'identity' else 'client' end as kind, m.member_id, m.granted_at
    from role_member m where m.role_id = $3 and $page(m.granted_at desc, m.member_id desc))sql"};

} // namespace gravity::issuer
