#pragma once

#include <gravity/pg/migrations.hpp>

#include <string>

namespace gravity::testkit {

/// A database of its own for one test, in the cluster that GRAVITY_TEST_PG names (a superuser's URL). Made from a template that is migrated
/// once per cluster and set of migrations, so it costs some 50 ms; dropped at the end.
class TestDatabase {
public:
    explicit TestDatabase(pg::Migrations migrations);
    /// An empty one, not migrated.
    TestDatabase();
    ~TestDatabase();
    TestDatabase(const TestDatabase&) = delete;
    TestDatabase& operator=(const TestDatabase&) = delete;

    const std::string& url() const { return url_; }              // as the run-time role: no superuser, not the owner
    const std::string& owner_url() const { return owner_url_; } // as the owner, for migrations
    const std::string& admin_url() const { return admin_url_; } // as the cluster's superuser, to look behind the scenes
    const std::string& name() const { return name_; }

    /// Runs SQL as the superuser; the first column of the first row, or empty.
    std::string admin(const std::string& sql) const;
    /// Cuts every connection of the run-time role, as a restart of the server would.
    void cut_connections() const;

private:
    void make(const std::string& from_template);
    std::string name_, url_, owner_url_, admin_url_;
};

/// The URL of the cluster; fails the test with a hint if it is not set.
std::string cluster_url();

} // namespace gravity::testkit
