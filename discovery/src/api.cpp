#include "api.hpp"

#include "api_access.hpp"
#include "go_duration.hpp"

#include <charconv>

namespace gravity::registry::api {
namespace {

using http::Method;

struct Route {
    Method method;
    std::string_view path; // ends with '/': a name follows
    Handler handler;
    Guard guard;
};

// The API on one screen. What is not here is answered 404.
constexpr Route table[] = {
    {Method::get, "agent/services", routes::agent_services, Guard::filters},
    {Method::get, "agent/service/", routes::agent_service, Guard::checks},
    {Method::put, "agent/service/register", routes::agent_register_service, Guard::checks},
    {Method::put, "agent/service/deregister/", routes::agent_deregister_service, Guard::checks},
    {Method::put, "agent/service/maintenance/", routes::agent_service_maintenance, Guard::checks},
    {Method::put, "agent/maintenance", routes::agent_maintenance, Guard::agent_node_write},
    {Method::get, "agent/checks", routes::agent_checks, Guard::filters},
    {Method::put, "agent/check/register", routes::agent_register_check, Guard::checks},
    {Method::put, "agent/check/deregister/", routes::agent_deregister_check, Guard::checks},
    {Method::put, "agent/check/pass/", routes::agent_check_pass, Guard::checks},
    {Method::put, "agent/check/warn/", routes::agent_check_warn, Guard::checks},
    {Method::put, "agent/check/fail/", routes::agent_check_fail, Guard::checks},
    {Method::put, "agent/check/update/", routes::agent_check_update, Guard::checks},
    {Method::get, "agent/self", routes::agent_self, Guard::agent_read},
    {Method::get, "agent/members", routes::agent_members, Guard::filters},
    {Method::put, "catalog/register", routes::catalog_register, Guard::checks},
    {Method::put, "catalog/deregister", routes::catalog_deregister, Guard::checks},
    {Method::get, "catalog/datacenters", routes::catalog_datacenters, Guard::open},
    {Method::get, "catalog/nodes", routes::catalog_nodes, Guard::filters},
    {Method::get, "catalog/services", routes::catalog_services, Guard::filters},
    {Method::get, "catalog/service/", routes::catalog_service, Guard::filters},
    {Method::get, "catalog/node/", routes::catalog_node, Guard::filters},
    {Method::get, "catalog/node-services/", routes::catalog_node_services, Guard::filters},
    {Method::get, "health/service/", routes::health_service, Guard::filters},
    {Method::get, "health/node/", routes::health_node, Guard::filters},
    {Method::get, "health/checks/", routes::health_checks, Guard::filters},
    {Method::get, "health/state/", routes::health_state, Guard::filters},
    {Method::get, "status/leader", routes::status_leader, Guard::open},
    {Method::get, "status/peers", routes::status_peers, Guard::open},
    {Method::get, "kv/", routes::kv_get, Guard::checks},
    {Method::put, "kv/", routes::kv_put, Guard::checks},
    {Method::delete_, "kv/", routes::kv_delete, Guard::checks},
    {Method::put, "session/create", routes::session_create, Guard::checks},
    {Method::put, "session/destroy/", routes::session_destroy, Guard::checks},
    {Method::put, "session/renew/", routes::session_renew, Guard::checks},
    {Method::get, "session/info/", routes::session_info, Guard::filters},
    {Method::get, "session/node/", routes::session_node, Guard::filters},
    {Method::get, "session/list", routes::session_list, Guard::filters},
    {Method::put, "txn", routes::transact, Guard::checks},
    {Method::put, "event/fire/", routes::event_fire, Guard::checks},
    {Method::get, "event/list", routes::event_list, Guard::filters},
    {Method::post, "query", routes::query_create, Guard::checks},
    {Method::get, "query", routes::query_list, Guard::filters},
    {Method::get, "query/", routes::query_get, Guard::checks},
    {Method::put, "query/", routes::query_update, Guard::checks},
    {Method::delete_, "query/", routes::query_delete, Guard::checks},
    {Method::get, "snapshot", routes::snapshot_save, Guard::acl_write},
    {Method::put, "snapshot", routes::snapshot_restore, Guard::acl_write},
    {Method::get, "agent/health/service/id/", routes::agent_health_by_id, Guard::checks},
    {Method::get, "agent/health/service/name/", routes::agent_health_by_name, Guard::checks},
    {Method::get, "agent/version", routes::agent_version, Guard::open},
    {Method::get, "agent/host", routes::agent_host, Guard::operator_read},
    {Method::put, "agent/reload", routes::agent_reload, Guard::agent_write},
    {Method::put, "agent/leave", routes::agent_leave, Guard::agent_write},
    {Method::put, "agent/join/", routes::agent_join, Guard::agent_write},
    {Method::put, "agent/force-leave/", routes::agent_force_leave, Guard::checks},
    {Method::get, "agent/metrics", routes::agent_metrics, Guard::agent_read},
    {Method::get, "agent/monitor", routes::agent_monitor, Guard::agent_read},
    {Method::get, "coordinate/datacenters", routes::coordinate_datacenters, Guard::open},
    {Method::get, "coordinate/nodes", routes::coordinate_nodes, Guard::filters},
    {Method::get, "coordinate/node/", routes::coordinate_node, Guard::checks},
    {Method::put, "coordinate/update", routes::coordinate_update, Guard::checks},
    {Method::get, "operator/raft/configuration", routes::raft_configuration, Guard::operator_read},
    {Method::put, "agent/token/", routes::agent_token, Guard::agent_write},
    {Method::put, "acl/bootstrap", routes::acl_bootstrap, Guard::open},
    {Method::get, "acl/replication", routes::acl_replication, Guard::open},
    {Method::get, "acl/tokens", routes::acl_tokens, Guard::acl_read},
    {Method::put, "acl/token", routes::acl_token_create, Guard::acl_write},
    {Method::get, "acl/token/self", routes::acl_token_self, Guard::open}, // whoever has the secret
    {Method::get, "acl/token/", routes::acl_token_get, Guard::acl_read},
    {Method::put, "acl/token/", routes::acl_token_put, Guard::acl_write},
    {Method::delete_, "acl/token/", routes::acl_token_delete, Guard::acl_write},
    {Method::get, "acl/policies", routes::acl_policies, Guard::acl_read},
    {Method::put, "acl/policy", routes::acl_policy_create, Guard::acl_write},
    {Method::get, "acl/policy/name/", routes::acl_policy_named, Guard::acl_read},
    {Method::get, "acl/policy/", routes::acl_policy_get, Guard::acl_read},
    {Method::put, "acl/policy/", routes::acl_policy_put, Guard::acl_write},
    {Method::delete_, "acl/policy/", routes::acl_policy_delete, Guard::acl_write},
    {Method::get, "acl/roles", routes::acl_roles, Guard::acl_read},
    {Method::put, "acl/role", routes::acl_role_create, Guard::acl_write},
    {Method::get, "acl/role/name/", routes::acl_role_named, Guard::acl_read},
    {Method::get, "acl/role/", routes::acl_role_get, Guard::acl_read},
    {Method::put, "acl/role/", routes::acl_role_put, Guard::acl_write},
    {Method::delete_, "acl/role/", routes::acl_role_delete, Guard::acl_write},
};

bool fits(const Route& route, std::string_view path) {
    return route.path.back() == '/' ? path.starts_with(route.path) : path == route.path;
}

constexpr std::int64_t longest_wait_us = 600'000'000;

void demand(const Context& context, Guard guard) {
    const Access& access = context.access;
    switch (guard) {
    case Guard::open:
    case Guard::filters:
    case Guard::checks: return;
    case Guard::acl_read: return api::demand(access, Resource::acl, Grant::read);
    case Guard::acl_write: return api::demand(access, Resource::acl, Grant::write);
    case Guard::agent_read: return api::demand(access, Resource::agent, Grant::read, context.agent.node);
    case Guard::agent_write: return api::demand(access, Resource::agent, Grant::write, context.agent.node);
    case Guard::agent_node_write: return api::demand(access, Resource::node, Grant::write, context.agent.node);
    case Guard::operator_read: return api::demand(access, Resource::operator_, Grant::read);
    case Guard::undecided: break;
    }
    throw ApiError(403, "Permission denied");
}

const Route& route_of(const Context& context, const Call& call) {
    const Route* best = nullptr;
    std::string allowed;
    for (const Route& route : table) {
        if (!fits(route, call.path)) continue;
        // The longest path decides: "agent/service/register" is not a service of that name.
        if (best != nullptr && route.path.size() < best->path.size()) continue;
        if (best == nullptr || route.path.size() > best->path.size()) {
            best = &route;
            allowed.clear();
        }
        if (route.method == call.method) best = &route;
        allowed += (allowed.empty() ? "" : ",") + std::string(http::to_string(route.method));
    }
    if (best == nullptr) throw ApiError(404, "Invalid URL path: not a recognized HTTP API endpoint");
    if (best->method != call.method) throw ApiError(405, "method " + std::string(http::to_string(call.method)) + " not allowed, only " + allowed);
    if (const std::string dc = call.query.get("dc"); !dc.empty() && dc != context.agent.datacenter) throw ApiError(500, "No path to datacenter");
    const bool about_rules = call.path.starts_with("acl/") || call.path.starts_with("agent/token/");
    if (about_rules && (context.acl == nullptr || !context.acl->enabled())) throw ApiError(401, "ACL support disabled");
    if (best->guard != Guard::open && !context.access.failure().empty()) throw ApiError(403, context.access.failure());
    demand(context, best->guard);
    return *best;
}

} // namespace

// An address of IPv6 in brackets, as Go joins them.
std::string Agent::at_port(const std::string& name, int other_port) {
    const bool is_v6 = name.find(':') != std::string::npos;
    return (is_v6 ? '[' + name + ']' : name) + ':' + std::to_string(other_port);
}

std::vector<RouteInfo> routes_info() {
    std::vector<RouteInfo> all;
    for (const Route& route : table) all.push_back({route.method, route.path, route.guard});
    return all;
}

const std::string* Query::find(std::string_view name) const {
    for (const auto& parameter : parameters_)
        if (parameter.name == name) return &parameter.value;
    return nullptr;
}

std::vector<std::string> Query::all(std::string_view name) const {
    std::vector<std::string> values;
    for (const auto& parameter : parameters_)
        if (parameter.name == name) values.push_back(parameter.value);
    return values;
}

bool Query::flag(std::string_view name) const {
    const std::string* value = find(name);
    if (value == nullptr || *value == "0" || *value == "false") return false;
    if (value->empty() || *value == "1" || *value == "true") return true;
    throw ApiError(400, "Invalid value for ?" + std::string(name));
}

std::optional<std::uint64_t> Query::number(std::string_view name) const {
    const std::string* value = find(name);
    if (value == nullptr) return std::nullopt;
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), number);
    if (error != std::errc() || end != value->data() + value->size()) throw ApiError(400, "Invalid value for ?" + std::string(name));
    return number;
}

