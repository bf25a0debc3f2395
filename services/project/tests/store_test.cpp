#include "project_migrations.hpp"

#include <gravity/testkit/check_sql.hpp>

#include <gtest/gtest.h>

namespace gravity {
namespace {

TEST(Store, EveryStatementFitsTheSchema) {
    const testkit::TestDatabase database(project_migrations());
    for (const auto& fault : testkit::check_sql(database)) ADD_FAILURE() << fault;
}

} // namespace
} // namespace gravity
