#pragma once

#include "acl.hpp"
#include "commands.hpp"
#include "probe.hpp"

#include <gravity/http/message.hpp>
#include <gravity/log/log.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// Consul's HTTP API v1, decided without I/O: a request becomes an answer, a read of the model that may wait for a change, or a command.
namespace gravity::registry::api {

/// A refusal in Consul's form: plain text.
struct ApiError : std::runtime_error {
    ApiError(int s, const std::string& text) : std::runtime_error(text), status(s) {}
    int status;
};

/// What an operator may do to the process by the API.
struct Control {
    std::function<Configure()> reload{}; // reads its configuration anew; throws std::runtime_error. Null: there is none
    std::function<void()> leave{};       // ends the process in order. Null: not by the API
};

/// This daemon as its clients see it: the agent, on whose node services register.
struct Agent {
    std::string node;
    std::string node_id;
    std::string address;
    std::string datacenter = "dc1";
    std::string version; // of Consul, as clients branch on it
    int port = 0;        // HTTP
    std::string host{};  // its name, by which metrics are told apart
    Texts node_meta{};
    Scripts scripts = Scripts::none; // that are executed
    int server_port = 8300;          // by which Consul's servers name each other; nothing listens there
    std::shared_ptr<const Control> control{};
    /// Through the API: those of the configuration do not come that way.
    Scripts registrable_scripts() const { return scripts == Scripts::all ? Scripts::all : Scripts::none; }
    /// Its address with a port.
    std::string address_at(int other_port) const { return at_port(address, other_port); }
    /// As a server is named among servers.
    std::string server_address() const { return address_at(server_port); }
    /// host:port, or [host]:port of IPv6.
    static std::string at_port(const std::string& name, int other_port);
};

/// Where Consul's agents gossip; nothing listens there.
inline constexpr int serf_lan_port = 8301, serf_wan_port = 8302;

/// Bodies of the hot reads, kept while the index they were made at is that of the watch. I/O thread only.
class BodyCache {
public:
    /// The body under `key`, made by `make` if there is none of this index.
    const std::string& get(const std::string& key, std::int64_t index, const std::function<std::string()>& make);

private:
    struct Entry {
        std::int64_t index;
        std::string body;
    };
    static constexpr std::size_t max_entries = 4096;
    std::map<std::string, Entry, std::less<>> entries_;
};

struct Context {
    const Model& model;
    const Agent& agent;
    BodyCache& cache;
    Access access{};          // of the bearer of the request
    Acl* acl = nullptr;       // null: there are no access rules
    std::string_view secret{}; // of the request, as it came; not to be kept
};

/// Decoded query parameters; unknown ones are ignored.
class Query {
public:
    Query() = default;
    explicit Query(std::vector<http::QueryParameter> parameters) : parameters_(std::move(parameters)) {}

