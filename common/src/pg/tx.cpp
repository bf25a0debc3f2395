#include "pg/tx_state.hpp"

#include <gravity/base/clock.hpp>
#include <gravity/json/codec.hpp>
#include <gravity/log/log.hpp>

#include <algorithm>
#include <chrono>

namespace gravity {

namespace pg {
namespace {

constexpr pqxx::oid json_oid = 114, jsonb_oid = 3802; // pg_type.dat; fixed for ever

[[noreturn]] void refuse(const Statement& statement, const ServerError& error) {
    if (!error.constraint.empty())
        for (const ConstraintProblem& known : statement.constraints())
            if (known.constraint == error.constraint) throw Refusal(known.problem);
    const std::string_view state = error.sqlstate;
    if (state == "57014") throw Refusal(problems::deadline_exceeded);
    if (state.starts_with("53")) { // disk full, out of memory, too many connections
        log::error("the store is short of resources", {{"statement", statement.name()}, {"error", error.what()}});
        throw Refusal(problems::store_unavailable).with_header("Retry-After", "5");
    }
    if (state.starts_with("22")) { // a value the server cannot work with, e.g. an overflow in SQL arithmetic: it came from the caller
        log::warn("a value was refused by the store", {{"statement", statement.name()}, {"error", error.what()}});
        throw Refusal(problems::invalid);
    }
    throw std::runtime_error("statement " + std::string(statement.name()) + ": " + error.what() +
                             (error.constraint.empty() ? "" : " (constraint " + error.constraint + ")"));
}

// Binds a cursor to what it continues: the statement and every value that filters it.
std::string cursor_binding(const Statement& statement, const Scope& scope, const Compiled& compiled, std::span<const meta::Ref> args) {
    std::string binding(statement.name());
    binding += '\0' + scope.project_id.to_string();
    for (const Parameter& parameter : compiled.parameters) {
        if (parameter.source != Parameter::Source::slot) continue;
        const auto value = bind(compiled.slots[parameter.index], args);
        binding += '\0';
        binding += value ? "=" + *value : "";
    }
    return binding;
}

Values bind_all(const Compiled& compiled, std::span<const meta::Ref> args, const std::vector<Parameter>& parameters,
                const std::vector<std::string>& page_keys = {}, std::int64_t limit = 0) {
    Values values;
    values.reserve(parameters.size());
    for (const Parameter& parameter : parameters) {
        switch (parameter.source) {
        case Parameter::Source::slot: values.push_back(bind(compiled.slots[parameter.index], args)); break;
        case Parameter::Source::page_key: values.emplace_back(page_keys[parameter.index]); break;
        case Parameter::Source::page_limit: values.emplace_back(std::to_string(limit)); break;
        }
    }
    return values;
}

pqxx::row::size_type column_of(const pqxx::result& rows, const std::string& name) {
    for (pqxx::row::size_type i = 0; i < rows.columns(); ++i)
        if (name == rows.column_name(i)) return i;
    return rows.columns();
}

void read_field(const pqxx::result& rows, pqxx::result::size_type index, pqxx::row::size_type column, meta::MutableRef out) {
    const auto field = rows[index][column];
    if (field.is_null()) {
        if (out.type->kind == meta::Kind::optional) return out.type->optional->reset(out.value);
        throw std::runtime_error("column " + std::string(rows.column_name(column)) + " is null but its field is not optional");
    }
    const auto oid = rows.column_type(column);
    from_sql_text({field.c_str(), field.size()}, oid == json_oid || oid == jsonb_oid, out);
}

void read_object(const pqxx::result& rows, pqxx::result::size_type index, const std::string& prefix, meta::MutableRef out) {
    for (const meta::Field& field : out.type->object->fields()) {
        const std::string name = prefix.empty() ? std::string(field.name) : prefix + "_" + std::string(field.name);
        const meta::Type* type = &field.type();
        void* place = field.at(out.value);
        const meta::Type& core = type->kind == meta::Kind::optional ? type->optional->element() : *type;
        if (core.kind == meta::Kind::object && core.flatten) {
            if (type->kind == meta::Kind::optional) {
                const auto first = column_of(rows, name + "_" + std::string(core.object->fields().front().name));
                if (first < rows.columns() && rows[index][first].is_null()) {
                    type->optional->reset(place);
                    continue;
                }
                place = type->optional->emplace(place);
            }
            read_object(rows, index, name, {&core, place});
            continue;
        }
        const auto column = column_of(rows, name);
        if (column == rows.columns()) throw std::runtime_error("the statement gives no column '" + name + "'");
        read_field(rows, index, column, {type, place});
    }
}

} // namespace

void read_row(const pqxx::result& rows, pqxx::result::size_type index, meta::MutableRef out) {
    if (out.type->kind == meta::Kind::object && !out.type->flatten) return read_object(rows, index, "", out);
    if (rows.columns() < 1) throw std::runtime_error("the statement gives no column");
    read_field(rows, index, 0, out);
}

Scope Scope::project(ProjectId project, std::string caller) {
    Scope scope;
    scope.project_id = project;
    scope.subject = std::move(caller);
    return scope;
}
Scope Scope::caller(const Caller& caller) { return project(caller.project, caller.subject); }
Scope Scope::system(std::string_view reason) {
    Scope scope;
    scope.is_system = true;
    scope.reason = reason;
    return scope;
}

void TxState::ensure_open() {
    if (open) return;
    auto timeout = options.statement_timeout;
    if (run.deadline != std::chrono::steady_clock::time_point{}) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(run.deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0) throw Refusal(problems::deadline_exceeded);
        timeout = std::min(timeout, left);
    }
    const std::string project = run.scope.is_system ? "" : run.scope.project_id.to_string();
    if (!run.scope.is_system && !run.scope.project_id.is_set()) throw std::logic_error("a transaction needs a project or Scope::system");
    // The values are quoted by libpq's own function; one round trip for all of it.
    connection.simple(std::string(connection.end_read_prefix()) + "begin" + (run.serializable ? " isolation level serializable" : "") + (run.read_only ? " read only" : "") + "; select set_config('gravity.project', '" + project +
                      "', true), set_config('gravity.caller', " + connection.quote(run.scope.subject) +
                      ", true), set_config('gravity.scope', '" + (run.scope.is_system ? "system" : "project") +
                      "', true), set_config('statement_timeout', '" + std::to_string(timeout.count()) + "', true)");
    open = true;
}

std::optional<trace::Span> TxState::span_of(const Statement& statement) const {
    if (!run.traceparent.ends_with("1")) return std::nullopt; // the flags of a trace that is sampled; nearly none is
    const auto parent = trace::parse_traceparent(run.traceparent);
    if (!parent) return std::nullopt;
    std::optional<trace::Span> span(std::in_place, statement.name(), trace::Kind::client, *parent);
    span->set("db.system.name", "postgresql");
    span->set("db.query.summary", statement.name());
    return span;
}

pqxx::result TxState::execute(const Statement& statement, const std::string& name, const std::string& sql, const Values& values) {
    ensure_open();
    auto span = span_of(statement);
    try {
        return connection.execute(name, sql, values);
    } catch (const ServerError& error) {
        if (span) {
            span->set("db.response.status_code", error.sqlstate);
            span->fail(error.what());
        }
        refuse(statement, error);
    }
}

std::int64_t TxState::copy(const BulkInsert& bulk, std::size_t count, const std::function<void(std::size_t, std::string&)>& next_line) {
    ensure_open();
    try {
        connection.simple("create temporary table gravity_copy on commit drop as select " + bulk.columns() + " from " + bulk.table() + " with no data");
        connection.copy("gravity_copy", bulk.columns(), count, next_line);
        const auto inserted = connection.simple("insert into " + bulk.table() + " (" + bulk.columns() + ") select " + bulk.columns() + " from gravity_copy" +
                                                (bulk.on_conflict().empty() ? "" : " on conflict " + bulk.on_conflict()));
        connection.simple("drop table gravity_copy"); // the next one of this transaction takes the name
        return static_cast<std::int64_t>(inserted.affected_rows());
    } catch (const ServerError& error) {
        refuse(bulk.statement(), error);
    }
}

void TxState::commit() {
    if (!open) return;
    open = false;
    if (run.read_only) return connection.leave_read_open();
    try {
        connection.simple("commit");
    } catch (const ServerError& error) { // a deferred constraint, or the disk is full: the server says it did not happen
        if (error.sqlstate.starts_with("53")) throw Refusal(problems::store_unavailable).with_header("Retry-After", "5");
        throw;
    }
}

void TxState::rollback() noexcept {
    if (!open) return;
    open = false;
    try {
        connection.simple("rollback");
    } catch (const std::exception& error) {
        // The connection is not used again (Connection::usable), and the server rolls back by itself.
        log::warn("rollback failed", {{"error", error.what()}});
    }
}

} // namespace pg

