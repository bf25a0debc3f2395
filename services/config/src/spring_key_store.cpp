#include "spring_key_store.hpp"

namespace gravity::config {

const Sql<SpringKey(SpringKeyRow)> insert_spring_key{"spring_key.insert", R"sql(
    insert into spring_key (salt, sealed, updated_by, updated_at) values ($salt, $sealed, $updated_by, $updated_at)
    on conflict (project) do nothing
    returning salt, version, updated_by, updated_at)sql"};
const Sql<SpringKey(SpringKeyRow)> replace_spring_key{"spring_key.replace", R"sql(
    update spring_key set salt = $salt, sealed = $sealed, version = version + 1, updated_by = $updated_by, updated_at = $updated_at
    returning salt, version, updated_by, updated_at)sql"};
const Sql<SpringKey()> get_spring_key{"spring_key.get", "select salt, version, updated_by, updated_at from spring_key"};
const Sql<SpringKey()> lock_spring_key{"spring_key.lock", "select salt, version, updated_by, updated_at from spring_key for update"};
const Sql<SpringKeyRow()> read_spring_key{"spring_key.read", "select * from spring_key"};
const Sql<void()> delete_spring_key{"spring_key.delete", "delete from spring_key"};
const Sql<void(std::string, std::string)> reseal_spring_key{"spring_key.reseal", "update spring_key set sealed = $1 where sealed = $2"};

} // namespace gravity::config