    bool has(std::string_view name) const { return find(name) != nullptr; }
    std::string get(std::string_view name) const { return find(name) ? *find(name) : std::string(); }
    std::vector<std::string> all(std::string_view name) const;
    /// `?name`, `?name=`, `?name=true` and `?name=1`; false if absent, 0 or false; anything else is refused.
    bool flag(std::string_view name) const;
    /// A decimal number; nothing if absent, refused if it is none.
    std::optional<std::uint64_t> number(std::string_view name) const;

private:
    const std::string* find(std::string_view name) const;
    std::vector<http::QueryParameter> parameters_;
};

/// A request below /v1.
struct Call {
    http::Method method = http::Method::get;
    std::string path; // decoded once, without "/v1/"
    std::string rest; // what follows the route's path: a name, an id, a key
    Query query;
    std::string_view body;
    std::string sender{}; // address of who sent it; empty: not known
};

struct Answer {
    int status = 200;
    std::string body;
    std::string content_type = "application/json";
    std::string hash{}; // of the body, where clients wait for it to differ
    bool filtered = false; // something is missing that the bearer may not see
};

/// What a blocking query asks for.
struct Blocking {
    std::uint64_t index = 0; // 0: do not wait
    std::string hash;
    std::int64_t wait_us = 300'000'000;
    std::string consistency = "leader";
};

struct ReadPlan {
    std::string watched; // empty: answered at once, without an index
    std::function<Answer(const Model&)> answer;
    /// Where the index is not that of the watch and does not grow: it waits for another one.
    std::function<std::uint64_t(const Model&)> index{};
    std::string looks_up{}; // name of the service whose instances are wanted; empty: it is about something else
};
/// Whose owner has just shown that it lives.
enum class Renewed : unsigned char {
    instance,
    check,
    session
};
struct WritePlan {
    Command command;
    std::function<Answer(const Reply&)> answer;
    std::string renews{}; // key of the row; empty: nothing
    Renewed renewed = Renewed::instance;
};
/// Lines of the log as they come, until the client goes.
struct MonitorPlan {
    log::Level level = log::Level::info;
    bool json = false;
};
using Plan = std::variant<Answer, ReadPlan, WritePlan, MonitorPlan>;

/// The most a body may have for this path, in bytes.
std::size_t body_limit(std::string_view path);

/// Throws ApiError. `target` and `query` raw, as in the request; `path` begins with "/v1/".
Call parse_call(http::Method method, std::string_view path, std::string_view query, std::string_view body);
/// Whether there is such a route, and the bearer may use it as far as the path tells: before the body is read. Throws ApiError.
void admit(const Context& context, const Call& call);
Plan decide(const Context& context, Call call);
Blocking blocking_of(const Query& query);

/// How it is decided who may use a route. There is none without.
enum class Guard : unsigned char {
    undecided, // a fault of the table: nobody may
    open,      // everybody: it shows and changes nothing that is kept from anybody
    filters,   // its answer leaves out what may not be seen
    checks,    // depends on what is named in the request
    acl_read,
    acl_write, // also snapshots, which hold everything
    agent_read,
    agent_write,
    agent_node_write,
    operator_read
};
struct RouteInfo {
    http::Method method;
    std::string_view path;
    Guard guard;
};
/// The route table, for tests that must miss none.
std::vector<RouteInfo> routes_info();

/// The handlers of the route table, by area.
using Handler = Plan (*)(const Context& context, const Call& call);
namespace routes {
Plan agent_services(const Context&, const Call&);
Plan agent_service(const Context&, const Call&);
Plan agent_register_service(const Context&, const Call&);
Plan agent_deregister_service(const Context&, const Call&);
Plan agent_service_maintenance(const Context&, const Call&);
Plan agent_maintenance(const Context&, const Call&);
Plan agent_checks(const Context&, const Call&);
Plan agent_register_check(const Context&, const Call&);
Plan agent_deregister_check(const Context&, const Call&);
Plan agent_check_pass(const Context&, const Call&);
Plan agent_check_warn(const Context&, const Call&);
Plan agent_check_fail(const Context&, const Call&);
Plan agent_check_update(const Context&, const Call&);
Plan agent_self(const Context&, const Call&);
Plan agent_members(const Context&, const Call&);
Plan catalog_register(const Context&, const Call&);
Plan catalog_deregister(const Context&, const Call&);
Plan catalog_datacenters(const Context&, const Call&);
Plan catalog_nodes(const Context&, const Call&);
Plan catalog_services(const Context&, const Call&);
Plan catalog_service(const Context&, const Call&);
Plan catalog_node(const Context&, const Call&);
Plan catalog_node_services(const Context&, const Call&);
Plan health_service(const Context&, const Call&);
Plan health_node(const Context&, const Call&);
Plan health_checks(const Context&, const Call&);
Plan health_state(const Context&, const Call&);
Plan status_leader(const Context&, const Call&);
Plan status_peers(const Context&, const Call&);
Plan kv_get(const Context&, const Call&);
Plan kv_put(const Context&, const Call&);
Plan kv_delete(const Context&, const Call&);
Plan session_create(const Context&, const Call&);
Plan session_destroy(const Context&, const Call&);
Plan session_renew(const Context&, const Call&);
Plan session_info(const Context&, const Call&);
Plan session_node(const Context&, const Call&);
Plan session_list(const Context&, const Call&);
Plan transact(const Context&, const Call&);
Plan event_fire(const Context&, const Call&);
Plan event_list(const Context&, const Call&);
Plan query_create(const Context&, const Call&);
Plan query_list(const Context&, const Call&);
Plan query_get(const Context&, const Call&);
Plan query_update(const Context&, const Call&);
Plan query_delete(const Context&, const Call&);
Plan snapshot_save(const Context&, const Call&);
Plan snapshot_restore(const Context&, const Call&);
Plan agent_health_by_id(const Context&, const Call&);
Plan agent_health_by_name(const Context&, const Call&);
Plan agent_version(const Context&, const Call&);
Plan agent_host(const Context&, const Call&);
Plan agent_reload(const Context&, const Call&);
Plan agent_leave(const Context&, const Call&);
Plan agent_join(const Context&, const Call&);
Plan agent_force_leave(const Context&, const Call&);
Plan agent_metrics(const Context&, const Call&);
Plan agent_monitor(const Context&, const Call&);
Plan coordinate_datacenters(const Context&, const Call&);
Plan coordinate_nodes(const Context&, const Call&);
Plan coordinate_node(const Context&, const Call&);
Plan coordinate_update(const Context&, const Call&);
Plan raft_configuration(const Context&, const Call&);
Plan agent_token(const Context&, const Call&);
Plan acl_bootstrap(const Context&, const Call&);
Plan acl_replication(const Context&, const Call&);
Plan acl_tokens(const Context&, const Call&);
Plan acl_token_create(const Context&, const Call&);
Plan acl_token_self(const Context&, const Call&);
Plan acl_token_get(const Context&, const Call&);
Plan acl_token_put(const Context&, const Call&);
Plan acl_token_delete(const Context&, const Call&);
Plan acl_policies(const Context&, const Call&);
Plan acl_policy_create(const Context&, const Call&);
Plan acl_policy_named(const Context&, const Call&);
Plan acl_policy_get(const Context&, const Call&);
Plan acl_policy_put(const Context&, const Call&);
Plan acl_policy_delete(const Context&, const Call&);
Plan acl_roles(const Context&, const Call&);
Plan acl_role_create(const Context&, const Call&);
Plan acl_role_named(const Context&, const Call&);
Plan acl_role_get(const Context&, const Call&);
Plan acl_role_put(const Context&, const Call&);
Plan acl_role_delete(const Context&, const Call&);
} // namespace routes

} // namespace gravity::registry::api