using pg::Compiled;

Timestamp Tx::now() const {
    if (!state_.began.is_set()) state_.began = gravity::now();
    return state_.began;
}

const pg::Scope& Tx::scope() const { return state_.run.scope; }
void Tx::after_commit(std::function<void()> action) { state_.after_commit.push_back(std::move(action)); }
void Tx::refuse_absent() { throw Refusal(problems::not_found); }

bool Tx::fetch(const pg::Statement& statement, std::span<const meta::Ref> args, meta::MutableRef row) {
    const Compiled& c = statement.compiled();
    const auto rows = state_.execute(statement, std::string(statement.name()), c.sql, pg::bind_all(c, args, c.parameters));
    if (rows.empty()) return false;
    if (rows.size() > 1) throw std::runtime_error("statement " + std::string(statement.name()) + " gave more than one row");
    pg::read_row(rows, 0, row);
    return true;
}

void Tx::fetch_all(const pg::Statement& statement, std::span<const meta::Ref> args, meta::MutableRef rows_out) {
    const Compiled& c = statement.compiled();
    const auto rows = state_.execute(statement, std::string(statement.name()), c.sql, pg::bind_all(c, args, c.parameters));
    const auto& list = *rows_out.type->list;
    for (pqxx::result::size_type i = 0; i < rows.size(); ++i) pg::read_row(rows, i, {&list.element(), list.append(rows_out.value)});
}

