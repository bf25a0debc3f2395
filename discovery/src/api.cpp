#include "api.hpp"

#include "go_duration.hpp"

#include <charconv>

namespace gravity::registry::api {
namespace {

using http::Method;

struct Route {
    Method method;
    std::string_view path; // ends with '/': a name follows
    Handler handler;
};

// The API on one screen. What is not here is answered 404.
constexpr Route table[] = {
    {Method::get, "agent/services", routes::agent_services},
    {Method::get, "agent/service/", routes::agent_service},
    {Method::put, "agent/service/register", routes::agent_register_service},
    {Method::put, "agent/service/deregister/", routes::agent_deregister_service},
    {Method::put, "agent/service/maintenance/", routes::agent_service_maintenance},
    {Method::put, "agent/maintenance", routes::agent_maintenance},
    {Method::get, "agent/checks", routes::agent_checks},
    {Method::put, "agent/check/register", routes::agent_register_check},
    {Method::put, "agent/check/deregister/", routes::agent_deregister_check},
    {Method::put, "agent/check/pass/", routes::agent_check_pass},
    {Method::put, "agent/check/warn/", routes::agent_check_warn},
    {Method::put, "agent/check/fail/", routes::agent_check_fail},
    {Method::put, "agent/check/update/", routes::agent_check_update},
    {Method::get, "agent/self", routes::agent_self},
    {Method::get, "agent/members", routes::agent_members},
    {Method::put, "catalog/register", routes::catalog_register},
    {Method::put, "catalog/deregister", routes::catalog_deregister},
    {Method::get, "catalog/datacenters", routes::catalog_datacenters},
    {Method::get, "catalog/nodes", routes::catalog_nodes},
    {Method::get, "catalog/services", routes::catalog_services},
    {Method::get, "catalog/service/", routes::catalog_service},
    {Method::get, "catalog/node/", routes::catalog_node},
    {Method::get, "catalog/node-services/", routes::catalog_node_services},
    {Method::get, "health/service/", routes::health_service},
    {Method::get, "health/node/", routes::health_node},
    {Method::get, "health/checks/", routes::health_checks},
    {Method::get, "health/state/", routes::health_state},
    {Method::get, "status/leader", routes::status_leader},
    {Method::get, "status/peers", routes::status_peers},
    {Method::get, "kv/", routes::kv_get},
    {Method::put, "kv/", routes::kv_put},
    {Method::delete_, "kv/", routes::kv_delete},
    {Method::put, "session/create", routes::session_create},
    {Method::put, "session/destroy/", routes::session_destroy},
    {Method::put, "session/renew/", routes::session_renew},
    {Method::get, "session/info/", routes::session_info},
    {Method::get, "session/node/", routes::session_node},
    {Method::get, "session/list", routes::session_list},
    {Method::put, "txn", routes::transact},
    {Method::put, "event/fire/", routes::event_fire},
    {Method::get, "event/list", routes::event_list},
    {Method::post, "query", routes::query_create},
    {Method::get, "query", routes::query_list},
    {Method::get, "query/", routes::query_get},
    {Method::put, "query/", routes::query_update},
    {Method::delete_, "query/", routes::query_delete},
    {Method::get, "snapshot", routes::snapshot_save},
    {Method::put, "snapshot", routes::snapshot_restore},
    {Method::get, "agent/health/service/id/", routes::agent_health_by_id},
    {Method::get, "agent/health/service/name/", routes::agent_health_by_name},
    {Method::get, "agent/version", routes::agent_version},
    {Method::get, "agent/metrics", routes::agent_metrics},
    {Method::get, "coordinate/datacenters", routes::coordinate_datacenters},
    {Method::get, "coordinate/nodes", routes::coordinate_nodes},
    {Method::get, "coordinate/node/", routes::coordinate_node},
    {Method::get, "operator/raft/configuration", routes::raft_configuration},
};

bool fits(const Route& route, std::string_view path) {
    return route.path.back() == '/' ? path.starts_with(route.path) : path == route.path;
}

constexpr std::int64_t longest_wait_us = 600'000'000;

} // namespace

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

Plan decide(const Context& context, Call call) {
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
    call.rest = call.path.substr(best->path.size());
    return best->handler(context, call);
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
