#pragma once

#include "pg/rows.hpp"
#include "pg/statement.hpp"

#include <gravity/base/uuid.hpp>

#include <pqxx/nontransaction>
#include <pqxx/result>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_set>
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
    ServerError(const std::string& what, std::string state, std::string violated, std::size_t index = 0)
        : std::runtime_error(what), sqlstate(std::move(state)), constraint(std::move(violated)), command(index) {}
    std::string sqlstate;
    std::string constraint;  // violated constraint, if that is what it was
    std::size_t command = 0; // which of the exchange's
};

/// One statement of an exchange. What has a name is prepared at its first use on a connection, if the settings say so.
struct Command {
    const std::string& name; // tells texts apart; empty: never prepared
    const std::string& sql;
    const Values& values;
};

/// Whose rows a session's reads see, and for how long a statement may run.
struct SessionScope {
    ProjectId project;
    std::string caller;
    bool system = false;
    std::chrono::milliseconds timeout{};
};

/// How a connection waits for its socket.
class Wait {
public:
    enum class For : unsigned char {
        input,
        input_or_room // in what is still to be sent
    };
    virtual ~Wait() = default;
    /// False if `limit` (the zero time point: never) came first.
    virtual bool ready(int socket, For what, std::chrono::steady_clock::time_point limit) = 0;
};

class Session; // connection.cpp

/// One libpqxx connection, which speaks libpq's pipeline mode too: libpqxx 6 can neither send several prepared statements in one message nor say
/// which constraint was violated. Belongs to one thread.
class Connection {
public:
    struct Settings {
        std::string url;
        std::string application_name;
        bool prepare = true;
    };
    explicit Connection(const Settings& settings); // throws ConnectionLost
    ~Connection();

    /// One or more statements without parameters, by the simple protocol; the result of the last.
    pqxx::result simple(const std::string& sql);
    /// COPY of `count` lines in text format.
    void copy(const std::string& table, const std::string& columns, std::size_t count, const std::function<void(std::size_t, std::string&)>& next_line);
    /// All of it in one round trip; the rows of the last. A command runs only if those before it succeeded, and outside of `begin` ... `commit` the
    /// whole is one transaction, so a setting that is local to it holds for every command after it and for nothing else.
    Rows exchange(std::span<const Command> commands);
    Rows execute(const std::string& name, const std::string& sql, const Values& values);

    /// A server that is there and says nothing (stopped, hung) is given up at this time: the connection breaks. The zero time point: never.
    void give_up_at(std::chrono::steady_clock::time_point limit) { give_up_at_ = limit; }
    /// Who waits for the answers to `exchange` from now on; null: this thread, in poll. Everything else always waits in place.
    void wait_by(Wait* wait) { wait_ = wait; }

    bool in_transaction() const;
    bool in_failed_transaction() const; // in which the server refuses everything but its end
    bool usable() const { return usable_; }

    /// What this session surely is set to; nothing if that is not known.
    std::optional<SessionScope> session_scope;

private:
    template <class F>
    pqxx::result guarded(F&& call);
    void send(std::span<const Command> commands);
    void send_one(const Command& command);
    void flush();
    void await(Wait::For what); // ConnectionLost at the time to give up
    Rows receive(std::span<const Command> commands);
    PGresult* next_result();
    void pipelined(bool on);
    [[noreturn]] void fail(const PGresult* result, std::size_t command);
    [[noreturn]] void lost();

    std::unique_ptr<Session> session_;
    std::unique_ptr<pqxx::nontransaction> direct_; // before the session it belongs to goes
    PGconn* handle_ = nullptr;                     // the session's
    std::unordered_set<std::string> prepared_;
    std::vector<bool> preparing_; // of the exchange under way: which commands are prepared by it
    std::vector<const char*> pointers_;
    std::chrono::steady_clock::time_point give_up_at_{};
    Wait* wait_ = nullptr;
    bool prepare_;
    bool usable_ = true;
};

/// "CONSTRAINT NAME:  product_sku_key" of a verbose error text, which is all that libpqxx 6.4 gives. libpq writes this label itself, so the server's
/// language does not matter.
std::string constraint_of(std::string_view verbose_error);
/// SQLSTATE of a verbose error text, "ERROR:  42501: ..." in whatever language; empty if it has none. libpqxx 6.4 does not always pass it on.
std::string sqlstate_of(std::string_view verbose_error);
/// First line of an error text, without "ERROR:  ".
std::string first_line(std::string_view error);

} // namespace gravity::pg
