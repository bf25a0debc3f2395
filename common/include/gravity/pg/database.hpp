#pragma once

#include <gravity/async/task.hpp>
#include <gravity/pg/tx.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace boost::asio {
class io_context;
}

namespace gravity::pg {

/// What a transaction has left for the background to do.
struct Written {
    bool events = false;
    bool jobs = false;
};

struct Options {
    std::string url;            // postgres://role:password@host/database
    int pool_min = 1;           // connections kept when idle
    int pool_max = 8;
    int queue_max = 1024;       // work waiting for a connection; beyond it 503
    bool prepare = true; // named statements, and a scope that stays on the session; off behind a pooler that shares server connections between transactions
    std::chrono::milliseconds statement_timeout{15'000}; // of one transaction without a nearer deadline
    std::string application_name = "gravity";
    std::string cursor_key{};   // authenticates list cursors; from Database::load_cursor_key
    std::function<void(Written)> on_written{}; // told on the worker after a commit that left something; must not block or throw
};

/// How a unit of work is to be run.
struct Run {
    Scope scope;
    bool read_only = false;                                     // enforced by the server; each statement is then a transaction of its own, unless:
    bool serializable = false;                                  // as if no other transaction ran beside it (may be run again)
    std::chrono::steady_clock::time_point deadline{};           // zero: none
    std::function<bool()> abandoned{};                          // asked before it starts: true if nobody waits for it any more
    std::string traceparent{};                                  // goes into emitted events
};

/// The pool of connections. Reads asked for on the loop `io` (which one thread runs) stay there, on fibers (decision 28); the rest has threads of the pool.
class Database {
public:
    Database(Options options, boost::asio::io_context& io);
    ~Database(); // waits for what its threads run; what is queued fails with `store_unavailable`; reads on the loop are dropped with who waits for them
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    /// Runs `work` in a transaction and completes on the awaiting coroutine's executor after the commit. Run again as a whole on a conflict with others (at
    /// most three times), and a read if its connection breaks. Throws Refusal: store_unavailable, overloaded, deadline_exceeded, outcome_unknown, or its own.
    Task<void> run(Run run, std::function<void(Tx&)> work);

    /// The same from a plain thread, blocking: tests, start-up.
    void run_blocking(const Run& run, const std::function<void(Tx&)>& work);

    /// Connects and asks `select 1`; the reason if that fails. Blocks up to 5 s.
    std::optional<std::string> probe();
    /// A role that could step over row-level security is refused: the reason, if this one can.
    std::optional<std::string> unsafe_role();
    /// Reads the key that authenticates list cursors (the same for all replicas) from the database; after migrating, before serving.
    std::string load_cursor_key();

    struct Stats {
        int connections = 0;
        int busy = 0;
        int queued = 0;
        std::uint64_t retried = 0;
        std::uint64_t dropped = 0;
    };
    Stats stats() const;

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

} // namespace gravity::pg
