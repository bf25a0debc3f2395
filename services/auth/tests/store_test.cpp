#include "auth_migrations.hpp"

#include <gravity/testkit/check_sql.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace gravity {
namespace {

TEST(Store, EveryStatementFitsTheSchema) {
    const testkit::TestDatabase database(auth_migrations());
    for (const auto& fault : testkit::check_sql(database)) ADD_FAILURE() << fault;
}

// The client that services call as may collect what it could read before; what another service calls `people:read` is its own affair.
TEST(Store, WhoCollectedPeoplesDataStillMay) {
    const auto all = auth_migrations();
    const auto own = std::find_if(all.begin(), all.end(), [](const pg::Migration& file) { return file.name == "0036_people_collect"; });
    ASSERT_NE(own, all.end());
    testkit::TestDatabase store;
    pg::migrate(store.owner_url(), all.first(static_cast<std::size_t>(own - all.begin())), "gravity_test_app");
    const auto client = [&](const std::string& name, const std::string& scopes) {
        store.admin("insert into client (id, project, name, token_endpoint_auth_method, scopes, token_alg, created_at, updated_at) values (gen_random_uuid(), "
                    "gen_random_uuid(), '" +
                    name + "', 'client_secret', '{" + scopes + "}', 'es256', now(), now())");
    };
    client("services", "people:erase,people:read,projects:purge");
    client("other", "people:read");
    client("both", "people:collect,people:erase,people:read");
    pg::migrate(store.owner_url(), all, "gravity_test_app");
    EXPECT_EQ(store.admin("select string_agg(name || ': ' || array_to_string(scopes, ' '), '; ' order by name) from client"),
              "both: people:collect people:erase; other: people:read; services: people:erase people:collect projects:purge");
    EXPECT_EQ(store.admin("select relforcerowsecurity from pg_class where relname = 'client'"), "t");
}

} // namespace
} // namespace gravity
