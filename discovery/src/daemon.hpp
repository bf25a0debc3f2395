#pragma once

#include "acl.hpp"
#include "api.hpp"
#include "call_graph.hpp"
#include "checker.hpp"
#include "dns_server.hpp"
#include "engine.hpp"
#include "timekeeper.hpp"
#include "wait_hub.hpp"
#include "watches.hpp"

#include <gravity/http/exchange.hpp>

#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gravity::registry {

struct DaemonOptions {
    api::Agent agent; // an empty node_id is taken from the store, or made
    std::size_t max_waiters = 100'000;
    std::optional<dns::ServerOptions> dns{}; // absent: no DNS
    dns::ZoneOptions zone{};                 // node and datacenter are the agent's
    AclOptions acl{};                        // datacenter is the agent's
    /// Who sent this token of the platform; nothing if it is no good, or none are taken here.
    std::function<Task<std::optional<Caller>>(std::string token)> caller_of{};
};

/// The parts put together: requests go in, answers come out. I/O thread only.
class Daemon {
public:
    /// Alone, with a store of its own, which is loaded. Throws StoreError.
    Daemon(boost::asio::io_context& io, std::unique_ptr<Store> store, DaemonOptions options);
    /// With others, if the engine's store is shared.
    Daemon(boost::asio::io_context& io, std::unique_ptr<Engine> engine, DaemonOptions options);
    ~Daemon();

    /// Answers everything below /v1/.
    Task<void> handle(http::Exchange& exchange);
    /// For as long as the daemon lives: deadlines, reaping, and this node's own entries.
    Task<void> keep_time();
    /// Ends waiting and checking; requests are still answered.
    void drain();

    /// Who sent a request to one of Gravity's own routes, by a token of the access rules; nothing if there are none, or if it has no such token that is good.
    Task<std::optional<Caller>> caller_of(const http::Request& request);
    /// What the sender of such a request may do; nothing without access rules.
    Task<std::optional<Access>> access_of(const http::Request& request, const Caller* caller);

    /// Why writes fail now; nothing if they do not. Tries one while they do.
    std::optional<std::string> store_failure();

    /// Ends what only one of several daemons does, so that another can go on with it at once.
    Task<void> resign();

    Engine& engine() { return *engine_; }
    std::size_t waiting() const { return hub_.waiting(); }
    Watches& watches() { return *watches_; }
    CallGraph& calls() { return calls_; }
    const api::Agent& agent() const { return agent_; }
    const dns::Server* dns() const { return dns_.get(); }

private:
    Task<http::Response> answer(http::Exchange& exchange);
    struct Asked;
    Task<http::Response> read(http::Exchange& exchange, Asked asked, api::ReadPlan plan);
    Task<Access> access_of(std::string secret);
    Task<std::optional<Access>> access_by_own_token(std::string secret);
    Task<void> make_management_token();
    api::Context context_of(const Asked& asked);
    Task<http::Response> write(api::WritePlan plan);
    void on_changes(const std::vector<Change>& changes, const std::set<std::string>& touched);
    std::string renew(const api::WritePlan& plan);
    Task<void> become_current(api::Blocking blocking);
    void follow_duties();
    void register_self(bool at_start = false);
    void age();
    void review_aliases();
    void measure();

    boost::asio::io_context& io_;
    api::Agent agent_;
    std::unique_ptr<Engine> engine_;
    WaitHub hub_;
    Timekeeper timekeeper_;
    Checker checker_;
    std::unique_ptr<Watches> watches_;
    CallGraph calls_;
    api::BodyCache cache_;
    Acl acl_;
    std::function<Task<std::optional<Caller>>(std::string)> caller_of_;
    bool management_token_made_ = false;
    boost::asio::steady_timer alarm_;
    std::int64_t alarm_at_ = 0;
    bool draining_ = false;
    std::deque<std::pair<std::int64_t, std::int64_t>> ages_; // (time, index then): which index is how old
    struct Gauges;
    std::unique_ptr<Gauges> gauges_;
    std::unique_ptr<dns::Server> dns_; // last: it reads the model
};

} // namespace gravity::registry
