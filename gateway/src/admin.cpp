#include "admin.hpp"

#include "wiring.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/router.hpp>
#include <gravity/meta/describe.hpp>

namespace gravity::gateway {

struct RouteView {
    std::string prefix;
    std::string service;
    std::string auth;
    std::optional<std::string> scope;
    std::int64_t timeout_ms = 0;
    bool prefix_removed = false;
    std::int64_t instances = 0;
};
BOOST_DESCRIBE_STRUCT(RouteView, (), (prefix, service, auth, scope, timeout_ms, prefix_removed, instances))

struct RouteViews {
    std::vector<RouteView> items;
};
BOOST_DESCRIBE_STRUCT(RouteViews, (), (items))

struct InstanceView {
    std::string id;
    std::string address;
    std::int64_t port = 0;
    std::int64_t weight = 0;
    std::string zone;
    std::string version;
    std::string breaker;
    std::int64_t in_flight = 0;
    std::int64_t requests = 0;
    std::int64_t failures = 0;
    double ewma_seconds = 0;
};
BOOST_DESCRIBE_STRUCT(InstanceView, (), (id, address, port, weight, zone, version, breaker, in_flight, requests, failures, ewma_seconds))

struct ServiceView {
    std::string name;
    std::vector<InstanceView> instances;
};
BOOST_DESCRIBE_STRUCT(ServiceView, (), (name, instances))

struct ServiceViews {
    std::vector<ServiceView> items;
};
BOOST_DESCRIBE_STRUCT(ServiceViews, (), (items))

namespace {

InstanceView view_of(const Endpoint& endpoint, std::chrono::steady_clock::time_point now) {
    const InstanceSpec& spec = endpoint.spec();
    const Endpoint::Figures figures = endpoint.figures(now);
    return {spec.id, spec.address, spec.port, spec.weight, spec.zone, spec.version, std::string(figures.breaker), static_cast<std::int64_t>(figures.in_flight),
            static_cast<std::int64_t>(figures.requests), static_cast<std::int64_t>(figures.failures), figures.ewma_seconds};
}

Task<RouteViews> list_routes(Ctx& ctx) {
    const auto snapshot = ctx.get<Daemon>().data_path().snapshot();
    RouteViews views;
    for (const Route& route : snapshot->routes()) {
        RouteView view;
        view.prefix = route.prefix;
        view.service = route.cluster->name;
        view.auth = route.surface ? "public" : to_string(route.access);
        if (!route.scope.empty()) view.scope = route.scope;
        view.timeout_ms = route.timeout_ms;
        view.prefix_removed = route.surface;
        view.instances = static_cast<std::int64_t>(route.cluster->endpoints.size());
        views.items.push_back(std::move(view));
    }
    co_return views;
}

Task<ServiceViews> list_services(Ctx& ctx) {
    const auto snapshot = ctx.get<Daemon>().data_path().snapshot();
    const auto now = std::chrono::steady_clock::now();
    ServiceViews views;
    for (const auto& cluster : snapshot->clusters()) {
        ServiceView view;
        view.name = cluster->name;
        for (const auto& endpoint : cluster->endpoints) view.instances.push_back(view_of(*endpoint, now));
        views.items.push_back(std::move(view));
    }
    co_return views;
}

} // namespace

void admin_routes(Router& router) {
    auto gateway = router.collection("/api/v1/gateway", "gateway");
    gateway.get<list_routes>("/routes", {.summary = "The routes in force"});
    gateway.get<list_services>("/services", {.summary = "The services behind the gateway, with what is known of each instance"});
}

} // namespace gravity::gateway
