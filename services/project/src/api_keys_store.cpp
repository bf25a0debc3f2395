#include "api_keys_store.hpp"

#include "problems.hpp"

namespace gravity::project {

const Sql<ApiKey(ApiKeyAtDoor)> insert_api_key{
    "api_key.insert",
    R"sql(
    insert into api_key (id, project_id, env, public_id, hash, name, scopes, cidrs, uses_left, created_by, created_at, updated_at, expires_at, rotated_from)
    values ($id, $project_id, $env, $public_id, $hash, $name, $scopes, $cidrs, $uses_left, $created_by, $created_at, $updated_at, $expires_at, $rotated_from)
    returning *)sql",
    {{"api_key_environment_fkey", no_such_environment}, {"api_key_rotated_once", already_rotated}}};
const Sql<void(ApiKeyId, std::string)> list_in_directory{"api_key.list_in_directory", "insert into api_key_directory (api_key_id, public_id) values ($1, $2)"};
const Sql<ApiKey(ApiKey)> save_api_key{"api_key.save", R"sql(
    update api_key set name = $name, expires_at = $expires_at, cidrs = $cidrs, uses_left = $uses_left, grace_until = $grace_until,
           revoked_at = $revoked_at, version = version + 1, updated_at = $updated_at
    where id = $id returning *)sql"};
const Sql<ApiKey(ApiKeyId)> get_api_key{"api_key.get", "select * from api_key where id = $1"};
// The key that takes its place refers to its id, which does not change.
const Sql<ApiKey(ApiKeyId)> lock_api_key{"api_key.lock", "select * from api_key where id = $1 for no key update"};
const Sql<ApiKey(ListApiKeys, std::string)> list_api_keys{"api_key.list", R"sql(
    select k.* from api_key k
    where k.project_id in (select p.id from project p join member m on m.organization_id = p.organization_id where m.subject = $5
                           union all select project_id from project_member where subject = $5)
      and ($project_id::uuid is null or k.project_id = $project_id) and ($env::text is null or k.env = $env)
      and $page(k.created_at desc, k.id desc))sql"};
const Sql<bool(ProjectId, EnvironmentName, Timestamp)> has_live_key{"api_key.has_live", R"sql(
    select exists (select from api_key where project_id = $1 and env = $2 and revoked_at is null
                   and (expires_at is null or expires_at > $3) and (grace_until is null or grace_until > $3)))sql"};

const Sql<ApiKey(ProjectId, Timestamp, int)> live_keys{"api_key.live", R"sql(
    select * from api_key where project_id = $1 and revoked_at is null and grace_until is null and (expires_at is null or expires_at > $2)
    order by created_at, id limit $3)sql"};
const Sql<ApiKey(ProjectId, EnvironmentName, Timestamp, int)> live_keys_in{"api_key.live_in", R"sql(
    select * from api_key where project_id = $1 and env = $2 and revoked_at is null and grace_until is null and (expires_at is null or expires_at > $3)
    order by created_at, id limit $4)sql"};
const Sql<ProjectId(std::string)> find_in_directory{"api_key.find_in_directory", "select project from api_key_directory where public_id = $1"};
const Sql<DirectoryEntry(std::vector<std::string>)> find_all_in_directory{
    "api_key.find_all_in_directory", "select public_id, project from api_key_directory where public_id = any($1::text[])"};
const Sql<ApiKeyAtDoor(std::string)> api_key_at_door{"api_key.at_door", R"sql($generic_plan
    select k.*, p.state as project_state, o.plan from api_key k join project p on p.id = k.project_id join organization o on o.id = p.organization_id
    where k.public_id = $1)sql"};

const Sql<void(ApiKeyId, std::optional<std::string>, Timestamp)> note_leak{"api_key.note_leak", R"sql(
    update api_key set leaked_at = $3, leaked_where = $2 where id = $1 and leaked_at is null)sql"};
const Sql<std::string(ProjectId, std::string)> who_hears_of_key{"api_key.who_hears", R"sql(
    select s.subject
    from (select m.subject, m.role from project p join member m on m.organization_id = p.organization_id where p.id = $1
          union all
          select subject, role from project_member where project_id = $1) s
    where s.role = 'owner' or s.subject = $2 group by s.subject order by s.subject <> $2, s.subject limit 100)sql"};
const Sql<UsesLeft(ApiKeyId, Timestamp)> count_use{"api_key.count_use", R"sql(
    update api_key set uses_left = uses_left - 1
    where id = $1 and (uses_left > 0 or uses_left is null) and revoked_at is null and (expires_at is null or expires_at > $2)
      and (grace_until is null or grace_until > $2)
    returning uses_left)sql"};
const Sql<void(std::vector<ApiKeyId>, std::vector<Timestamp>)> note_last_uses{"api_key.note_last_uses", R"sql(
    update api_key k set last_used_at = u.at from unnest($1::uuid[], $2::timestamptz[]) as u (id, at)
    where k.id = u.id and (k.last_used_at is null or k.last_used_at <= u.at - interval '1 minute'))sql"};
const Sql<ApiKey(std::vector<ApiKeyId>, std::vector<Timestamp>)> find_old_uses{"api_key.find_old_uses", R"sql(
    update api_key k set old_use_told_at = u.at from unnest($1::uuid[], $2::timestamptz[]) as u (id, at)
    where k.id = u.id and k.grace_until > u.at and k.updated_at < u.at and k.old_use_told_at is null and k.revoked_at is null
    returning k.*)sql"};

} // namespace gravity::project
