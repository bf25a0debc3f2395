#pragma once

#include "pg/statement.hpp"

#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <pqxx/result>

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace gravity::pg {

using Values = std::vector<std::optional<std::string>>;

/// The server cannot be reached, or the connection broke. Nothing is known of a statement that was under way.
struct ConnectionLost : std::runtime_error {
    using std::runtime_error::runtime_error;
};
/// 40001 or 40P01: the transaction may be tried again as a whole.
struct TryAgain : std::runtime_error {
    using std::runtime_error::runtime_error;
};
/// Any other error the server reported.
struct ServerError : std::runtime_error {
    ServerError(const std::string& what, std::string state, std::string violated)
        : std::runtime_error(what), sqlstate(std::move(state)), constraint(std::move(violated)) {}
    std::string sqlstate;
    std::string constraint; // violated constraint, if that is what it was
};

/// One libpqxx connection. Belongs to one thread.
class Connection {
public:
    struct Settings {
        std::string url;
        std::string application_name;
        bool prepare = true;
    };
    explicit Connection(const Settings& settings); // throws ConnectionLost

    /// One or more statements without parameters, by the simple protocol; the result of the last.
    pqxx::result simple(const std::string& sql);
    /// One statement with parameters, prepared at its first use here if the settings say so. `name` tells texts apart.
    pqxx::result execute(const std::string& name, const std::string& sql, const Values& values);
    /// COPY of `count` lines in text format.
    void copy(const std::string& table, const std::string& columns, std::size_t count, const std::function<void(std::size_t, std::string&)>& next_line);
    std::string quote(const std::string& text) const;
    bool usable() const { return usable_; }

    /// A read-only transaction has nothing to acknowledge: its commit is left to the next begin here, or to `end_read` when nothing waits, so
    /// that no answer waits for it.
    void leave_read_open() { read_open_ = true; }
    /// "commit; " if such a transaction is open; the caller sends it in front of its begin.
    std::string_view end_read_prefix() { return std::exchange(read_open_, false) ? "commit; " : ""; }
    void end_read() noexcept;

private:
    template <class F>
    pqxx::result guarded(F&& call);

    std::unique_ptr<pqxx::connection> connection_;
    std::unique_ptr<pqxx::nontransaction> direct_;
    std::unordered_set<std::string> prepared_;
    bool prepare_;
    bool usable_ = true;
    bool read_open_ = false;
};

/// "CONSTRAINT NAME:  product_sku_key" of a verbose error text. libpqxx 6.4 has no diagnostic fields; libpq writes this label itself,
/// so the server's language does not matter.
std::string constraint_of(std::string_view verbose_error);
/// SQLSTATE of a verbose error text, "ERROR:  42501: ..." in whatever language; empty if it has none. libpqxx 6.4 does not always pass it on.
std::string sqlstate_of(std::string_view verbose_error);
/// First line of an error text, without "ERROR:  ".
std::string first_line(std::string_view error);

} // namespace gravity::pg
