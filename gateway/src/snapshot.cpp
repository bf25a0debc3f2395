#include "snapshot.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace gravity::gateway {
namespace {

std::string_view first_segment(std::string_view path) { // of "/a/b": "a"
    path.remove_prefix(1);
    return path.substr(0, path.find('/'));
}

/// What a service keeps to itself. Routes that end here would also match below it.
bool is_internal(std::string_view path) {
    const std::string_view first = first_segment(path);
    return first == "internal" || first == "metrics";
}

std::shared_ptr<Endpoint> endpoint_of(const ServiceSpec& service, const InstanceSpec& instance, const Cluster* before) {
    if (before)
        for (const auto& endpoint : before->endpoints)
            if (endpoint->same_target(instance)) return endpoint->spec() == instance ? endpoint : std::make_shared<Endpoint>(service.name, instance, *endpoint);
    return std::make_shared<Endpoint>(service.name, instance);
}

std::unique_ptr<Cluster> cluster_of(const ServiceSpec& service, const Cluster* before) {
    auto cluster = std::make_unique<Cluster>();
    cluster->name = service.name;
    cluster->state = before ? before->state : std::make_shared<ClusterState>();
    for (const InstanceSpec& instance : service.instances) cluster->endpoints.push_back(endpoint_of(service, instance, before));
    return cluster;
}

const Cluster* find_cluster(const Snapshot* snapshot, std::string_view name) {
    if (!snapshot) return nullptr;
    for (const auto& cluster : snapshot->clusters())
        if (cluster->name == name) return cluster.get();
    return nullptr;
}

} // namespace

std::shared_ptr<const Snapshot> Snapshot::build(const std::vector<ServiceSpec>& services, const Snapshot* previous) {
    const auto snapshot = std::make_shared<Snapshot>();
    std::vector<const ServiceSpec*> by_age;
    for (const ServiceSpec& service : services) {
        by_age.push_back(&service);
        snapshot->clusters_.push_back(cluster_of(service, find_cluster(previous, service.name)));
    }
    std::sort(by_age.begin(), by_age.end(), [](const ServiceSpec* a, const ServiceSpec* b) { return std::tie(a->age, a->name) < std::tie(b->age, b->name); });
    std::sort(snapshot->clusters_.begin(), snapshot->clusters_.end(), [](const auto& a, const auto& b) { return a->name < b->name; });
    snapshot->add_routes(by_age, previous);
    snapshot->index();
    return snapshot;
}

void Snapshot::add_routes(const std::vector<const ServiceSpec*>& by_age, const Snapshot* previous) {
    struct Claim {
        const ServiceSpec* service;
        bool surface;
    };
    std::map<std::string, std::vector<Claim>> claims;
    for (const ServiceSpec* service : by_age) {
        for (const std::string& prefix : service->prefixes) claims[prefix].push_back({service, false});
        if (service->standard_surface) claims["/" + service->name].push_back({service, true});
    }
    for (auto& [prefix, claimants] : claims) {
        const Route* before = previous ? previous->find(prefix) : nullptr;
        // "/<name>" is the service's of that name: as an explicit prefix if it claims that (with its token check), else as its standard surface. Among
        // others an incumbent stays, so that a restart does not move a prefix.
        std::stable_sort(claimants.begin(), claimants.end(), [&](const Claim& a, const Claim& b) {
            const auto rank = [&](const Claim& claim) {
                if (prefix == "/" + claim.service->name) return claim.surface ? 1 : 0;
                return before && before->cluster->name == claim.service->name ? 2 : 3;
            };
            return rank(a) < rank(b);
        });
        const Claim& winner = claimants.front();
        for (std::size_t i = 1; i < claimants.size(); ++i)
            if (claimants[i].service != winner.service) conflicts_.push_back({prefix, winner.service->name, claimants[i].service->name});
        const auto cluster = std::find_if(clusters_.begin(), clusters_.end(), [&](const auto& c) { return c->name == winner.service->name; });
        routes_.push_back({prefix, cluster->get(), winner.service->access, winner.service->timeout_ms, winner.service->body_limit, winner.service->scope,
                           winner.surface});
    }
}

void Snapshot::index() {
    for (std::size_t i = 0; i < routes_.size(); ++i) { // in the order of their text, so children need no sorting but for insertion
        Node* node = &root_;
        std::string_view rest = routes_[i].prefix;
        while (rest.size() > 1) {
            const std::string_view segment = first_segment(rest);
            rest.remove_prefix(segment.size() + 1);
            const auto at =
                std::lower_bound(node->children.begin(), node->children.end(), segment, [](const Node& n, std::string_view s) { return n.segment < s; });
            node = at != node->children.end() && at->segment == segment ? &*at : &*node->children.insert(at, Node{std::string(segment), -1, {}});
        }
        node->route = static_cast<int>(i);
    }
}

const Route* Snapshot::find(std::string_view prefix) const {
    const auto at = std::lower_bound(routes_.begin(), routes_.end(), prefix, [](const Route& r, std::string_view p) { return r.prefix < p; });
    return at != routes_.end() && at->prefix == prefix ? &*at : nullptr;
}

const Route* Snapshot::longest(std::string_view path) const {
    int best = root_.route;
    const Node* node = &root_;
    while (path.size() > 1) {
        const std::string_view segment = first_segment(path);
        const auto at =
            std::lower_bound(node->children.begin(), node->children.end(), segment, [](const Node& n, std::string_view s) { return n.segment < s; });
        if (at == node->children.end() || at->segment != segment) break;
        node = &*at;
        path.remove_prefix(segment.size() + 1);
        if (node->route >= 0) best = node->route;
    }
    return best < 0 ? nullptr : &routes_[static_cast<std::size_t>(best)];
}

Snapshot::Match Snapshot::match(std::string_view path) const {
    const Route* route = longest(path);
    if (!route || is_internal(path)) return {};
    if (!route->surface) return {route, route->access, path};
    const std::string_view below = path.size() == route->prefix.size() ? "/" : path.substr(route->prefix.size());
    if (is_internal(below)) return {};
    // On a surface the standard's own credentials count. The service's Gravity resources are no part of it, though they lie on the same port: this
    // detour must not lead round their token check.
    const Route* direct = longest(below);
    const bool resource = direct && !direct->surface && direct->cluster == route->cluster;
    return {route, resource ? direct->access : Access::public_, below};
}

} // namespace gravity::gateway
