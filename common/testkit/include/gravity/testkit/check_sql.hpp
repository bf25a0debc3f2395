#pragma once

#include <gravity/testkit/postgres.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace gravity::testkit {

/// Prepares every statement of the process on the migrated schema and holds parameter types, columns and nullability of plain columns against
/// the type tables. One line per fault; empty: all is well. A typo fails a test, not a night. With `names` only those that begin with one of
/// these, where one test program has several schemas.
std::vector<std::string> check_sql(const TestDatabase& database, const std::vector<std::string_view>& names = {});

} // namespace gravity::testkit
