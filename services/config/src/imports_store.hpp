#pragma once

#include "sets_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of imports, by name. Their text is in imports_store.cpp and nowhere else.
namespace gravity::config {

extern const Sql<ConfigSetId(NewConfigSet)> find_set;

} // namespace gravity::config
