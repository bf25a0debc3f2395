#pragma once

#include "spring_key_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of keys of Spring's servers, by name. Their text is in spring_key_store.cpp and nowhere else.
namespace gravity::config {

struct SpringKeyRow : SpringKey {
    std::string sealed; // bound to the project
};
BOOST_DESCRIBE_STRUCT(SpringKeyRow, (SpringKey), (sealed))

/// Nothing where there is one.
extern const Sql<SpringKey(SpringKeyRow)> insert_spring_key;
/// Nothing where there is none.
extern const Sql<SpringKey(SpringKeyRow)> replace_spring_key;
extern const Sql<SpringKey()> get_spring_key;
extern const Sql<SpringKey()> lock_spring_key;
extern const Sql<SpringKeyRow()> read_spring_key;
extern const Sql<void()> delete_spring_key;
/// Only if it is still the one in the last place.
extern const Sql<void(std::string, std::string)> reseal_spring_key;

} // namespace gravity::config

GRAVITY_TABLES(config, SpringKeyRow)
