#pragma once

#include "identities_model.hpp"

#include <gravity/pg/tx.hpp>

/// Statements over all that belongs to one identity. Their text is in people_store.cpp and nowhere else.
namespace gravity::issuer {

extern const Sql<std::int64_t(IdentityId)> count_rows_of_identity;
extern const Sql<Json(IdentityId)> export_identity;

} // namespace gravity::issuer
