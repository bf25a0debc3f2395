#pragma once

#include "endpoint.hpp"
#include "service_spec.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gravity::gateway {

/// A service with its instances, as requests see it.
struct Cluster {
    std::string name;
    std::vector<std::shared_ptr<Endpoint>> endpoints;
    std::shared_ptr<ClusterState> state; // lives as long as the service is known
};

struct Route {
    std::string prefix;    // matched at segment boundaries
    const Cluster* cluster = nullptr;
    Access access = Access::jwt;
    std::uint32_t timeout_ms = 15'000;
    std::uint64_t body_limit = 0; // bytes; 0: the gateway's own
    std::string scope;            // what a token must hold; empty: nothing
    bool surface = false;         // the prefix is removed: a service's standard surface
};

/// Two services that claim one prefix; the one named second did not get it.
struct Conflict {
    std::string prefix;
    std::string owner;
    std::string refused;
};

/// Where requests go: immutable, so that any number of threads read it without a lock; a change is a new one. What outlives a change (what is
/// known about an instance's health, the retry budget) is in Endpoint and ClusterState, which snapshots share.
class Snapshot {
public:
    /// What a request of this path meets.
    struct Match {
        const Route* route = nullptr; // null: none
        Access access = Access::jwt;
        std::string_view upstream_path; // into the path that was asked for
    };

    /// `previous` may be null. A prefix stays with the service that had it, else the older one gets it.
    static std::shared_ptr<const Snapshot> build(const std::vector<ServiceSpec>& services, const Snapshot* previous);

    /// `path` in normal form (path.hpp). The longest prefix wins.
    Match match(std::string_view path) const;

    const std::vector<Route>& routes() const { return routes_; } // by prefix
    const std::vector<std::unique_ptr<Cluster>>& clusters() const { return clusters_; } // by name
    const std::vector<Conflict>& conflicts() const { return conflicts_; }

private:
    struct Node { // of a tree of path segments
        std::string segment;
        int route = -1;
        std::vector<Node> children; // by segment
    };
    void add_routes(const std::vector<const ServiceSpec*>& by_age, const Snapshot* previous);
    void index();
    const Route* find(std::string_view prefix) const;     // exactly this prefix
    const Route* longest(std::string_view path) const; // null: none

    std::vector<std::unique_ptr<Cluster>> clusters_;
    std::vector<Route> routes_;
    std::vector<Conflict> conflicts_;
    Node root_;
};

} // namespace gravity::gateway
