// Migrations that change what is there already, with rows in them.
#include "config_migrations.hpp"

#include <gravity/base/uuid.hpp>
#include <gravity/testkit/postgres.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace gravity {
namespace {

/// All before the one of this name.
pg::Migrations migrations_before(std::string_view name) {
    const pg::Migrations all = config_migrations();
    const auto found = std::find_if(all.begin(), all.end(), [&](const pg::Migration& one) { return one.name == name; });
    EXPECT_NE(found, all.end()) << name;
    return all.first(static_cast<std::size_t>(found - all.begin()));
}

// What was in force at a version can be told of publications that were made before there were rollouts.
TEST(ConfigMigrations, TakeOverPublicationsIntoPlacements) {
    const testkit::TestDatabase database;
    pg::migrate(database.owner_url(), migrations_before("0006_rollouts"), "");
    const std::string ours = Uuid::v7().to_string(), theirs = Uuid::v7().to_string(), shop = Uuid::v7().to_string(), till = Uuid::v7().to_string(),
                      other = Uuid::v7().to_string();
    const auto set = [&](const std::string& id, const std::string& project, const std::string& application) {
        database.admin("insert into config_set (id, project, application, profile, label, created_by, created_at) values ('" + id + "', '" + project + "', '" +
                       application + "', 'default', 'main', 'x', now())");
        database.admin("insert into head (set_id, project) values ('" + id + "', '" + project + "')");
    };
    const auto release = [&](const std::string& id, const std::string& project, int number, int seq) {
        database.admin("insert into release (set_id, number, project, seq, author, created_at, content_hash) values ('" + id + "', " + std::to_string(number) +
                       ", '" + project + "', " + std::to_string(seq) + ", 'x', now(), repeat('0', 64))");
        database.admin("update head set number = " + std::to_string(number) + ", seq = " + std::to_string(seq) + " where set_id = '" + id + "'");
    };
    set(shop, ours, "shop");
    set(till, ours, "till");
    set(other, theirs, "shop");
    release(shop, ours, 1, 1);
    release(till, ours, 1, 2);
    release(shop, ours, 2, 3);
    release(other, theirs, 1, 1);

    pg::migrate(database.owner_url(), config_migrations(), "");
    const auto placed = [&](const std::string& id, const std::string& project) {
        const std::string of = "placement where set_id = '" + id + "' and project = '" + project + "'";
        return database.admin("select string_agg(number || ' by ' || seq, ', ' order by seq) from " + of);
    };
    EXPECT_EQ(placed(shop, ours), "1 by 1, 2 by 3");
    EXPECT_EQ(placed(till, ours), "1 by 2");
    EXPECT_EQ(placed(other, theirs), "1 by 1");
    EXPECT_EQ(database.admin("select count(*) from placement"), "4");
    EXPECT_EQ(database.admin("select relforcerowsecurity from pg_class where relname = 'release'"), "t"); // as it was before
    EXPECT_EQ(pg::migrate(database.owner_url(), config_migrations(), "").applied, 0);
}

// Of releases from before there was a review nobody approved.
TEST(ConfigMigrations, KeepReleasesFromBeforeReviews) {
    const testkit::TestDatabase database;
    pg::migrate(database.owner_url(), migrations_before("0007_review"), "");
    const std::string project = Uuid::v7().to_string(), set = Uuid::v7().to_string();
    database.admin("insert into config_set (id, project, application, profile, label, created_by, created_at) values ('" + set + "', '" + project +
                   "', 'shop', 'default', 'main', 'x', now())");
    database.admin("insert into draft (set_id, project, items, updated_by, updated_at) values ('" + set + "', '" + project + "', '{}', 'x', now())");
    database.admin("insert into release (set_id, number, project, seq, author, created_at, content_hash) values ('" + set + "', 1, '" + project +
                   "', 1, 'x', now(), repeat('0', 64))");
    pg::migrate(database.owner_url(), config_migrations(), "");
    EXPECT_EQ(database.admin("select reviewed::text || ' ' || (approver is null)::text from release"), "false true");
    EXPECT_EQ(database.admin("select review_required::text || ' ' || options_version from config_set"), "false 0");
    EXPECT_EQ(database.admin("select editors::text || ' ' || (approved_by is null)::text from draft"), "{} true");
}

} // namespace
} // namespace gravity
