#include "flags_store.hpp"

#include "problems.hpp"

namespace gravity::config {

const Sql<std::int64_t()> next_flag_change{"flag.next_change", R"sql(
    insert into flag_change (number) values (1) on conflict (project) do update set number = flag_change.number + 1 returning number)sql"};
const Sql<Flag(Flag, int)> insert_flag{
    "flag.insert",
    R"sql(
    insert into feature_flag (id, key, type, enabled, description, variants, default_variant, prerequisites, rules, salt, created_at, updated_at)
    select $id, $key, $type, $enabled, $description, $variants, $default_variant, $prerequisites, $rules, $salt, $created_at, $updated_at
    where (select count(*) from (select from feature_flag limit $14) counted) < $14
    returning *)sql",
    {{"feature_flag_key", flag_exists}}};
const Sql<Flag(Flag)> save_flag{"flag.save", R"sql(
    update feature_flag set enabled = $enabled, description = $description, variants = $variants, default_variant = $default_variant,
           prerequisites = $prerequisites, rules = $rules, version = version + 1, updated_at = $updated_at
    where id = $id returning *)sql"};
const Sql<Flag(FlagId)> get_flag{"flag.get", "select * from feature_flag where id = $1"};
const Sql<Flag(FlagId)> lock_flag{"flag.lock", "select * from feature_flag where id = $1 for update"};
const Sql<Flag(ListFlags)> list_flags{"flag.list", "select * from feature_flag where $page(created_at desc, id desc)"};
const Sql<Flag()> all_flags{"flag.all", "select * from feature_flag"};
const Sql<void(FlagId)> delete_flag{"flag.delete", "delete from feature_flag where id = $1"};

} // namespace gravity::config
