#pragma once

#include "endpoint.hpp"
#include "http_route.hpp"
#include "pace.hpp"
#include "service_spec.hpp"
#include "tls_policy.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace gravity::gateway {

struct RequestHead;

/// A service with its instances, as requests see it.
struct Cluster {
    std::string name;
    std::vector<std::shared_ptr<Endpoint>> endpoints;
    std::shared_ptr<ClusterState> state; // lives as long as the service is known
    bool keeps_internal = true;          // a service, of which nothing below /internal and /metrics is routed; not so a bare address of a document
};

/// One of those a rule's requests are shared among.
struct Backend {
    const Cluster* cluster = nullptr;
    const BackendSpec* spec = nullptr; // its own edits
};

struct Route {
    std::string prefix;    // matched at segment boundaries; or the exact path, or the pattern
    const Cluster* cluster = nullptr; // of a service's own route; null where `backends` are chosen among
    Access access = Access::jwt;
    std::uint32_t timeout_ms = 15'000;
    std::uint64_t body_limit = 0; // bytes; 0: the gateway's own
    std::string scope;            // what a token must hold; empty: nothing
    CertificateRule certificate;  // of whoever asks
    CacheUse cache = CacheUse::off;
    bool compress = false;
    std::shared_ptr<Pace> pace;   // of a route that hedges; outlives a change of the routes
    std::string cache_space;      // of a route with a cache: what tells its answers from those of other routes to the same URL
    bool surface = false;         // the prefix is removed: a service's standard surface

    // Of a route that a document describes; null of a service's own.
    const HttpRoute* document = nullptr;
    const RuleSpec* rule = nullptr;
    const MatchSpec* match = nullptr;
    std::vector<Backend> backends; // of the rule, in its order
    std::uint64_t weight = 0;      // of all backends
    std::vector<const Cluster*> mirrors;
    bool guarded = true; // a service is behind it: what that keeps to itself is not routed

    PathKind kind() const { return match ? match->kind : PathKind::prefix; }
    /// More than the path decides.
    bool conditional() const { return match && !(match->method.empty() && match->headers.empty() && match->queries.empty()); }
    /// For people: the service, or the document with the place of its rule.
    std::string label() const;
};

/// Two services that claim one prefix; the one named second did not get it.
struct Conflict {
    std::string prefix;
    std::string owner;
    std::string refused;
};

/// What a route is chosen by. The views must outlive the look-up.
struct Asked {
    std::string_view path{};           // in normal form (path.hpp)
    std::string_view host{};           // as it was sent
    std::string_view method{};
    std::string_view query{};          // with its '?', or empty
    const RequestHead* head = nullptr; // its fields; null: none
    std::string_view bytes{};          // the head's
};

/// Where requests go: immutable, so that any number of threads read it without a lock; a change is a new one. What outlives a change (what is
/// known about an instance's health, the retry budget) is in Endpoint and ClusterState, which snapshots share.
class Snapshot {
public:
    /// What a request meets.
    struct Match {
        const Route* route = nullptr; // null: none
        Access access = Access::jwt;
        std::string_view upstream_path; // into the path that was asked for
    };

    /// `previous` may be null. A prefix stays with the service that had it, else the older one gets it. What `policies` say of TLS to a service's instances
    /// counts whatever they say themselves.
    static std::shared_ptr<const Snapshot> build(const std::vector<ServiceSpec>& services, const Snapshot* previous,
                                                 const std::vector<HttpRoutePtr>& documents = {}, const TlsPolicies& policies = {});

    /// The first that fits in the order of the Gateway API: the most specific host; of the paths the exact one, then patterns, then the longest prefix;
    /// then who names a method, more fields, more parameters of the query; then the older document, the order of names, the order of rules. Between
    /// equals a document goes before what a service registered.
    Match match(const Asked& asked) const;
    Match match(std::string_view path) const { return match(Asked{.path = path}); }

    /// Every route, with the first reason why it is not the one: "host", "path", "method", "header <name>", "query <name>", "precedence" of the one that was
    /// taken, which has none.
    struct Weighed {
        const Route* route;
        std::string why_not;
    };
    std::vector<Weighed> explain(const Asked& asked) const;

    const std::vector<Route>& routes() const { return routes_; } // services' own by prefix, then those of documents
    const std::vector<std::unique_ptr<Cluster>>& clusters() const { return clusters_; } // by name
    const std::vector<Conflict>& conflicts() const { return conflicts_; }
    /// Of all instances there are now: Endpoint::identity().
    std::unordered_set<const void*> identities() const;

private:
    struct Node { // of a tree of path segments
        std::string segment;
        std::vector<std::size_t> routes;     // in the order of precedence
        std::vector<Node> children;  // by segment
        const Node* above = nullptr; // the next one towards the root that has routes
    };
    struct Host { // what is routed for one host name, or for all that a wildcard stands for
        std::string suffix; // of a wildcard: ".a.example"
        Node root;
        std::map<std::string, std::vector<std::size_t>, std::less<>> exact;
        std::vector<std::size_t> patterns;
    };
    void add_rule(const HttpRoute& document, const RuleSpec& rule, const Snapshot* previous, const TlsPolicies& policies);
    const Cluster* cluster_for(const BackendSpec& backend, const Snapshot* previous, const TlsPolicies& policies);
    std::unique_ptr<Cluster> cluster_of(const ServiceSpec& service, const Cluster* before, const TlsSpec* tls) const;
    std::shared_ptr<Endpoint> endpoint_of(const ServiceSpec& service, const InstanceSpec& instance, const Cluster* before) const;
    void note_departed(const Snapshot& previous);
    void add_routes(const std::vector<const ServiceSpec*>& by_age, const Snapshot* previous);
    std::shared_ptr<Pace> pace_of(const Route& route, const Snapshot* previous);
    void index();
    void add_to(Host& host, std::size_t route);
    void finish(Host& host) const;
    void finish(Node& node, const Node* above) const;
    void sort(std::vector<std::size_t>& routes) const;
    static const Node* deepest(const Host& host, std::string_view path);
    /// Calls `visit(route)` in the order of precedence for each route whose host and path fit, until it returns true.
    template <class Visit>
    bool each_candidate(const Asked& asked, Visit visit) const;
    template <class Visit>
    bool each_of(const Host& host, std::string_view path, Visit& visit) const;
    const Route* find(std::string_view prefix) const; // a service's own, of exactly this prefix
    const Route* longest_own(std::string_view path) const;
    Match taken(const Route& route, std::string_view path) const;

    std::vector<std::unique_ptr<Cluster>> clusters_;
    std::vector<Route> routes_;
    std::size_t own_ = 0; // so many of them are services' own, in front
    std::vector<Conflict> conflicts_;
    std::map<std::string, std::shared_ptr<Pace>> paces_; // of the routes that hedge
    /// An instance that went, as long as somebody has a connection to it: if it comes back, it goes on with those.
    struct Departed {
        std::string service;
        InstanceSpec spec;
        std::weak_ptr<Endpoint::Health> health;
    };
    std::vector<Departed> departed_;
    std::vector<HttpRoutePtr> documents_; // kept, since routes point into them
    std::map<std::string, Host, std::less<>> hosts_;
    std::vector<Host> wildcards_; // by length of their suffix, the longest first
    Host any_;
};

/// The path that goes to the backend, of a request that this route of a document took.
void rewritten_path(const Route& route, std::string_view path, std::string& out);

/// What a service keeps to itself: /internal, /metrics and what lies below.
bool is_internal(std::string_view path);

} // namespace gravity::gateway
