#pragma once

#include "pg/connection.hpp"

#include <gravity/pg/copy.hpp>
#include <gravity/pg/database.hpp>
#include <gravity/trace/span.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gravity::pg {

/// What a Tx works on. Round trips are what a request waits for, so: a read is one statement and one round trip, a transaction of its own; a write begins
/// in the message of its first statement, and what gives no rows (`later`) goes with the next one or with the commit.
struct TxState {
    TxState(Connection& on, const Run& how, const Options& opts) : connection(on), run(how), options(opts) {}

    Connection& connection;
    const Run& run;
    const Options& options;
    Timestamp began{};
    std::vector<std::unique_ptr<AfterCommit>> after_commit{};
    Written written{};

    /// Continues the trace of the run for one statement; nothing unless that trace is sampled.
    std::optional<trace::Span> span_of(const Statement& statement) const;
    Rows execute(const Statement& statement, const std::string& name, const std::string& sql, const Values& values);
    /// For a statement whose rows nobody asks for. Its failure is that of the statement or commit it is sent with.
    void later(const Statement& statement, Values values);
    /// `next_line` writes line `index` in COPY's text format.
    std::int64_t copy(const BulkInsert& bulk, std::size_t count, const std::function<void(std::size_t index, std::string& line)>& next_line);
    void commit(); // ConnectionLost: the outcome is unknown
    void rollback() noexcept;

private:
    struct Later {
        const Statement* statement;
        Values values;
    };
    std::chrono::milliseconds time_left() const; // throws deadline_exceeded
    Values scope_values(std::chrono::milliseconds timeout) const;
    bool session_serves(std::chrono::milliseconds timeout) const;
    void add_waiting(std::vector<Command>& commands) const;

    std::vector<Later> waiting_{};
};

/// Fills a described value or a plain one from row `index`.
void read_row(const Rows& rows, int index, meta::MutableRef out);

/// An opaque position in a list: versioned, authenticated, bound to list, project and filters.
std::string make_cursor(const std::string& key, std::string_view binding, const std::vector<std::string>& values);
/// Refusal{invalid_cursor} unless this very list, project and filter made it.
std::vector<std::string> read_cursor(const std::string& key, std::string_view binding, std::string_view cursor, std::size_t count);

} // namespace gravity::pg
