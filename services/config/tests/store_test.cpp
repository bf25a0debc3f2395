#include "config_migrations.hpp"

#include <gravity/testkit/check_isolation.hpp>
#include <gravity/testkit/check_sql.hpp>

#include <gtest/gtest.h>

namespace gravity {
namespace {

TEST(Store, EveryStatementFitsTheSchema) {
    const testkit::TestDatabase database(config_migrations());
    for (const auto& fault : testkit::check_sql(database)) ADD_FAILURE() << fault;
}

} // namespace
} // namespace gravity
