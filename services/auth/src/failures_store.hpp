#pragma once

#include "failures_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements of what was refused, by name. Their text is in failures_store.cpp and nowhere else.
namespace gravity::issuer {

extern const Sql<void(StoredFailure)> insert_failure;
extern const Sql<AuthFailure(std::string, int)> failures_of_trace;
extern const Sql<std::int64_t(Timestamp, int)> forget_failures;

} // namespace gravity::issuer
