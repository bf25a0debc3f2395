#pragma once

#include "secrets_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of data keys and of who was shown what, by name. Their text is in secrets_store.cpp and nowhere else.
namespace gravity::config {

struct DataKeyRow {
    Uuid id;
    ConfigSetId set_id;
    std::string sealed;
    Timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(DataKeyRow, (), (id, set_id, sealed, created_at))

/// Nothing if the set has one already.
extern const Sql<void(DataKeyRow)> insert_data_key;
extern const Sql<DataKeyRow(ConfigSetId)> get_data_key;
extern const Sql<DataKeyRow(std::vector<ConfigSetId>)> data_keys_of;
extern const Sql<void(Uuid, std::string)> save_data_key;
/// So many after one, by their ids.
extern const Sql<DataKeyRow(std::optional<Uuid>, int)> some_data_keys;

extern const Sql<Reveal(Reveal)> insert_reveal;
extern const Sql<Reveal(ListReveals, ConfigSetId)> list_reveals;
extern const Sql<ReleaseItem(ConfigSetId, std::string)> item_in_force;

} // namespace gravity::config

GRAVITY_TABLES(config, DataKeyRow)
