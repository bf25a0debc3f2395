#include "scim_clients_store.hpp"

#include "problems.hpp"

namespace gravity::user {

const Sql<ScimClient(PageQuery)> list_scim_clients{"scim_client.list", "select * from scim_client where $page(created_at desc, id desc)"};
const Sql<ScimClient(ScimClientId)> get_scim_client{"scim_client.get", "select * from scim_client where id = $1"};
const Sql<ScimClient(ScimClientId)> lock_scim_client{"scim_client.lock", "select * from scim_client where id = $1 for update"};
const Sql<ScimClient(std::string)> scim_client_of_subject{"scim_client.of_subject", "$generic_plan select * from scim_client where subject = $1"};
const Sql<ScimClient(ScimClient, int)> insert_scim_client{
    "scim_client.insert",
    R"sql(
    insert into scim_client (id, subject, name, mode, on_delete, created_at, updated_at)
    select $id, $subject, $name, $mode, $on_delete, $created_at, $updated_at where (select count(*) from scim_client) < $9
    returning *)sql",
    {{"scim_client_subject_key", scim_client_exists}}};
const Sql<ScimClient(ScimClient)> save_scim_client{
    "scim_client.save",
    R"sql(
    update scim_client set subject = $subject, name = $name, mode = $mode, on_delete = $on_delete, version = version + 1, updated_at = $updated_at
    where id = $id returning *)sql",
    {{"scim_client_subject_key", scim_client_exists}}};
const Sql<void(ScimClientId)> delete_scim_client{"scim_client.delete", "delete from scim_client where id = $1"};

} // namespace gravity::user
