#include "../../src/pg/statement.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/pg/sql.hpp>
#include <gravity/testkit/check_sql.hpp>

#include <libpq-fe.h>

#include <algorithm>
#include <map>
#include <memory>

namespace gravity::testkit {
namespace {

using meta::Kind;
using pg::Parameter;

struct Described {
    std::vector<Oid> parameters;
    std::vector<std::pair<std::string, Oid>> columns;
    std::string error;
};

// libpq itself: libpqxx 6 has no PQdescribePrepared.
class Server {
public:
    explicit Server(const std::string& url) : connection_(PQconnectdb(url.c_str()), &PQfinish) {}

    Described describe(const std::string& sql) {
        Described out;
        Result prepared(PQprepare(connection_.get(), "", sql.c_str(), 0, nullptr), &PQclear);
        if (PQresultStatus(prepared.get()) != PGRES_COMMAND_OK) {
            out.error = PQresultErrorMessage(prepared.get());
            return out;
        }
        Result description(PQdescribePrepared(connection_.get(), ""), &PQclear);
        for (int i = 0; i < PQnparams(description.get()); ++i) out.parameters.push_back(PQparamtype(description.get(), i));
        for (int i = 0; i < PQnfields(description.get()); ++i)
            out.columns.emplace_back(PQfname(description.get(), i), PQftype(description.get(), i));
        return out;
    }

    std::string type_name(Oid oid) {
        auto& name = names_[oid];
        if (name.empty()) {
            Result rows(PQexec(connection_.get(), ("select format_type(" + std::to_string(oid) + ", null)").c_str()), &PQclear);
            name = PQgetvalue(rows.get(), 0, 0);
        }
        return name;
    }

private:
    using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;
    std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
    std::map<Oid, std::string> names_;
};

const meta::Type& unwrap(const meta::Type& type) { return type.kind == Kind::optional ? unwrap(type.optional->element()) : type; }

// The PostgreSQL types a described type may be read from and bound to.
bool fits(const meta::Type& described, const std::string& sql) {
    const meta::Type& type = unwrap(described);
    const auto among = [&](std::string_view list) {
        for (const auto name : ascii::split(list, ','))
            if (name == sql) return true;
        return false;
    };
    const bool textual = among("text,character varying,citext,name,ltree,inet,unknown");
    switch (type.kind) {
    case Kind::boolean: return sql == "boolean";
    case Kind::integer: return among("bigint,integer,smallint,numeric");
    case Kind::number: return among("double precision,real,numeric,bigint,integer");
    case Kind::enumeration: return textual;
    case Kind::text:
        if (type.sql.empty() || type.sql.starts_with("text")) return textual || sql == "date";
        if (type.sql == "timestamptz") return sql == "timestamp with time zone";
        return among(type.sql);
    case Kind::list:
        if (sql.ends_with("[]")) return fits(type.list->element(), sql.substr(0, sql.size() - 2));
        return among("jsonb,json");
    default: return among("jsonb,json");
    }
}

class Checker {
public:
    Checker(Server& server, const pg::Statement& statement, std::vector<std::string>& faults)
        : server_(server), statement_(statement), faults_(faults) {}

    void run() {
        const pg::Compiled* compiled = nullptr;
        try {
            compiled = &statement_.compiled();
        } catch (const std::exception& error) {
            faults_.push_back(error.what());
            return;
        }
        check(*compiled, compiled->sql, compiled->parameters);
        if (!compiled->keys.empty()) check(*compiled, compiled->sql_after, compiled->parameters_after);
    }

private:
    void fault(const std::string& what) { faults_.push_back(std::string(statement_.name()) + ": " + what); }

    void check(const pg::Compiled& compiled, const std::string& sql, const std::vector<Parameter>& parameters) {
        const Described described = server_.describe(sql);
        if (!described.error.empty()) return fault(described.error);
        for (std::size_t i = 0; i < parameters.size() && i < described.parameters.size(); ++i) {
            if (parameters[i].source != Parameter::Source::slot) continue;
            const pg::Slot& slot = compiled.slots[parameters[i].index];
            const std::string sql_type = server_.type_name(described.parameters[i]);
            if (!fits(*slot.type, sql_type)) fault("$" + std::to_string(i + 1) + " (" + slot.name + ") is bound to " + sql_type);
        }
        if (statement_.row() != nullptr) check_columns(described);
    }

    void check_columns(const Described& described) {
        const meta::Type& row = *statement_.row();
        if (row.kind != Kind::object || row.flatten) {
            if (described.columns.empty())
                fault("gives no column");
            else if (!fits(row, server_.type_name(described.columns.front().second)))
                fault("its value is " + server_.type_name(described.columns.front().second));
            return;
        }
        check_object(described, row, "");
    }

    void check_object(const Described& described, const meta::Type& object, const std::string& prefix) {
        for (const meta::Field& field : object.object->fields()) {
            const std::string name = prefix + std::string(field.name);
            const meta::Type& type = unwrap(field.type());
            if (type.kind == Kind::object && type.flatten) {
                check_object(described, type, name + "_");
                continue;
            }
            const auto column = std::find_if(described.columns.begin(), described.columns.end(), [&](const auto& c) { return c.first == name; });
            if (column == described.columns.end())
                fault("gives no column '" + name + "'");
            else if (!fits(type, server_.type_name(column->second)))
                fault("column " + name + " is " + server_.type_name(column->second));
        }
    }

    Server& server_;
    const pg::Statement& statement_;
    std::vector<std::string>& faults_;
};

} // namespace

std::vector<std::string> check_sql(const TestDatabase& database, const std::vector<std::string_view>& names) {
    Server server(database.admin_url());
    std::vector<std::string> faults;
    std::size_t checked = 0;
    for (const pg::Statement* statement : pg::Statement::all()) {
        const std::string_view name = statement->name();
        const auto begins = [name](std::string_view prefix) { return name.starts_with(prefix); };
        if (!names.empty() && std::none_of(names.begin(), names.end(), begins)) continue;
        Checker(server, *statement, faults).run();
        ++checked;
    }
    if (checked == 0) faults.push_back("there is no statement to check");
    return faults;
}

} // namespace gravity::testkit
