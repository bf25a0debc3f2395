#pragma once

#include "flags_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of feature flags, by name. Their text is in flags_store.cpp and nowhere else.
namespace gravity::config {

struct ListFlags : PageQuery {};
BOOST_DESCRIBE_STRUCT(ListFlags, (PageQuery), ())

/// Held until the commit by who changes a flag; grows with each change.
extern const Sql<std::int64_t()> next_flag_change;
extern const Sql<Flag(Flag, int)> insert_flag;
extern const Sql<Flag(Flag)> save_flag;
extern const Sql<Flag(FlagId)> get_flag, lock_flag;
extern const Sql<Flag(ListFlags)> list_flags;
extern const Sql<Flag()> all_flags;
extern const Sql<void(FlagId)> delete_flag;

} // namespace gravity::config

GRAVITY_TABLES(config, ListFlags)
