#include "secrets_store.hpp"

namespace gravity::config {

const Sql<void(DataKeyRow)> insert_data_key{"data_key.insert", R"sql(
    insert into data_key (id, set_id, sealed, created_at) values ($id, $set_id, $sealed, $created_at) on conflict (set_id) do nothing)sql"};
const Sql<DataKeyRow(ConfigSetId)> get_data_key{"data_key.get", "select * from data_key where set_id = $1"};
const Sql<DataKeyRow(std::vector<ConfigSetId>)> data_keys_of{"data_key.of", "select * from data_key where set_id = any($1::uuid[])"};
const Sql<void(Uuid, std::string)> save_data_key{"data_key.save", "update data_key set sealed = $2 where id = $1"};
const Sql<DataKeyRow(std::optional<Uuid>, int)> some_data_keys{"data_key.some", R"sql(
    select * from data_key where $1::uuid is null or id > $1 order by id limit $2)sql"};

const Sql<Reveal(Reveal)> insert_reveal{"reveal.insert", R"sql(
    insert into reveal (id, set_id, key, release, subject, revealed_at) values ($id, $set_id, $key, $release, $subject, $revealed_at) returning *)sql"};
const Sql<Reveal(ListReveals, ConfigSetId)> list_reveals{"reveal.list", R"sql(
    select * from reveal where set_id = $3 and $page(revealed_at desc, id desc))sql"};
const Sql<ReleaseItem(ConfigSetId, std::string)> item_in_force{"release_item.in_force", R"sql(
    select i.* from head h join release_item i on i.set_id = h.set_id and i.number = h.number where h.set_id = $1 and i.key = $2)sql"};

} // namespace gravity::config
