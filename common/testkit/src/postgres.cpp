#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/base/uuid.hpp>
#include <gravity/testkit/postgres.hpp>

#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <pqxx/result>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace gravity::testkit {
namespace {

constexpr const char* runtime_role = "gravity_test_app";
constexpr const char* owner_role = "gravity_test_owner";
constexpr const char* password = "test"; // of a throw-away cluster that listens to this machine only

std::string run(const std::string& url, const std::string& sql) {
    pqxx::connection connection(url);
    pqxx::nontransaction direct(connection);
    const auto rows = direct.exec(sql);
    return rows.empty() || rows.columns() == 0 || rows[0][0].is_null() ? std::string() : rows[0][0].c_str();
}

// postgres://user@host:port/database?options with another user and database.
std::string url_for(const std::string& user, const std::string& database) {
    const std::string url = cluster_url();
    const auto scheme = url.find("://") + 3;
    const auto at = url.find('@', scheme);
    const auto slash = url.find('/', at == std::string::npos ? scheme : at);
    const auto question = url.find('?');
    const auto host_begin = at == std::string::npos ? scheme : at + 1;
    const auto host = url.substr(host_begin, (slash == std::string::npos ? question : slash) - host_begin);
    const std::string credentials = user.empty() ? (at == std::string::npos ? "" : url.substr(scheme, at + 1 - scheme)) : user + ":" + password + "@";
    return url.substr(0, scheme) + credentials + host + "/" + database + (question == std::string::npos ? "" : url.substr(question));
}

void ensure_roles(const std::string& admin) {
    run(admin, std::string("do $$ begin perform pg_advisory_xact_lock(4711); " // until the commit: a role is not seen before
                           "if not exists (select from pg_roles where rolname = '") +
                   runtime_role + "') then create role " + runtime_role +
                   " login password '" + password + "'; end if; if not exists (select from pg_roles where rolname = '" + owner_role +
                   "') then create role " + owner_role + " login password '" + password + "'; end if; end $$");
}

// The template for these migrations, made by whichever test process comes first.
std::string template_for(pg::Migrations migrations) {
    std::string all = "testkit 1";
    for (const auto& migration : migrations) all += std::string(migration.name) + '\0' + std::string(migration.sql);
    // Covers the platform's own migrations too: they are applied first and recorded with their checksums.
    all += pg::platform_fingerprint();
    const std::string name = "gravity_template_" + hex_encode(sha256(all)).substr(0, 16);
    const std::string admin = url_for("", "postgres");
    pqxx::connection connection(admin);
    pqxx::nontransaction direct(connection);
    direct.exec("select pg_advisory_lock(4712)");
    if (direct.exec("select from pg_database where datname = '" + name + "'").empty()) {
        direct.exec("create database \"" + name + "_new\" owner " + owner_role);
        pg::migrate(url_for(owner_role, name + "_new"), migrations, runtime_role);
        direct.exec("alter database \"" + name + "_new\" rename to \"" + name + "\""); // only a complete one gets the name
    }
    direct.exec("select pg_advisory_unlock(4712)");
    return name;
}

} // namespace

std::string cluster_url() {
    const char* url = std::getenv("GRAVITY_TEST_PG");
    if (url == nullptr || *url == '\0') throw std::runtime_error("GRAVITY_TEST_PG is not set: run the tests by ./gravity test");
    return url;
}

TestDatabase::TestDatabase(pg::Migrations migrations) {
    ensure_roles(url_for("", "postgres"));
    make(template_for(migrations));
}

TestDatabase::TestDatabase() {
    ensure_roles(url_for("", "postgres"));
    make("template0");
}

void TestDatabase::make(const std::string& from_template) {
    name_ = "t_" + hex_encode({reinterpret_cast<const char*>(Uuid::v4().bytes().data()), 8});
    admin_url_ = url_for("", name_);
    url_ = url_for(runtime_role, name_);
    owner_url_ = url_for(owner_role, name_);
    run(url_for("", "postgres"), "create database " + name_ + " owner " + owner_role + " template \"" + from_template + "\"");
}

TestDatabase::~TestDatabase() {
    try {
        run(url_for("", "postgres"), "drop database if exists " + name_ + " with (force)");
    } catch (const std::exception& error) { // the cluster is thrown away with everything in it
        std::fprintf(stderr, "test database %s stays: %s\n", name_.c_str(), error.what());
    }
}

std::string TestDatabase::admin(const std::string& sql) const { return run(admin_url_, sql); }

void TestDatabase::cut_connections() const {
    run(url_for("", "postgres"), "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = '" + name_ + "'");
}

} // namespace gravity::testkit
