#pragma once

#include <gravity/pg/tx.hpp>

#include <string>

/// Statements over all that tells of one person. Their text is in people_store.cpp and nowhere else.
namespace gravity::config {

extern const Sql<std::int64_t(std::string)> count_rows_of_author;
extern const Sql<Json(std::string)> export_author;

} // namespace gravity::config
