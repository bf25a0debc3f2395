#include "snapshot.hpp"

#include "head.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/http/message.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

namespace gravity::gateway {
namespace {

std::string_view first_segment(std::string_view path) { // of "/a/b": "a"
    path.remove_prefix(1);
    return path.substr(0, path.find('/'));
}

const Cluster* find_cluster(const Snapshot* snapshot, std::string_view name) {
    if (!snapshot) return nullptr;
    for (const auto& cluster : snapshot->clusters())
        if (cluster->name == name) return cluster.get();
    return nullptr;
}

/// A host as names are compared: without its port, in lower case, without the root's dot. Empty if it is longer than any name.
std::string_view plain_host(std::string_view host, std::array<char, 256>& buffer) {
    if (!host.starts_with('[')) host = host.substr(0, host.find(':'));
    if (host.ends_with('.')) host.remove_suffix(1);
    if (host.size() > buffer.size()) return {};
    std::transform(host.begin(), host.end(), buffer.begin(), [](char c) { return ascii::lower(c); });
    return {buffer.data(), host.size()};
}

bool fits(const ValueMatch& match, std::string_view value) { return match.pattern ? match.pattern->matches(value) : value == match.value; }

/// A field that stands there several times is compared as the list that it is (RFC 9110 section 5.3).
bool field_fits(const ValueMatch& match, const Asked& asked) {
    if (!asked.head) return false;
    thread_local std::string joined;
    std::size_t found = 0;
    std::string_view value;
    for (std::size_t i = 0; i < asked.head->field_count; ++i) {
        const Field& field = asked.head->fields[i];
        if (!http::iequals(field.name.in(asked.bytes), match.name)) continue;
        if (++found == 1) {
            value = field.value.in(asked.bytes);
            continue;
        }
        if (found == 2) joined.assign(value);
        value = joined.append(", ").append(field.value.in(asked.bytes));
    }
    return found != 0 && fits(match, value);
}

bool query_fits(const ValueMatch& match, std::string_view query) {
    if (!query.empty()) query.remove_prefix(1);
    for (const std::string_view part : ascii::split(query, '&')) { // the first of that name counts
        const std::size_t equal = std::min(part.find('='), part.size());
        if (http::percent_decode(part.substr(0, equal), true) != match.name) continue;
        const auto value = http::percent_decode(part.substr(std::min(equal + 1, part.size())), true);
        return value && fits(match, *value);
    }
    return false;
}

bool conditions_fit(const MatchSpec& match, const Asked& asked) {
    return (match.method.empty() || match.method == asked.method) &&
           std::all_of(match.headers.begin(), match.headers.end(), [&](const ValueMatch& header) { return field_fits(header, asked); }) &&
           std::all_of(match.queries.begin(), match.queries.end(), [&](const ValueMatch& query) { return query_fits(query, asked.query); });
}

bool host_fits(const HttpRoute& document, std::string_view host) {
    return document.hostnames.empty() || std::any_of(document.hostnames.begin(), document.hostnames.end(), [&](const std::string& name) {
               return name.starts_with('*') ? host.size() >= name.size() && host.ends_with(std::string_view(name).substr(1)) : host == name;
           });
}

bool path_fits(const Route& route, std::string_view path) {
    switch (route.kind()) {
    case PathKind::exact: return path == route.prefix;
    case PathKind::pattern: return route.match->pattern->matches(path);
    default: return route.prefix == "/" || (path.starts_with(route.prefix) && (path.size() == route.prefix.size() || path[route.prefix.size()] == '/'));
    }
}

std::string why_not(const Route& route, const Asked& asked, std::string_view host) {
    if (route.document && !host_fits(*route.document, host)) return "host";
    if (!path_fits(route, asked.path)) return "path";
    if (!route.match) return {};
    if (!route.match->method.empty() && route.match->method != asked.method) return "method";
    for (const ValueMatch& header : route.match->headers)
        if (!field_fits(header, asked)) return "header " + header.name;
    for (const ValueMatch& query : route.match->queries)
        if (!query_fits(query, asked.query)) return "query " + query.name;
    return {};
}

/// What is compared of two routes of one host and path. Less goes first.
auto rank(const Route& route) {
    const MatchSpec* match = route.match;
    const int method = match && !match->method.empty() ? 0 : 1;
    const int headers = match ? -static_cast<int>(match->headers.size()) : 0, queries = match ? -static_cast<int>(match->queries.size()) : 0;
    if (!route.document) return std::tuple(method, headers, queries, 2, std::string_view(), std::string_view());
    const std::string_view created = route.document->created; // who does not say when he was made is the youngest
    return std::tuple(method, headers, queries, created.empty() ? 1 : 0, created, std::string_view(route.document->name));
}

} // namespace

bool is_internal(std::string_view path) {
    const std::string_view first = first_segment(path);
    return first == "internal" || first == "metrics";
}

std::shared_ptr<Endpoint> Snapshot::endpoint_of(const ServiceSpec& service, const InstanceSpec& instance, const Cluster* before) const {
    if (before)
        for (const auto& endpoint : before->endpoints)
            if (endpoint->same_target(instance))
                return endpoint->spec() == instance ? endpoint : std::make_shared<Endpoint>(service.name, instance, endpoint->health());
    for (const Departed& away : departed_) {
        if (away.service != service.name || !same_target(away.spec, instance)) continue;
        auto known = away.health.lock();
        if (!known) continue;
        auto back = std::make_shared<Endpoint>(service.name, instance, std::move(known));
        back->hold(Hold::none); // what an operator said was of the one that went
        return back;
    }
    return std::make_shared<Endpoint>(service.name, instance);
}

/// `tls` null: as the instances say themselves.
std::unique_ptr<Cluster> Snapshot::cluster_of(const ServiceSpec& service, const Cluster* before, const TlsSpec* tls) const {
    auto cluster = std::make_unique<Cluster>();
    cluster->name = service.name;
    cluster->state = before ? before->state : std::make_shared<ClusterState>();
    for (InstanceSpec instance : service.instances) {
        if (tls) instance.tls = *tls;
        cluster->endpoints.push_back(endpoint_of(service, instance, before));
    }
    return cluster;
}

/// Those of `previous` that are in none of the clusters and still have connections or requests somewhere.
void Snapshot::note_departed(const Snapshot& previous) {
    const std::unordered_set<const void*> here = identities();
    std::erase_if(departed_, [&](const Departed& away) {
        const auto health = away.health.lock();
        return !health || here.contains(health.get());
    });
    for (const auto& cluster : previous.clusters_)
        for (const auto& endpoint : cluster->endpoints)
            if (!here.contains(endpoint->identity())) departed_.push_back({cluster->name, endpoint->spec(), endpoint->health()});
}

std::unordered_set<const void*> Snapshot::identities() const {
    std::unordered_set<const void*> all;
    for (const auto& cluster : clusters_)
        for (const auto& endpoint : cluster->endpoints) all.insert(endpoint->identity());
    return all;
}

std::string Route::label() const {
    if (!document) return cluster->name;
    return document->name + " rule " + std::to_string(rule - document->rules.data());
}

std::shared_ptr<const Snapshot> Snapshot::build(const std::vector<ServiceSpec>& services, const Snapshot* previous,
                                                const std::vector<HttpRoutePtr>& documents, const TlsPolicies& policies) {
    const auto snapshot = std::make_shared<Snapshot>();
    if (previous) snapshot->departed_ = previous->departed_;
    std::vector<const ServiceSpec*> by_age;
    for (const ServiceSpec& service : services) {
        by_age.push_back(&service);
        snapshot->clusters_.push_back(snapshot->cluster_of(service, find_cluster(previous, service.name), policies.find(service.name)));
    }
    std::sort(by_age.begin(), by_age.end(), [](const ServiceSpec* a, const ServiceSpec* b) { return std::tie(a->age, a->name) < std::tie(b->age, b->name); });
    snapshot->add_routes(by_age, previous);
    snapshot->own_ = snapshot->routes_.size();
    snapshot->documents_ = documents;
    for (const HttpRoutePtr& document : snapshot->documents_)
        for (const RuleSpec& rule : document->rules) snapshot->add_rule(*document, rule, previous, policies);
    std::sort(snapshot->clusters_.begin(), snapshot->clusters_.end(), [](const auto& a, const auto& b) { return a->name < b->name; });
    snapshot->index();
    if (previous) snapshot->note_departed(*previous);
    return snapshot;
}

/// The service of that name, whoever told of it; else what the name and the port themselves say.
const Cluster* Snapshot::cluster_for(const BackendSpec& backend, const Snapshot* previous, const TlsPolicies& policies) {
    const auto known = [&](std::string_view name) {
        const auto at = std::find_if(clusters_.begin(), clusters_.end(), [&](const auto& cluster) { return cluster->name == name; });
        return at == clusters_.end() ? nullptr : at->get();
    };
    if (const Cluster* service = known(backend.service)) return service;
    ServiceSpec bare;
    bare.name = backend.port == 0 ? backend.service : backend.host_and_port();
    if (const Cluster* same = known(bare.name)) return same;
    std::string address = backend.service;
    if (address.starts_with('[')) address = address.substr(1, address.size() - 2);
    if (backend.port != 0) bare.instances.push_back({bare.name, std::move(address), backend.port, 1, {}, {}});
    auto cluster = cluster_of(bare, find_cluster(previous, bare.name), policies.find(backend.service));
    cluster->keeps_internal = backend.port == 0;
    clusters_.push_back(std::move(cluster));
    return clusters_.back().get();
}

void Snapshot::add_rule(const HttpRoute& document, const RuleSpec& rule, const Snapshot* previous, const TlsPolicies& policies) {
    Route route;
    route.access = document.access;
    route.scope = document.scope;
    route.certificate = document.certificate;
    route.body_limit = document.body_limit;
    route.cache = document.cache;
    route.compress = document.compress;
    route.timeout_ms = rule.timeout_ms.value_or(route.timeout_ms);
    route.document = &document;
    route.rule = &rule;
    for (const BackendSpec& backend : rule.backends) {
        route.backends.push_back({cluster_for(backend, previous, policies), &backend});
        route.weight += backend.weight;
    }
    // Of a document that has been changed nothing is used that was kept before: it may have come from elsewhere, or be another answer.
    if (route.cache != CacheUse::off) route.cache_space = "document " + route.label() + " " + std::to_string(document.fingerprint);
    for (const MirrorSpec& mirror : rule.mirrors) route.mirrors.push_back(cluster_for(mirror.backend, previous, policies));
    route.guarded = std::any_of(route.backends.begin(), route.backends.end(), [](const Backend& backend) { return backend.cluster->keeps_internal; });
    for (const MatchSpec& match : rule.matches) {
        route.match = &match;
        route.prefix = match.path;
        route.pace = document.hedge ? pace_of(route, previous) : nullptr;
        routes_.push_back(route);
    }
}

void Snapshot::add_routes(const std::vector<const ServiceSpec*>& by_age, const Snapshot* previous) {
    enum class As : std::uint8_t {
        prefix,
        root,    // of a standard: credentials are the service's own matter
        surface, // the prefix is the service's name, and removed
    };
    struct Claim {
        const ServiceSpec* service;
        As as;
    };
    std::map<std::string, std::vector<Claim>> claims;
    for (const ServiceSpec* service : by_age) {
        for (const std::string& prefix : service->prefixes) claims[prefix].push_back({service, As::prefix});
        for (const std::string& prefix : service->roots) claims[prefix].push_back({service, As::root}); // after those whose token is checked
        if (service->standard_surface) claims["/" + service->name].push_back({service, As::surface});
    }
    for (auto& [prefix, claimants] : claims) {
        const Route* before = previous ? previous->find(prefix) : nullptr;
        // "/<name>" is the service's of that name: as an explicit prefix if it claims that (with its token check), else as its standard surface. Among
        // others an incumbent stays, so that a restart does not move a prefix.
        std::stable_sort(claimants.begin(), claimants.end(), [&](const Claim& a, const Claim& b) {
            const auto rank = [&](const Claim& claim) {
                if (prefix == "/" + claim.service->name) return claim.as == As::surface ? 1 : 0;
                return before && before->cluster->name == claim.service->name ? 2 : 3;
            };
            return rank(a) < rank(b);
        });
        const Claim& winner = claimants.front();
        for (std::size_t i = 1; i < claimants.size(); ++i)
            if (claimants[i].service != winner.service) conflicts_.push_back({prefix, winner.service->name, claimants[i].service->name});
        const auto cluster = std::find_if(clusters_.begin(), clusters_.end(), [&](const auto& c) { return c->name == winner.service->name; });
        Route route;
        route.prefix = prefix;
        route.cluster = cluster->get();
        const bool root = winner.as == As::root;
        route.access = root ? Access::public_ : winner.service->access;
        route.timeout_ms = winner.service->timeout_ms;
        route.body_limit = winner.service->body_limit;
        if (!root) route.scope = winner.service->scope;
        route.certificate = winner.service->certificate;
        route.cache = winner.service->cache;
        route.compress = winner.service->compress;
        if (route.cache != CacheUse::off) route.cache_space = "service " + route.cluster->name;
        route.surface = winner.as == As::surface;
        if (winner.service->hedge) route.pace = pace_of(route, previous);
        routes_.push_back(std::move(route));
    }
}

/// What is known of a route's answers goes on with it. Its matches of one path, by method or field, have it in common.
std::shared_ptr<Pace> Snapshot::pace_of(const Route& route, const Snapshot* previous) {
    const std::string key = route.label() + " " + route.prefix;
    std::shared_ptr<Pace>& pace = paces_[key];
    if (pace) return pace;
    if (previous)
        if (const auto known = previous->paces_.find(key); known != previous->paces_.end()) return pace = known->second;
    return pace = std::make_shared<Pace>();
}

void Snapshot::index() {
    for (std::size_t i = 0; i < routes_.size(); ++i) {
        const HttpRoute* document = routes_[i].document;
        if (!document || document->hostnames.empty()) {
            add_to(any_, i);
            continue;
        }
        for (const std::string& name : document->hostnames) {
            if (!name.starts_with('*')) {
                add_to(hosts_[name], i);
                continue;
            }
            const std::string_view suffix = std::string_view(name).substr(1);
            auto at = std::find_if(wildcards_.begin(), wildcards_.end(), [&](const Host& host) { return host.suffix == suffix; });
            if (at == wildcards_.end()) at = wildcards_.insert(at, Host{std::string(suffix), {}, {}, {}});
            add_to(*at, i);
        }
    }
    std::stable_sort(wildcards_.begin(), wildcards_.end(), [](const Host& a, const Host& b) { return a.suffix.size() > b.suffix.size(); });
    for (auto& [name, host] : hosts_) finish(host);
    for (Host& host : wildcards_) finish(host);
    finish(any_);
}

void Snapshot::add_to(Host& host, std::size_t route) {
    const Route& added = routes_[route];
    switch (added.kind()) {
    case PathKind::exact: host.exact[added.prefix].push_back(route); return;
    case PathKind::pattern: host.patterns.push_back(route); return;
    case PathKind::prefix: break;
    }
    Node* node = &host.root;
    std::string_view rest = added.prefix;
    while (rest.size() > 1) {
        const std::string_view segment = first_segment(rest);
        rest.remove_prefix(segment.size() + 1);
        const auto at =
            std::lower_bound(node->children.begin(), node->children.end(), segment, [](const Node& n, std::string_view s) { return n.segment < s; });
        node = at != node->children.end() && at->segment == segment ? &*at : &*node->children.insert(at, Node{std::string(segment), {}, {}, nullptr});
    }
    node->routes.push_back(route);
}

/// When nothing is added any more, and nothing moves.
void Snapshot::finish(Host& host) const {
    for (auto& [path, routes] : host.exact) sort(routes);
    sort(host.patterns);
    std::stable_sort(host.patterns.begin(), host.patterns.end(),
                     [&](std::size_t a, std::size_t b) { return routes_[a].prefix.size() > routes_[b].prefix.size(); });
    finish(host.root, nullptr);
}

void Snapshot::finish(Node& node, const Node* above) const {
    node.above = above;
    sort(node.routes);
    for (Node& child : node.children) finish(child, node.routes.empty() ? above : &node);
}

void Snapshot::sort(std::vector<std::size_t>& routes) const {
    std::stable_sort(routes.begin(), routes.end(), [&](std::size_t a, std::size_t b) { return rank(routes_[a]) < rank(routes_[b]); });
}

const Route* Snapshot::find(std::string_view prefix) const {
    const auto end = routes_.begin() + static_cast<std::ptrdiff_t>(own_);
    const auto at = std::lower_bound(routes_.begin(), end, prefix, [](const Route& r, std::string_view p) { return r.prefix < p; });
    return at != end && at->prefix == prefix ? &*at : nullptr;
}

const Snapshot::Node* Snapshot::deepest(const Host& host, std::string_view path) {
    const Node* node = &host.root;
    const Node* best = node->routes.empty() ? nullptr : node;
    while (path.size() > 1) {
        const std::string_view segment = first_segment(path);
        const auto at =
            std::lower_bound(node->children.begin(), node->children.end(), segment, [](const Node& n, std::string_view s) { return n.segment < s; });
        if (at == node->children.end() || at->segment != segment) break;
        node = &*at;
        path.remove_prefix(segment.size() + 1);
        if (!node->routes.empty()) best = node;
    }
    return best;
}

const Route* Snapshot::longest_own(std::string_view path) const {
    for (const Node* node = deepest(any_, path); node; node = node->above)
        for (const std::size_t i : node->routes)
            if (!routes_[i].document) return &routes_[i];
    return nullptr;
}

template <class Visit>
bool Snapshot::each_of(const Host& host, std::string_view path, Visit& visit) const {
    if (!host.exact.empty())
        if (const auto found = host.exact.find(path); found != host.exact.end())
            for (const std::size_t i : found->second)
                if (visit(routes_[i])) return true;
    for (const std::size_t i : host.patterns)
        if (routes_[i].match->pattern->matches(path) && visit(routes_[i])) return true;
    for (const Node* node = deepest(host, path); node; node = node->above)
        for (const std::size_t i : node->routes)
            if (visit(routes_[i])) return true;
    return false;
}

template <class Visit>
bool Snapshot::each_candidate(const Asked& asked, Visit visit) const {
    if (!hosts_.empty() || !wildcards_.empty()) {
        std::array<char, 256> buffer;
        const std::string_view name = plain_host(asked.host, buffer);
        if (const auto found = hosts_.find(name); found != hosts_.end() && each_of(found->second, asked.path, visit)) return true;
        for (const Host& host : wildcards_)
            if (name.size() > host.suffix.size() && name.ends_with(host.suffix) && each_of(host, asked.path, visit)) return true;
    }
    return each_of(any_, asked.path, visit);
}

Snapshot::Match Snapshot::match(const Asked& asked) const {
    Match match;
    each_candidate(asked, [&](const Route& route) {
        if (route.conditional() && !conditions_fit(*route.match, asked)) return false;
        match = taken(route, asked.path);
        return true;
    });
    return match;
}

Snapshot::Match Snapshot::taken(const Route& route, std::string_view path) const {
    if (route.guarded && is_internal(path)) return {};
    if (!route.surface) return {&route, route.access, path};
    const std::string_view below = path.size() == route.prefix.size() ? "/" : path.substr(route.prefix.size());
    if (is_internal(below)) return {};
    // On a surface the standard's own credentials count. The service's Gravity resources are no part of it, though they lie on the same port: this
    // detour must not lead round their token check.
    const Route* direct = longest_own(below);
    const bool resource = direct && !direct->surface && direct->cluster == route.cluster;
    return {&route, resource ? direct->access : Access::public_, below};
}

std::vector<Snapshot::Weighed> Snapshot::explain(const Asked& asked) const {
    const Match match = this->match(asked);
    std::array<char, 256> buffer;
    const std::string_view host = plain_host(asked.host, buffer);
    std::vector<Weighed> all;
    for (const Route& route : routes_) {
        std::string why = why_not(route, asked, host);
        if (&route != match.route && why.empty()) why = route.guarded && is_internal(asked.path) ? "internal" : "precedence";
        all.push_back({&route, std::move(why)});
    }
    return all;
}

void rewritten_path(const Route& route, std::string_view path, std::string& out) { apply(route.rule->rewrite_path, route.prefix, path, out); }

} // namespace gravity::gateway
