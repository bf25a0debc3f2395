#include "service_routes.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/json/json.hpp>

#include <algorithm>
#include <stdexcept>

namespace gravity::project {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t most_routes = 2'000, most_services = 100;
constexpr std::chrono::minutes routes_kept{5};
constexpr std::chrono::seconds failure_kept{30}, patience_for_routes{2};

constexpr std::string_view methods[] = {"get", "put", "post", "delete", "patch"};

std::optional<std::string> text_in(const Json& object, std::string_view name) {
    const Json* const value = object.find(name);
    return value != nullptr && value->is_string() ? std::optional<std::string>(value->as_string()) : std::nullopt;
}

// A token is asked for where every alternative names a scheme (OpenAPI 3.1, Security Requirement Object): `{}` among them is open to all.
bool takes_a_token(const Json& operation) {
    const Json* const security = operation.find("security");
    if (security == nullptr || !security->is_array() || security->size() == 0) return false;
    const auto& ways = security->as_array();
    return std::none_of(ways.begin(), ways.end(), [](const Json& way) { return way.size() == 0; });
}

// `bearer` with the scopes of the first alternative, of which ours have one.
std::optional<std::string> scope_of(const Json& operation) {
    const Json* const scopes = operation.at_pointer("/security/0/bearer");
    if (scopes == nullptr || !scopes->is_array() || scopes->size() == 0 || !scopes->as_array()[0].is_string()) return std::nullopt;
    return scopes->as_array()[0].as_string();
}

} // namespace

std::vector<ReachedRoute> parse_routes(std::string_view document) {
    const auto json = Json::parse(document);
    const Json* const paths = json ? json->find("paths") : nullptr;
    if (paths == nullptr || !paths->is_object()) throw std::invalid_argument("answered what is no OpenAPI document");
    std::vector<ReachedRoute> routes;
    for (const auto& [path, operations] : paths->as_object())
        for (const std::string_view method : methods) {
            const Json* const operation = operations.find(method);
            if (operation == nullptr || !takes_a_token(*operation) || routes.size() >= most_routes) continue;
            std::string name(method);
            std::transform(name.begin(), name.end(), name.begin(), [](char c) { return static_cast<char>(c - 'a' + 'A'); });
            routes.push_back({std::move(name), path, scope_of(*operation), text_in(*operation, "summary")});
        }
    return routes;
}

std::vector<ReachedRoute> reached_by(const Caller& bearer, const std::vector<ReachedRoute>& routes) {
    std::vector<ReachedRoute> reached;
    std::copy_if(routes.begin(), routes.end(), std::back_inserter(reached),
                 [&](const ReachedRoute& route) { return !route.scope || bearer.may(*route.scope); });
    return reached;
}

Task<ServiceRoutes::Known> ServiceRoutes::ask(const Ctx& ctx, const std::string& service) {
    discovery::Neighbour neighbour;
    neighbour.service = service;
    discovery::Outgoing call;
    call.target = "/openapi.json";
    call.attempt_timeout = patience_for_routes;
    call.deadline = std::min(ctx.deadline(), steady_clock::now() + patience_for_routes);
    call.traceparent = ctx.traceparent();
    const discovery::Incoming incoming = co_await neighbours_.send(neighbour, std::move(call));
    Known known{service, {}, std::make_shared<std::vector<ReachedRoute>>()};
    if (!incoming.response) {
        known.problem = incoming.absence;
    } else if (incoming.response->status != 200) {
        known.problem = "answered " + std::to_string(incoming.response->status);
    } else {
        try {
            known.routes = std::make_shared<std::vector<ReachedRoute>>(parse_routes(incoming.response->body));
        } catch (const std::invalid_argument& fault) {
            known.problem = fault.what();
        }
    }
    co_return known;
}

Task<std::vector<ServiceRoutes::Known>> ServiceRoutes::all(const Ctx& ctx) {
    std::vector<std::string> names = co_await registered_.names();
    names.emplace_back("project");
    if (names.size() > most_services) names.resize(most_services);
    std::vector<Known> known;
    std::map<std::string, Entry> kept; // what is registered no more is forgotten
    for (const std::string& name : names) {
        const auto present = kept_.find(name);
        if (present != kept_.end() && steady_clock::now() < present->second.until) {
            kept.insert(*present);
            known.push_back(present->second.known);
            continue;
        }
        Known answer = co_await ask(ctx, name);
        const auto until = steady_clock::now() + (answer.problem.empty() ? std::chrono::seconds(routes_kept) : failure_kept);
        known.push_back(answer);
        kept.insert_or_assign(name, Entry{std::move(answer), until});
    }
    kept_ = std::move(kept);
    co_return known;
}

} // namespace gravity::project
