#pragma once

#include <gravity/base/uuid.hpp>
#include <gravity/testkit/postgres.hpp>

#include <string>
#include <vector>

namespace gravity::testkit {

/// Looks at every table that has a `project` column, with the eyes of the run-time role: row-level security must be on and forced; a
/// transaction of another project, and one of none, must see no row, change none, and be able to add none for `owner`. A table without rows of
/// `owner` cannot show a leak and is told in `empty`. One line per fault.
std::vector<std::string> check_isolation(const TestDatabase& database, ProjectId owner, std::vector<std::string>* empty = nullptr);

} // namespace gravity::testkit
