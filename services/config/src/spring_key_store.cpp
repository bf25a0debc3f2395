#include "spring_key_store.hpp"

namespace gravity::config {

const Sql<SpringKey(SpringKeyRow)> put_spring_key{"spring_key.put", R"sql(
    insert into spring_key (salt, sealed, updated_by, updated_at) values ($salt, $sealed, $updated_by, $updated_at)
    on conflict (project) do update set salt = excluded.salt, sealed = excluded.sealed, version = spring_key.version + 1,
                                        updated_by = excluded.updated_by, updated_at = excluded.updated_at
    returning salt, version, updated_by, updated_at)sql"};
const Sql<SpringKey()> get_spring_key{"spring_key.get", "select salt, version, updated_by, updated_at from spring_key"};
const Sql<SpringKey()> lock_spring_key{"spring_key.lock", "select salt, version, updated_by, updated_at from spring_key for update"};
const Sql<SpringKeyRow()> read_spring_key{"spring_key.read", "select * from spring_key"};
const Sql<void()> delete_spring_key{"spring_key.delete", "delete from spring_key"};
const Sql<void(std::string, std::string)> reseal_spring_key{"spring_key.reseal", "update spring_key set sealed = $1 where sealed = $2"};

} // namespace gravity::config
