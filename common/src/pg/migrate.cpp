#include "pg/connection.hpp"
#include "platform_migrations.hpp"

#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/log/log.hpp>
#include <gravity/pg/migrations.hpp>

#include <map>
#include <stdexcept>

namespace gravity::pg {
namespace {

// One number for all services: a lock is per database. "gravity" as bytes.
constexpr std::int64_t lock_key = 0x67726176697479;

struct Recorded {
    std::string checksum;
};

class Migrator {
public:
    Migrator(Connection& connection, std::string runtime_role) : connection_(connection), role_(std::move(runtime_role)) {}

    void prepare() {
        connection_.simple("create schema if not exists gravity; create table if not exists gravity.migrations ("
                           "set_name text not null, name text not null, checksum text not null, applied_at timestamptz not null default now(), "
                           "primary key (set_name, name))");
    }

    MigrationReport apply(const std::string& set, Migrations files) {
        auto recorded = read(set);
        MigrationReport report;
        for (const Migration& file : files) {
            const std::string checksum = hex_encode(sha256(file.sql));
            const auto known = recorded.find(std::string(file.name));
            if (known != recorded.end()) {
                if (known->second.checksum != checksum)
                    throw std::runtime_error("migration " + set + "/" + std::string(file.name) +
                                             " was changed after it had been applied; restore the file and write a new one");
                recorded.erase(known);
            } else {
                run(set, file, checksum);
                ++report.applied;
            }
            ++report.present;
        }
        if (!recorded.empty())
            throw std::runtime_error("the database has the migration " + set + "/" + recorded.begin()->first +
                                     ", which this program does not know: it is older than the database");
        return report;
    }

    void grant() {
        if (role_.empty()) return;
        const auto role = "\"" + doubled(role_) + "\"";
        // What a service does at run time: rows, not tables. Later tables are covered because this runs after every migration.
        for (const char* schema : {"public", "gravity"}) {
            const std::string in(schema);
            connection_.simple("grant usage on schema " + in + " to " + role + "; grant select, insert, update, delete on all tables in schema " +
                               in + " to " + role + "; grant usage on all sequences in schema " + in + " to " + role);
        }
        connection_.simple("revoke insert, update, delete on gravity.migrations, gravity.instance_key from " + role);
    }

private:
    static std::string doubled(const std::string& text) {
        std::string out;
        for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
        return out;
    }

    std::map<std::string, Recorded> read(const std::string& set) {
        std::map<std::string, Recorded> recorded;
        const auto rows = connection_.execute("", "select name, checksum from gravity.migrations where set_name = $1", {set});
        for (int i = 0; i < rows.size(); ++i) recorded[std::string(rows.value(i, 0))] = {std::string(rows.value(i, 1))};
        return recorded;
    }

    void run(const std::string& set, const Migration& file, const std::string& checksum) {
        connection_.simple("begin");
        try {
            connection_.simple(std::string(file.sql));
            connection_.execute("", "insert into gravity.migrations (set_name, name, checksum) values ($1, $2, $3)",
                                {set, std::string(file.name), checksum});
            connection_.simple("commit");
        } catch (const ServerError& error) {
            connection_.simple("rollback");
            throw std::runtime_error("migration " + set + "/" + std::string(file.name) + ": " + error.what());
        }
        log::info("migration applied", {{"set", set}, {"name", file.name}});
    }

    Connection& connection_;
    std::string role_;
};

} // namespace

std::string platform_fingerprint() {
    std::string all;
    for (const Migration& file : platform_migrations()) all += sha256(file.sql);
    return hex_encode(sha256(all));
}

MigrationReport migrate(const std::string& url, Migrations service, const std::string& runtime_role) {
    Connection connection({url, "gravity-migrate", false});
    // Session-level, so it is held across the files' transactions and given back when the connection ends, however that happens.
    connection.simple("select pg_advisory_lock(" + std::to_string(lock_key) + ")");
    connection.simple("set session idle_in_transaction_session_timeout to 0");
    Migrator migrator(connection, runtime_role);
    migrator.prepare();
    MigrationReport report = migrator.apply("platform", platform_migrations());
    const MigrationReport own = migrator.apply("service", service);
    migrator.grant();
    connection.simple("select pg_advisory_unlock(" + std::to_string(lock_key) + ")");
    return {report.applied + own.applied, report.present + own.present};
}

} // namespace gravity::pg
