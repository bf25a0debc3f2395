#include "admin.hpp"

#include "explain.hpp"
#include "wiring.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/http/router.hpp>
#include <gravity/meta/describe.hpp>

namespace gravity::gateway {

struct BackendView {
    std::string service;
    std::int64_t weight = 1;
    std::int64_t instances = 0;
};
BOOST_DESCRIBE_STRUCT(BackendView, (), (service, weight, instances))

struct RouteView {
    std::string name;
    std::string prefix;
    std::string kind;
    std::vector<std::string> hostnames;
    std::optional<std::string> method;
    std::vector<std::string> headers;
    std::vector<std::string> queries;
    std::vector<BackendView> backends;
    std::string auth;
    std::optional<std::string> scope;
    std::optional<std::string> client_certificate; // "any", or the names of which it must have one
    std::int64_t timeout_ms = 0;
    bool prefix_removed = false;
    std::string cache;
    bool compress = false;
    bool hedge = false;
    std::optional<double> late_after_seconds; // of one that hedges, once it is known
};
BOOST_DESCRIBE_STRUCT(RouteView, (),
                      (name, prefix, kind, hostnames, method, headers, queries, backends, auth, scope, client_certificate, timeout_ms, prefix_removed, cache,
                       compress, hedge, late_after_seconds))

struct RouteViews {
    std::vector<RouteView> items;
};
BOOST_DESCRIBE_STRUCT(RouteViews, (), (items))

struct RouteDocument {
    std::string name;
    std::string source; // "file", "admin"
    std::int64_t version = 0;
    Json document;
};
BOOST_DESCRIBE_STRUCT(RouteDocument, (), (name, source, version, document))

struct InstanceView {
    std::string service;
    std::string id;
    std::string address;
    std::int64_t port = 0;
    std::int64_t weight = 0;
    std::string zone;
    std::string version;
    bool tls = false;
    std::string breaker;
    std::string hold;
    std::int64_t in_flight = 0;
    std::int64_t requests = 0;
    std::int64_t failures = 0;
    double ewma_seconds = 0;
    bool ejected = false;
    std::int64_t ejections = 0;
    std::int64_t breaker_opened = 0;
};
BOOST_DESCRIBE_STRUCT(InstanceView, (),
                      (service, id, address, port, weight, zone, version, tls, breaker, hold, in_flight, requests, failures, ewma_seconds, ejected, ejections,
                       breaker_opened))

struct InstanceViews {
    std::vector<InstanceView> items;
};
BOOST_DESCRIBE_STRUCT(InstanceViews, (), (items))

struct ServiceView {
    std::string name;
    std::vector<InstanceView> instances;
};
BOOST_DESCRIBE_STRUCT(ServiceView, (), (name, instances))

struct ServiceViews {
    std::vector<ServiceView> items;
};
BOOST_DESCRIBE_STRUCT(ServiceViews, (), (items))

struct ConnectionViews {
    std::int64_t open = 0;
    std::vector<std::int64_t> by_thread;
};
BOOST_DESCRIBE_STRUCT(ConnectionViews, (), (open, by_thread))

struct CachePurge {
    std::optional<Text<1, 8192>> key;    // "shop.example/a?b=c", with a scheme or without
    std::optional<Text<1, 8192>> prefix; // "shop.example/a"
    std::optional<Text<1, 200>> tag;     // of Cache-Tag
};
BOOST_DESCRIBE_STRUCT(CachePurge, (), (key, prefix, tag))
void check(const CachePurge& purge, meta::Errors& errors) {
    if (purge.key.has_value() + purge.prefix.has_value() + purge.tag.has_value() != 1) errors.reject("", "must have one of key, prefix and tag");
    for (const auto* url : {&purge.key, &purge.prefix})
        if (*url && !parse_cache_url((*url)->str())) errors.reject(url == &purge.key ? "key" : "prefix", "must be a host with a path, such as shop.example/a");
}

struct CachePurged {
    std::int64_t purged = 0;
};
BOOST_DESCRIBE_STRUCT(CachePurged, (), (purged))

struct TokenRevocation {
    std::optional<Text<1, 200>> jti;
    std::optional<Text<1, 200>> sub;
    std::optional<Timestamp> before; // of `sub`; absent: now
};
BOOST_DESCRIBE_STRUCT(TokenRevocation, (), (jti, sub, before))
void check(const TokenRevocation& revocation, meta::Errors& errors) {
    if (revocation.jti.has_value() == revocation.sub.has_value()) errors.reject("", "must have either jti or sub");
}

namespace {

InstanceView view_of(const Endpoint& endpoint, std::chrono::steady_clock::time_point now) {
    const InstanceSpec& spec = endpoint.spec();
    const Endpoint::Figures figures = endpoint.figures(now);
    InstanceView view;
    view.service = endpoint.service();
    view.id = spec.id;
    view.address = spec.address;
    view.port = spec.port;
    view.weight = spec.weight;
    view.zone = spec.zone;
    view.version = spec.version;
    view.tls = spec.tls.has_value();
    view.breaker = figures.breaker;
    view.hold = to_string(endpoint.held());
    view.in_flight = static_cast<std::int64_t>(figures.in_flight);
    view.requests = static_cast<std::int64_t>(figures.requests);
    view.failures = static_cast<std::int64_t>(figures.failures);
    view.ewma_seconds = figures.ewma_seconds;
    view.ejected = figures.ejected;
    view.ejections = static_cast<std::int64_t>(figures.ejections);
    view.breaker_opened = static_cast<std::int64_t>(figures.breaker_opened);
    return view;
}

BackendView view_of(const Cluster& cluster, std::int64_t weight) { return {cluster.name, weight, static_cast<std::int64_t>(cluster.endpoints.size())}; }

RouteView view_of(const Route& route) {
    RouteView view;
    view.name = route.label();
    view.prefix = route.prefix;
    view.kind = to_string(route.kind());
    if (route.document) view.hostnames = route.document->hostnames;
    if (route.match) {
        if (!route.match->method.empty()) view.method = route.match->method;
        for (const ValueMatch& header : route.match->headers) view.headers.push_back(header.name);
        for (const ValueMatch& query : route.match->queries) view.queries.push_back(query.name);
    }
    if (route.cluster) view.backends.push_back(view_of(*route.cluster, 1));
    for (const Backend& backend : route.backends) view.backends.push_back(view_of(*backend.cluster, backend.spec->weight));
    view.auth = route.surface ? "public" : to_string(route.access);
    if (!route.scope.empty()) view.scope = route.scope;
    if (route.certificate.needed) view.client_certificate = to_string(route.certificate);
    view.timeout_ms = route.timeout_ms;
    view.prefix_removed = route.surface;
    view.compress = route.compress;
    view.hedge = route.pace != nullptr;
    if (route.pace)
        if (const auto late = route.pace->late_after()) view.late_after_seconds = std::chrono::duration<double>(*late).count();
    view.cache = to_string(route.cache);
    return view;
}

RouteDocument view_of(const Daemon::StoredRoute& stored) {
    return {stored.route->name, stored.version == 0 ? "file" : "admin", stored.version, stored.route->document};
}

Task<RouteViews> list_routes(Ctx& ctx) {
    const auto snapshot = ctx.get<Daemon>().data_path().snapshot();
    RouteViews views;
    for (const Route& route : snapshot->routes()) views.items.push_back(view_of(route));
    co_return views;
}

Task<RouteDocument> read_route(Ctx& ctx, Path<"name", std::string> name) {
    const auto stored = ctx.get<Daemon>().route(*name);
    if (!stored) throw Refusal(problems::not_found);
    co_return view_of(*stored);
}

Task<RouteDocument> put_route(Ctx& ctx, Path<"name", std::string> name, IfMatch expected, Body<Json> in) {
    Daemon& daemon = ctx.get<Daemon>();
    auto route = parse_http_route(*in);
    if (!route) throw Refusal(problems::invalid, route.why());
    if ((*route)->name != *name) throw Refusal(problems::invalid, "metadata.name is not the name in the path");
    const auto known = daemon.route(*name);
    expected.check_version(known ? known->version : 0);
    co_return view_of(daemon.put_route(*std::move(route)));
}

Task<NoContent> remove_route(Ctx& ctx, Path<"name", std::string> name, IfMatch expected) {
    Daemon& daemon = ctx.get<Daemon>();
    const auto known = daemon.route(*name);
    if (known) expected.check_version(known->version);
    daemon.remove_route(*name);
    co_return NoContent{};
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

Task<InstanceViews> list_instances(Ctx& ctx) {
    const auto snapshot = ctx.get<Daemon>().data_path().snapshot();
    const auto now = std::chrono::steady_clock::now();
    InstanceViews views;
    for (const auto& cluster : snapshot->clusters())
        for (const auto& endpoint : cluster->endpoints) views.items.push_back(view_of(*endpoint, now));
    co_return views;
}

/// All instances of that id; services may have chosen the same one.
InstanceViews hold(const Snapshot& snapshot, std::string_view id, Hold how) {
    const auto now = std::chrono::steady_clock::now();
    InstanceViews views;
    for (const auto& cluster : snapshot.clusters())
        for (const auto& endpoint : cluster->endpoints) {
            if (endpoint->spec().id != id) continue;
            endpoint->hold(how);
            views.items.push_back(view_of(*endpoint, now));
        }
    if (views.items.empty()) throw Refusal(problems::not_found);
    return views;
}

Task<InstanceViews> drain_instance(Ctx& ctx, Path<"id", std::string> id) { co_return hold(*ctx.get<Daemon>().data_path().snapshot(), *id, Hold::drained); }
Task<InstanceViews> eject_instance(Ctx& ctx, Path<"id", std::string> id) { co_return hold(*ctx.get<Daemon>().data_path().snapshot(), *id, Hold::ejected); }
Task<InstanceViews> restore_instance(Ctx& ctx, Path<"id", std::string> id) { co_return hold(*ctx.get<Daemon>().data_path().snapshot(), *id, Hold::none); }

Task<ConnectionViews> list_connections(Ctx& ctx) {
    ConnectionViews views;
    for (const std::size_t count : ctx.get<Daemon>().data_path().connections_by_core()) {
        views.by_thread.push_back(static_cast<std::int64_t>(count));
        views.open += views.by_thread.back();
    }
    co_return views;
}

Task<Explanation> explain_request(Ctx& ctx, Body<ExplainRequest> in) {
    Daemon& daemon = ctx.get<Daemon>();
    const auto snapshot = daemon.data_path().snapshot();
    co_return explain(*in, *snapshot, daemon.gate(), daemon.pages());
}

Task<CachePurged> purge_cache(Ctx& ctx, Body<CachePurge> in) {
    Daemon& daemon = ctx.get<Daemon>();
    ResponseCache& cache = daemon.cache();
    const auto now = std::chrono::steady_clock::now();
    CachePurged done;
    if (in->key) done.purged = static_cast<std::int64_t>(cache.purge_url(parse_cache_url(in->key->str()).value_or(""), now));
    else if (in->prefix) done.purged = static_cast<std::int64_t>(cache.purge_prefix(parse_cache_url(in->prefix->str()).value_or(""), now));
    else done.purged = static_cast<std::int64_t>(cache.purge_tag(in->tag->str(), now));
    daemon.telemetry().show(cache);
    co_return done;
}

Task<NoContent> revoke_tokens(Ctx& ctx, Body<TokenRevocation> in) {
    Revocations& revocations = ctx.get<Daemon>().gate().revocations();
    const std::int64_t now = gravity::now().unix_seconds();
    if (in->jti) revocations.revoke_token(in->jti->str(), now);
    else revocations.revoke_subject(in->sub->str(), in->before ? in->before->unix_seconds() : now, now);
    co_return NoContent{};
}

} // namespace

void admin_routes(Router& router) {
    constexpr std::string_view read = "gateway:read", change = "gateway:admin";
    auto gateway = router.collection("/api/v1/gateway", "gateway");
    gateway.get<list_routes>("/routes", {.summary = "The routes in force"});
    gateway.get<read_route>("/routes/{name}", {.summary = "An HTTPRoute document that is followed"});
    gateway.put<put_route>("/routes/{name}", {.summary = "Follow an HTTPRoute document from now on, as long as the process lives", .scope = change});
    gateway.del<remove_route>("/routes/{name}", {.summary = "Follow a document no longer", .scope = change});
    gateway.get<list_services>("/services", {.summary = "The services behind the gateway, with what is known of each instance"});
    gateway.get<list_instances>("/instances", {.summary = "All instances"});
    gateway.post<drain_instance>("/instances/{id}/drain", {.summary = "Begin no request at an instance that is to be taken away", .scope = change});
    gateway.post<eject_instance>("/instances/{id}/eject", {.summary = "Begin no request at an instance that is not trusted", .scope = change});
    gateway.post<restore_instance>("/instances/{id}/restore", {.summary = "An instance takes requests again", .scope = change});
    gateway.get<list_connections>("/connections", {.summary = "How many clients are connected"});
    gateway.post<explain_request>("/explain", {.summary = "What would become of a request: which route, why others lost, limits, instance", .scope = read});
    gateway.post<purge_cache>("/cache/purge", {.summary = "Keep an answer, or those below a path, or those with a tag, no longer", .scope = change});
    gateway.post<revoke_tokens>("/tokens/revoke", {.summary = "A token, or those of a subject, count no longer", .scope = change});
}

} // namespace gravity::gateway
