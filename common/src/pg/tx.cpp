#include "pg/tx_state.hpp"

#include <gravity/base/clock.hpp>
#include <gravity/json/codec.hpp>
#include <gravity/log/log.hpp>

#include <algorithm>
#include <chrono>

namespace gravity {

namespace pg {
namespace {

constexpr Oid json_oid = 114, jsonb_oid = 3802; // pg_type.dat; fixed for ever

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

/// The columns of a result, by name. Fields mostly come in the order of the columns, so the search goes on where the last one ended.
class Columns {
public:
    explicit Columns(const Rows& rows) : rows_(rows), count_(rows.columns()) {}
    int find(std::string_view name) { // the number of columns if there is none
        for (int i = 0; i < count_; ++i) {
            const int column = next_ + i < count_ ? next_ + i : next_ + i - count_;
            if (rows_.column_name(column) != name) continue;
            next_ = column + 1 == count_ ? 0 : column + 1;
            return column;
        }
        return count_;
    }
    int count() const { return count_; }

private:
    const Rows& rows_;
    int count_;
    int next_ = 0;
};

void read_field(const Rows& rows, int index, int column, meta::MutableRef out) {
    if (rows.is_null(index, column)) {
        if (out.type->kind == meta::Kind::optional) return out.type->optional->reset(out.value);
        throw std::runtime_error("column " + std::string(rows.column_name(column)) + " is null but its field is not optional");
    }
    const auto oid = rows.column_type(column);
    from_sql_text(rows.value(index, column), oid == json_oid || oid == jsonb_oid, out);
}

void read_object(const Rows& rows, int index, Columns& columns, std::string_view prefix, meta::MutableRef out) {
    for (const meta::Field& field : out.type->object->fields()) {
        std::string joined;
        if (!prefix.empty()) joined.append(prefix).append("_").append(field.name);
        const std::string_view name = prefix.empty() ? field.name : std::string_view(joined);
        const meta::Type* type = &field.type();
        void* place = field.at(out.value);
        const meta::Type& core = type->kind == meta::Kind::optional ? type->optional->element() : *type;
        if (core.kind == meta::Kind::object && core.flatten) {
            if (type->kind == meta::Kind::optional) {
                const int first = columns.find(std::string(name) + "_" + std::string(core.object->fields().front().name));
                if (first < columns.count() && rows.is_null(index, first)) {
                    type->optional->reset(place);
                    continue;
                }
                place = type->optional->emplace(place);
            }
            read_object(rows, index, columns, name, {&core, place});
            continue;
        }
        const int column = columns.find(name);
        if (column == columns.count()) throw std::runtime_error("the statement gives no column '" + std::string(name) + "'");
        read_field(rows, index, column, {type, place});
    }
}

} // namespace

void read_row(const Rows& rows, int index, meta::MutableRef out) {
    if (out.type->kind == meta::Kind::object && !out.type->flatten) {
        Columns columns(rows);
        return read_object(rows, index, columns, "", out);
    }
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

namespace {

// `read write`: what a session's reads have set is only for them.
const std::string begin_name = "gravity.begin", begin_sql = "begin read write";
const std::string begin_serializable_name = "gravity.begin_serializable", begin_serializable_sql = "begin isolation level serializable read write";
const std::string commit_name = "gravity.commit", commit_sql = "commit";
const std::string rollback_name = "gravity.rollback", rollback_sql = "rollback";
const Values no_values;

// Local to the transaction: nothing of it is left on the connection. A transaction can be made read-only at any time, but not the reverse.
const std::string scope_name = "gravity.scope";
const std::string scope_sql = "select set_config('gravity.project', $1, true), set_config('gravity.caller', $2, true), set_config('gravity.scope', $3, true), "
                              "set_config('statement_timeout', $4, true)";
const std::string read_scope_name = "gravity.read_scope";
const std::string read_scope_sql = scope_sql + ", set_config('transaction_read_only', 'on', true)";
// For the session: the reads that follow need to say nothing if they are of the same project and caller. Undone by the server if its exchange fails.
const std::string session_scope_name = "gravity.session_scope";
const std::string session_scope_sql =
    "select set_config('gravity.project', $1, false), set_config('gravity.caller', $2, false), set_config('gravity.scope', $3, false), "
    "set_config('statement_timeout', $4, false), set_config('default_transaction_read_only', 'on', false), "
    "set_config('transaction_read_only', 'on', true)";
// For the rest of the exchange.
const std::string generic_plan_name = "gravity.generic_plan";
const std::string generic_plan_sql = "select set_config('plan_cache_mode', 'force_generic_plan', true)";

constexpr std::chrono::milliseconds timeout_slack{1000}; // a session's timeout serves if it is this much too long

} // namespace

std::chrono::milliseconds TxState::time_left() const {
    if (run.deadline == std::chrono::steady_clock::time_point{}) return options.statement_timeout;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(run.deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) throw Refusal(problems::deadline_exceeded);
    return std::min(options.statement_timeout, left);
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

Values TxState::scope_values(std::chrono::milliseconds timeout) const {
    return {run.scope.is_system ? std::string() : run.scope.project_id.to_string(), run.scope.subject, run.scope.is_system ? "system" : "project",
            std::to_string(timeout.count())};
}

bool TxState::session_serves(std::chrono::milliseconds timeout) const {
    const auto& held = connection.session_scope;
    return held && held->system == run.scope.is_system && held->project == run.scope.project_id && held->caller == run.scope.subject &&
           held->timeout >= timeout && held->timeout <= timeout + timeout_slack;
}

void TxState::add_waiting(std::vector<Command>& commands) const {
    for (const Later& one : waiting_) commands.push_back({one.statement->compiled().name, one.statement->compiled().sql, one.values});
}

Rows TxState::execute(const Statement& statement, const std::string& name, const std::string& sql, const Values& values) {
    Values scope;
    std::vector<Command> commands;
    commands.reserve(waiting_.size() + 4);
    std::optional<SessionScope> next_session;
    if (!connection.in_transaction()) {
        if (!run.scope.is_system && !run.scope.project_id.is_set()) throw std::logic_error("a transaction needs a project or Scope::system");
        const auto timeout = time_left();
        // At this level each statement sees what was committed before it, in one transaction or in many: a read needs none around it.
        const bool bare = run.read_only && !run.serializable;
        if (!bare)
            commands.push_back(run.serializable ? Command{begin_serializable_name, begin_serializable_sql, no_values}
                                                : Command{begin_name, begin_sql, no_values});
        if (!bare || !options.prepare) { // the server connection behind a pooler may be another's a moment later
            scope = scope_values(timeout);
            commands.push_back(run.read_only ? Command{read_scope_name, read_scope_sql, scope} : Command{scope_name, scope_sql, scope});
        } else if (!session_serves(timeout)) {
            connection.session_scope.reset(); // not known until the exchange has succeeded
            next_session = SessionScope{run.scope.project_id, run.scope.subject, run.scope.is_system, timeout};
            scope = scope_values(timeout);
            commands.push_back({session_scope_name, session_scope_sql, scope});
        }
        // Within a transaction it would hold for the statements that follow, and what is not prepared is planned each time anyway.
        if (bare && options.prepare && statement.compiled().generic_plan) commands.push_back({generic_plan_name, generic_plan_sql, no_values});
    }
    const std::size_t first_waiting = commands.size();
    add_waiting(commands);
    commands.push_back({name, sql, values});
    auto span = span_of(statement);
    try {
        Rows rows = connection.exchange(commands);
        waiting_.clear();
        if (next_session) connection.session_scope = std::move(next_session);
        return rows;
    } catch (const ServerError& error) {
        if (span) {
            span->set("db.response.status_code", error.sqlstate);
            span->fail(error.what());
        }
        const bool waited = error.command >= first_waiting && error.command + 1 < commands.size();
        refuse(waited ? *waiting_[error.command - first_waiting].statement : statement, error);
    }
}

void TxState::later(const Statement& statement, Values values) {
    if (!connection.in_transaction()) { // whatever fails is to be rolled back, and this may be all there is
        const Compiled& compiled = statement.compiled();
        execute(statement, compiled.name, compiled.sql, values);
    } else {
        waiting_.push_back({&statement, std::move(values)});
    }
}

std::int64_t TxState::copy(const BulkInsert& bulk, std::size_t count, const std::function<void(std::size_t, std::string&)>& next_line) {
    const std::string unnamed,
        create = "create temporary table gravity_copy on commit drop as select " + bulk.columns() + " from " + bulk.table() + " with no data";
    execute(bulk.statement(), unnamed, create, {});
    try {
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
    if (!connection.in_transaction()) return; // reads have ended with their statements
    // A handler that swallowed the failure of a statement would be told that all is well: the server answers ROLLBACK to such a commit, without an error.
    if (connection.in_failed_transaction()) throw std::logic_error("a statement has failed, so the transaction cannot be committed");
    std::vector<Command> commands;
    add_waiting(commands);
    commands.push_back({commit_name, commit_sql, no_values});
    try {
        connection.exchange(commands);
    } catch (const ServerError& error) {
        if (error.command + 1 < commands.size()) refuse(*waiting_[error.command].statement, error);
        if (error.sqlstate.starts_with("53")) throw Refusal(problems::store_unavailable).with_header("Retry-After", "5");
        throw; // a deferred constraint, or the disk is full: the server says it did not happen
    }
}

void TxState::rollback() noexcept {
    if (!connection.usable() || !connection.in_transaction()) return;
    try {
        const Command command{rollback_name, rollback_sql, no_values}; // not by libpqxx 6.4, which loses a result where the connection has broken
        connection.exchange({&command, 1});
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
void Tx::do_after_commit(std::unique_ptr<pg::AfterCommit> action) { state_.after_commit.push_back(std::move(action)); }
void Tx::refuse_absent() { throw Refusal(problems::not_found); }

bool Tx::fetch(const pg::Statement& statement, std::span<const meta::Ref> args, meta::MutableRef row) {
    const Compiled& c = statement.compiled();
    const auto rows = state_.execute(statement, c.name, c.sql, pg::bind_all(c, args, c.parameters));
    if (rows.empty()) return false;
    if (rows.size() > 1) throw std::runtime_error("statement " + std::string(statement.name()) + " gave more than one row");
    pg::read_row(rows, 0, row);
    return true;
}

void Tx::fetch_all(const pg::Statement& statement, std::span<const meta::Ref> args, meta::MutableRef rows_out) {
    const Compiled& c = statement.compiled();
    const auto rows = state_.execute(statement, c.name, c.sql, pg::bind_all(c, args, c.parameters));
    const auto& list = *rows_out.type->list;
    for (int i = 0; i < rows.size(); ++i) pg::read_row(rows, i, {&list.element(), list.append(rows_out.value)});
}

std::optional<std::string> Tx::fetch_page(const pg::Statement& statement, std::span<const meta::Ref> args, meta::MutableRef rows_out) {
    const Compiled& c = statement.compiled();
    if (c.keys.empty()) throw std::logic_error("statement " + std::string(statement.name()) + " has no $page(...)");
    const auto limit = std::stoll(pg::bind(c.slots[c.limit_slot], args).value());
    const auto cursor = pg::bind(c.slots[c.cursor_slot], args);
    const auto binding = pg::cursor_binding(statement, scope(), c, args);
    pg::Rows rows;
    if (cursor) {
        const auto keys = pg::read_cursor(state_.options.cursor_key, binding, *cursor, c.keys.size());
        rows = state_.execute(statement, c.name_after, c.sql_after,
                              pg::bind_all(c, args, c.parameters_after, keys, limit + 1));
    } else {
        rows = state_.execute(statement, c.name, c.sql, pg::bind_all(c, args, c.parameters, {}, limit + 1));
    }
    const auto& list = *rows_out.type->list;
    const int shown = static_cast<int>(std::min<std::int64_t>(rows.size(), limit));
    for (int i = 0; i < shown; ++i) pg::read_row(rows, i, {&list.element(), list.append(rows_out.value)});
    if (rows.size() <= shown) return std::nullopt;

    std::vector<std::string> keys;
    for (const pg::PageKey& key : c.keys) {
        const int column = pg::Columns(rows).find(key.column);
        if (column == rows.columns()) throw std::logic_error("statement " + std::string(statement.name()) + " does not give its order column " + key.column);
        keys.emplace_back(rows.value(shown - 1, column));
    }
    return pg::make_cursor(state_.options.cursor_key, binding, keys);
}

std::int64_t Tx::execute(const pg::Statement& statement, std::span<const meta::Ref> args) {
    const Compiled& c = statement.compiled();
    const auto rows = state_.execute(statement, c.name, c.sql, pg::bind_all(c, args, c.parameters));
    return rows.affected();
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
    const meta::Ref refs[] = {meta::ref(row)};
    const Compiled& c = insert_event.statement().compiled();
    state_.later(insert_event.statement(), pg::bind_all(c, refs, c.parameters));
    state_.written.events = true;
}

} // namespace gravity
