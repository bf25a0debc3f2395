#include <gravity/testkit/check_isolation.hpp>

#include <pqxx/connection>
#include <pqxx/except>
#include <pqxx/nontransaction>
#include <pqxx/result>
#include <pqxx/transaction>

namespace gravity::testkit {
namespace {

// How many rows a statement touches for a project's transaction ("" none), undone afterwards; the server's refusal counts as none.
long touched(pqxx::connection& connection, const std::string& project, const std::string& sql) {
    pqxx::work transaction(connection);
    try {
        transaction.exec("select set_config('gravity.project', " + transaction.quote(project) + ", true)");
        const auto rows = transaction.exec(sql);
        return rows.columns() > 0 ? static_cast<long>(rows.size()) : static_cast<long>(rows.affected_rows());
    } catch (const pqxx::sql_error&) {
        return 0;
    }
}

} // namespace

std::vector<std::string> check_isolation(const TestDatabase& database, ProjectId owner, std::vector<std::string>* empty) {
    std::vector<std::string> faults;
    pqxx::connection admin_connection(database.admin_url()), connection(database.url());
    pqxx::nontransaction admin(admin_connection);
    const auto tables = admin.exec(R"sql(
        select format('%I.%I', n.nspname, c.relname), c.relrowsecurity and c.relforcerowsecurity
        from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
        where c.relkind in ('r', 'p') and a.attname = 'project' and not a.attisdropped and n.nspname not in ('pg_catalog', 'information_schema')
        order by 1)sql");
    for (const auto& row : tables) {
        const std::string table = row[0].c_str();
        if (!row[1].as<bool>()) {
            faults.push_back(table + " has no forced row-level security: call gravity.isolate('" + table + "')");
            continue;
        }
        const std::string of_owner = " where project = '" + owner.to_string() + "'";
        if (admin.exec("select from " + table + of_owner).empty() && empty != nullptr) empty->push_back(table);
        for (const std::string& who : {ProjectId::fresh().to_string(), std::string()}) {
            const std::string name = who.empty() ? "a transaction of no project" : "another project";
            if (const long seen = touched(connection, who, "select 1 from " + table + of_owner); seen != 0)
                faults.push_back(name + " sees " + std::to_string(seen) + " rows of " + table);
            if (const long changed = touched(connection, who, "update " + table + " set project = project" + of_owner); changed != 0)
                faults.push_back(name + " changes " + std::to_string(changed) + " rows of " + table);
            if (const long deleted = touched(connection, who, "delete from " + table + of_owner); deleted != 0)
                faults.push_back(name + " deletes " + std::to_string(deleted) + " rows of " + table);
        }
        // A row for somebody else must fail as row-level security does it (42501), whatever else is wrong with it: the policy is asked before the constraints.
        pqxx::work transaction(connection);
        transaction.exec("select set_config('gravity.project', '" + ProjectId::fresh().to_string() + "', true)");
        try {
            transaction.exec("insert into " + table + " (project) values ('" + owner.to_string() + "')");
            faults.push_back("another project adds a row to " + table);
        } catch (const pqxx::sql_error& error) {
            if (std::string(error.what()).find("row-level security") == std::string::npos &&
                std::string(error.what()).find("permission denied") == std::string::npos)
                faults.push_back("a row of another project for " + table + " is refused for another reason: " + error.what());
        }
    }
    return faults;
}

} // namespace gravity::testkit
