#pragma once

#include <gravity/async/task.hpp>
#include <gravity/redis/command.hpp>
#include <gravity/redis/options.hpp>
#include <gravity/redis/script.hpp>
#include <gravity/redis/url.hpp>
#include <gravity/redis/value.hpp>
#include <gravity/trace/context.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace gravity::redis {

class Backend;

/// A Redis 6+ server, a Sentinel group or a Cluster, over one pipelined connection per node that all callers share;
/// RESP2.
///
/// Threads: everything on the I/O thread of the io_context, which must outlive the client.
///
/// What a failed call says: one that was not yet written waits for the next connection until its deadline (then
/// `timeout` or `unavailable`, not executed); one that was written and lost its connection fails at once with
/// `connection_lost` and maybe_executed(); one that is past its deadline fails with `timeout`, and its reply is
/// discarded when it comes. Nothing written is ever sent again, except what the server itself refused unexecuted
/// (MOVED, ASK, TRYAGAIN, LOADING, and READONLY of a demoted master).
///
/// Commands that change or block a connection (SUBSCRIBE, SELECT, BLPOP, XREAD ... BLOCK, MULTI, WATCH ...) are refused
/// as `usage`: see transaction(), Subscriber, GroupReader, and scripts in place of WATCH.
class Client {
public:
    /// Starts connecting when the io_context runs. Throws std::invalid_argument for a wrong URL or TLS file.
    Client(boost::asio::io_context& io, std::string_view url, Options options = {});
    Client(boost::asio::io_context& io, Url url, Options options = {});
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// The reply; throws Error, also for a reply that is an error. Without a deadline: now + Options::timeout.
    Task<Value> command(Command command, std::optional<TimePoint> deadline = std::nullopt);

    /// The replies in order, errors among them as values. One server: one write, executed in order, other callers'
    /// commands possibly between. Cluster: commands of different slots go to their nodes side by side.
    Task<std::vector<Value>> pipeline(std::vector<Command> commands, std::optional<TimePoint> deadline = std::nullopt);

    /// MULTI ... EXEC in one write: the replies of EXEC, errors among them as values. Throws Error{server} when the
    /// server refused the transaction (nothing was executed). Cluster: all keys in one slot; while that slot is being
    /// migrated, keys it lacks wait.
    Task<std::vector<Value>> transaction(std::vector<Command> commands,
                                         std::optional<TimePoint> deadline = std::nullopt);

    /// EVALSHA, and EVAL when the server does not know the script yet. Cluster: all keys in one slot, at least one key.
    Task<Value> eval(const Script& script, std::vector<std::string> keys, std::vector<std::string> args,
                     std::optional<TimePoint> deadline = std::nullopt);

    /// The same connections for what is done in a trace: each call of what is returned is a span of its own there. `traceparent` is that of a Ctx or
    /// JobCtx; one that is empty, or of a trace that is not sampled, gives no spans. The connections end with the client they are of.
    Client in_trace(std::string_view traceparent) const;

    /// True while a connection is usable (Cluster: the slot map is known and one node is connected).
    bool connected() const;
    /// Why not, for /health/ready; empty when connected.
    std::string last_error() const;
    Stats stats() const;
    const Url& url() const;
    const Options& options() const;

    /// Fails what waits with `closed` and ends the connections. The destructor does it too.
    void close();

    /// For the parts of this module that need connections of their own.
    const std::shared_ptr<Backend>& backend() const { return backend_; }

private:
    Client(std::shared_ptr<Backend> backend, std::optional<trace::Context> parent);
    std::shared_ptr<Backend> backend_;
    std::optional<trace::Context> parent_; // of the spans; a client that has it is a guest on another's connections
    bool guest_ = false;
};

} // namespace gravity::redis