const std::string& BodyCache::get(const std::string& key, std::int64_t index, const std::function<std::string()>& make) {
    if (const auto found = entries_.find(key); found != entries_.end() && found->second.index == index) return found->second.body;
    if (entries_.size() >= max_entries) entries_.clear(); // names nobody registered must not fill the memory
    Entry& entry = entries_[key];
    entry = {index, make()};
    return entry.body;
}

std::size_t body_limit(std::string_view path) {
    if (path == "/v1/snapshot") return 512 * 1024 * 1024;
    return path.starts_with("/v1/kv/") ? 512 * 1024 : 1024 * 1024;
}

Call parse_call(Method method, std::string_view path, std::string_view query, std::string_view body) {
    Call call;
    call.method = method == Method::head ? Method::get : method;
    const auto decoded = http::percent_decode(path.substr(std::string_view("/v1/").size()));
    auto parameters = http::parse_query(query);
    if (!decoded) throw ApiError(400, "Malformed percent-encoding in the path");
    if (!parameters) throw ApiError(400, "Malformed query");
    call.path = *decoded;
    // Keys are bytes of any kind; names are texts, and NUL is what separates them in the tables.
    const bool is_key = call.path.starts_with("kv/");
    if (!is_key && call.path.find('\0') != std::string::npos) throw ApiError(400, "Invalid character in the path");
    for (const auto& parameter : *parameters)
        if (parameter.value.find('\0') != std::string::npos) throw ApiError(400, "Invalid character in ?" + parameter.name);
    call.query = Query(*std::move(parameters));
    call.body = body;
    return call;
}

void admit(const Context& context, const Call& call) { route_of(context, call); }

Plan decide(const Context& context, Call call) {
    const Route& route = route_of(context, call);
    call.rest = call.path.substr(route.path.size());
    return route.handler(context, call);
}

Blocking blocking_of(const Query& query) {
    Blocking blocking;
    if (query.has("stale") && query.has("consistent")) throw ApiError(400, "Cannot specify ?stale with ?consistent, conflicting semantics.");
    if (query.has("stale")) blocking.consistency = "stale";
    if (query.has("consistent")) blocking.consistency = "consistent";
    if (query.has("index")) {
        std::optional<std::uint64_t> index;
        try {
            index = query.number("index");
        } catch (const ApiError&) {
            throw ApiError(400, "Invalid index");
        }
        blocking.index = *index;
    }
    blocking.hash = query.get("hash");
    if (query.has("wait")) {
        const auto wait = GoDuration::parse(query.get("wait"));
        if (!wait) throw ApiError(400, "Invalid wait time");
        if (wait->us() > 0) blocking.wait_us = std::min(wait->us(), longest_wait_us);
    }
    return blocking;
}

} // namespace gravity::registry::api
