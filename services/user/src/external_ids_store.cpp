#include "external_ids_store.hpp"

#include "problems.hpp"

namespace gravity::user {

const Sql<KnownUser(ScimClientId, std::vector<UserId>)> user_external_ids{"user_external_id.of_users", R"sql(
    select user_id as id, external_id from user_external_id where client_id = $1 and user_id = any ($2::uuid[]))sql"};
const Sql<KnownGroup(ScimClientId, std::vector<GroupId>)> group_external_ids{"group_external_id.of_groups", R"sql(
    select group_id as id, external_id from group_external_id where client_id = $1 and group_id = any ($2::uuid[]))sql"};
const Sql<UserExternalId(PageQuery, UserId)> list_user_external_ids{"user_external_id.list", R"sql(
    select l.* from (select e.client_id as scim_client_id, c.name, e.external_id
                     from user_external_id e join scim_client c on c.id = e.client_id where e.user_id = $3) l
    where $page(l.scim_client_id))sql"};

// The client may be forgotten meanwhile.
const Sql<void(ScimClientId, UserId, ExternalId)> set_user_external_id{
    "user_external_id.set",
    R"sql(
    insert into user_external_id as e (client_id, user_id, external_id) values ($1, $2, $3)
    on conflict on constraint user_external_id_pkey do update set external_id = excluded.external_id where e.external_id <> excluded.external_id)sql",
    {{"user_external_id_key", external_id_taken}, {"user_external_id_client", problems::conflict}}};
const Sql<void(ScimClientId, GroupId, ExternalId)> set_group_external_id{
    "group_external_id.set",
    R"sql(
    insert into group_external_id as e (client_id, group_id, external_id) values ($1, $2, $3)
    on conflict on constraint group_external_id_pkey do update set external_id = excluded.external_id where e.external_id <> excluded.external_id)sql",
    {{"group_external_id_client", problems::conflict}}};
const Sql<void(ScimClientId, UserId)> unset_user_external_id{"user_external_id.unset",
                                                             "delete from user_external_id where client_id = $1 and user_id = $2"};
const Sql<void(ScimClientId, GroupId)> unset_group_external_id{"group_external_id.unset",
                                                               "delete from group_external_id where client_id = $1 and group_id = $2"};
const Sql<void(ScimClientId)> adopt_user_external_ids{"user_external_id.adopt", R"sql(
    insert into user_external_id (client_id, user_id, external_id, taken)
    select $1, u.id, u.external_id, u.deleted_at is null from users u where u.external_id is not null)sql"};
const Sql<void(ScimClientId)> adopt_group_external_ids{"group_external_id.adopt", R"sql(
    insert into group_external_id (client_id, group_id, external_id)
    select $1, g.id, g.external_id from user_group g where g.external_id is not null)sql"};

const Sql<void(UserId)> forget_external_ids{"user_external_id.forget", "delete from user_external_id where user_id = $1"};
const Sql<Json(UserId)> export_external_ids{"export.external_ids", R"sql(
    select coalesce(jsonb_agg(jsonb_build_object('directory', c.name, 'external_id', e.external_id) order by e.client_id, e.user_id), '[]')
    from user_external_id e join scim_client c on c.id = e.client_id
    where e.user_id = $1 or e.user_id in (select u.id from users u where u.merged_into = $1))sql"};

} // namespace gravity::user
