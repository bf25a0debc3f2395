#include "schemas_store.hpp"

#include "problems.hpp"

namespace gravity::config {

const Sql<ConfigSchema(ConfigSchema, int)> insert_schema{
    "schema.insert",
    R"sql(
    insert into config_schema (id, application, profile, label, schema, description, created_by, created_at, updated_at)
    select $id, $application, $profile, $label, $schema, $description, $created_by, $created_at, $updated_at
    where (select count(*) from (select from config_schema limit $11) counted) < $11
    returning *)sql",
    {{"config_schema_key", schema_exists}}};
const Sql<ConfigSchema(ConfigSchema)> save_schema{"schema.save", R"sql(
    update config_schema set schema = $schema, description = $description, version = version + 1, updated_at = $updated_at where id = $id returning *)sql"};
const Sql<ConfigSchema(ConfigSchemaId)> get_schema{"schema.get", "select * from config_schema where id = $1"};
const Sql<ConfigSchema(ConfigSchemaId)> lock_schema{"schema.lock", "select * from config_schema where id = $1 for update"};
const Sql<ConfigSchema(ListConfigSchemas)> list_schemas{"schema.list", R"sql(
    select * from config_schema where ($application::text is null or application = $application) and $page(created_at desc, id desc))sql"};
const Sql<ConfigSchema(LabelName)> schemas_of_label{"schema.of_label", R"sql(
    select * from config_schema where label is null or label = $1 order by created_at, id)sql"};
const Sql<void(ConfigSchemaId)> delete_schema{"schema.delete", "delete from config_schema where id = $1"};
const Sql<LabelName()> all_labels{"schema.labels", "select distinct label from config_set order by label"};

} // namespace gravity::config