std::optional<std::string> Tx::fetch_page(const pg::Statement& statement, std::span<const meta::Ref> args, meta::MutableRef rows_out) {
    const Compiled& c = statement.compiled();
    if (c.keys.empty()) throw std::logic_error("statement " + std::string(statement.name()) + " has no $page(...)");
    const auto limit = std::stoll(pg::bind(c.slots[c.limit_slot], args).value());
    const auto cursor = pg::bind(c.slots[c.cursor_slot], args);
    const auto binding = pg::cursor_binding(statement, scope(), c, args);
    pqxx::result rows;
    if (cursor) {
        const auto keys = pg::read_cursor(state_.options.cursor_key, binding, *cursor, c.keys.size());
        rows = state_.execute(statement, std::string(statement.name()) + "+", c.sql_after,
                              pg::bind_all(c, args, c.parameters_after, keys, limit + 1));
    } else {
        rows = state_.execute(statement, std::string(statement.name()), c.sql, pg::bind_all(c, args, c.parameters, {}, limit + 1));
    }
    const auto& list = *rows_out.type->list;
    const auto shown = std::min<pqxx::result::size_type>(rows.size(), static_cast<pqxx::result::size_type>(limit));
    for (pqxx::result::size_type i = 0; i < shown; ++i) pg::read_row(rows, i, {&list.element(), list.append(rows_out.value)});
    if (rows.size() <= shown) return std::nullopt;

    std::vector<std::string> keys;
    for (const pg::PageKey& key : c.keys) {
        const auto column = pg::column_of(rows, key.column);
        if (column == rows.columns()) throw std::logic_error("statement " + std::string(statement.name()) + " does not give its order column " + key.column);
        keys.emplace_back(rows[shown - 1][column].c_str());
    }
    return pg::make_cursor(state_.options.cursor_key, binding, keys);
}

std::int64_t Tx::execute(const pg::Statement& statement, std::span<const meta::Ref> args) {
    const Compiled& c = statement.compiled();
    const auto rows = state_.execute(statement, std::string(statement.name()), c.sql, pg::bind_all(c, args, c.parameters));
    return static_cast<std::int64_t>(rows.affected_rows());
}

namespace {

struct OutboxRow {
    Uuid id;
    std::string type;
    std::string subject;
    Json data;
    Timestamp time;
    std::optional<std::string> traceparent;
};
BOOST_DESCRIBE_STRUCT(OutboxRow, (), (id, type, subject, data, time, traceparent))

const Sql<void(OutboxRow)> insert_event{"gravity.outbox.insert", R"sql(
    insert into gravity.outbox (project, id, type, subject, data, time, traceparent)
    values (gravity.current_project(), $id, $type, $subject, $data, $time, $traceparent))sql"};

} // namespace

void Tx::emit_event(std::string_view type, meta::Ref event, std::string subject) {
    OutboxRow row{Uuid::v7(), std::string(type), std::move(subject), json::to_document(event), now(), std::nullopt};
    if (row.subject.empty()) {
        const Json* id = row.data.find("id");
        if (id == nullptr || !id->is_string()) throw std::logic_error(row.type + ": an event without an `id` needs a subject");
        row.subject = id->as_string();
    }
    if (!state_.run.traceparent.empty()) row.traceparent = state_.run.traceparent;
    exec(insert_event, row);
    state_.written.events = true;
}

} // namespace gravity
