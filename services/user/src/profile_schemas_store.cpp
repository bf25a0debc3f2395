#include "profile_schemas_store.hpp"

namespace gravity::user {

const Sql<ProfileSchema(PageQuery)> list_profile_schemas{"profile_schema.list", "select * from profile_schema where $page(name)"};
const Sql<ProfileSchema(Slug)> get_profile_schema{"profile_schema.get", "select * from profile_schema where name = $1"};
const Sql<ProfileSchema(Slug)> lock_profile_schema{"profile_schema.lock", "select * from profile_schema where name = $1 for update"};
const Sql<ProfileSchema(std::vector<std::string>)> hold_profile_schemas{"profile_schema.hold", R"sql(
    select * from profile_schema where name = any ($1::text[]) order by name for share)sql"};
const Sql<ProfileSchema()> all_profile_schemas{"profile_schema.all", "select * from profile_schema"};
const Sql<ProfileSchema(ProfileSchema, int)> insert_profile_schema{"profile_schema.insert", R"sql(
    insert into profile_schema (name, schema, created_at, updated_at)
    select $name, $schema, $created_at, $updated_at where (select count(*) from profile_schema) < $6
    on conflict on constraint profile_schema_pkey do nothing returning *)sql"};
const Sql<ProfileSchema(ProfileSchema)> save_profile_schema{"profile_schema.save", R"sql(
    update profile_schema set schema = $schema, version = version + 1, updated_at = $updated_at where name = $name returning *)sql"};
const Sql<void(Slug)> delete_profile_schema{"profile_schema.delete", "delete from profile_schema where name = $1"};

const Sql<CustomOfUser(Slug, std::optional<UserId>, int)> users_with_custom{"user.with_custom", R"sql(
    select u.id, u.custom -> $1::text as document from users u
    where u.custom <> '{}' and u.custom -> $1::text is not null and ($2::uuid is null or u.id > $2)
    order by u.id limit $3)sql"};

} // namespace gravity::user
