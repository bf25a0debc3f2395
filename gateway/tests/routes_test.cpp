#include "balancer.hpp"
#include "catalog.hpp"
#include "route_file.hpp"
#include "route_source.hpp"
#include "snapshot.hpp"

#include <gtest/gtest.h>

#include <map>

namespace gravity::gateway {
namespace {

using namespace std::chrono_literals;
const auto start = std::chrono::steady_clock::time_point(1000s);

ServiceSpec service(std::string name, std::vector<std::string> prefixes, std::uint64_t age = 0, Access access = Access::jwt) {
    ServiceSpec spec;
    spec.name = std::move(name);
    spec.prefixes = std::move(prefixes);
    spec.age = age;
    spec.access = access;
    spec.instances.push_back({"i", "127.0.0.1", 80, 1, {}, {}});
    return spec;
}

struct Found {
    std::string service;
    std::string path;
    Access access;
    friend bool operator==(const Found&, const Found&) = default;
};
Found find(const Snapshot& snapshot, std::string_view path) {
    const auto match = snapshot.match(path);
    if (!match.route) return {"none", "", Access::jwt};
    return {match.route->cluster->name, std::string(match.upstream_path), match.access};
}

TEST(Snapshot, TheLongestPrefixWinsAtSegmentBoundaries) {
    const auto snapshot =
        Snapshot::build({service("a", {"/api/v1/a"}), service("ab", {"/api/v1/a/b"}), service("root", {"/_matrix"}, 0, Access::public_)}, nullptr);
    EXPECT_EQ(find(*snapshot, "/api/v1/a"), (Found{"a", "/api/v1/a", Access::jwt}));
    EXPECT_EQ(find(*snapshot, "/api/v1/a/"), (Found{"a", "/api/v1/a/", Access::jwt}));
    EXPECT_EQ(find(*snapshot, "/api/v1/a/x/y"), (Found{"a", "/api/v1/a/x/y", Access::jwt}));
    EXPECT_EQ(find(*snapshot, "/api/v1/a/b/c").service, "ab");
    EXPECT_EQ(find(*snapshot, "/api/v1/ab").service, "none");
    EXPECT_EQ(find(*snapshot, "/api/v1").service, "none");
    EXPECT_EQ(find(*snapshot, "/").service, "none");
    EXPECT_EQ(find(*snapshot, "/_matrix/x"), (Found{"root", "/_matrix/x", Access::public_}));
}

TEST(Snapshot, AStandardSurfaceIsReachedByTheServicesName) {
    const auto snapshot = Snapshot::build({service("search", {"/api/v1/indexes"}), service("all", {"/"}, 1, Access::public_)}, nullptr);
    EXPECT_EQ(find(*snapshot, "/search/indexes/x"), (Found{"search", "/indexes/x", Access::public_}));
    EXPECT_EQ(find(*snapshot, "/search"), (Found{"search", "/", Access::public_}));
    EXPECT_EQ(find(*snapshot, "/searching").service, "all");
    // The way round by the surface leads past the token check to nothing that is the service's own API, nor to what is internal.
    EXPECT_EQ(find(*snapshot, "/search/api/v1/indexes/1"), (Found{"search", "/api/v1/indexes/1", Access::jwt}));
    EXPECT_EQ(find(*snapshot, "/search/internal/projects/1").service, "none");
    EXPECT_EQ(find(*snapshot, "/search/metrics").service, "none");
    EXPECT_EQ(find(*snapshot, "/internal/projects/1").service, "none");
    EXPECT_EQ(find(*snapshot, "/metrics").service, "none");
}

TEST(Snapshot, BelowARootOfAStandardCredentialsAreTheServicesMatter) {
    auto issuer = service("auth", {"/api/v1/clients"});
    issuer.scope = "clients:read";
    issuer.roots = {"/oauth2", "/.well-known/openid-configuration", "/api/v1/clients"};
    const auto snapshot = Snapshot::build({issuer, service("all", {"/"}, 1)}, nullptr);
    EXPECT_EQ(find(*snapshot, "/oauth2/token"), (Found{"auth", "/oauth2/token", Access::public_}));
    EXPECT_EQ(find(*snapshot, "/.well-known/openid-configuration"), (Found{"auth", "/.well-known/openid-configuration", Access::public_}));
    EXPECT_EQ(find(*snapshot, "/.well-known/other").service, "all");
    EXPECT_EQ(snapshot->match("/oauth2/token").route->scope, "");
    EXPECT_EQ(find(*snapshot, "/auth/oauth2/token"), (Found{"auth", "/oauth2/token", Access::public_}));
    EXPECT_EQ(find(*snapshot, "/api/v1/clients"), (Found{"auth", "/api/v1/clients", Access::jwt})) << "a root does not open what is the service's own API";
    EXPECT_EQ(find(*snapshot, "/auth/api/v1/clients").access, Access::jwt);
}

TEST(Snapshot, APrefixThatIsTheServicesOwnNameIsNoSurface) {
    const auto snapshot = Snapshot::build({service("spring", {"/spring"}, 9), service("thief", {"/spring"}, 1, Access::public_)}, nullptr);
    EXPECT_EQ(find(*snapshot, "/spring/x"), (Found{"spring", "/spring/x", Access::jwt})) << "with its token check, and unchanged";
    ASSERT_EQ(snapshot->conflicts().size(), 1u);
    EXPECT_EQ(snapshot->conflicts()[0].refused, "thief");
}

TEST(Snapshot, OfTwoThatClaimAPrefixTheOlderGetsItAndKeepsIt) {
    const auto older = service("a", {"/api/v1/x"}, 5), younger = service("b", {"/api/v1/x", "/api/v1/y"}, 9);
    const auto first = Snapshot::build({younger, older}, nullptr);
    EXPECT_EQ(find(*first, "/api/v1/x").service, "a");
    EXPECT_EQ(find(*first, "/api/v1/y").service, "b");
    ASSERT_EQ(first->conflicts().size(), 1u);
    EXPECT_EQ(first->conflicts()[0].owner, "a");
    EXPECT_EQ(first->conflicts()[0].refused, "b");
    auto restarted = older;
    restarted.age = 20; // all its instances are new now
    EXPECT_EQ(find(*Snapshot::build({younger, restarted}, first.get()), "/api/v1/x").service, "a");
    EXPECT_EQ(find(*Snapshot::build({younger}, first.get()), "/api/v1/x").service, "b");
}

TEST(Snapshot, WhatIsKnownOfAnInstanceOutlivesAChangeOfRoutes) {
    auto spec = service("a", {"/a"});
    const auto first = Snapshot::build({spec}, nullptr);
    const auto& endpoint = first->clusters()[0]->endpoints[0];
    for (int i = 0; i < 5; ++i) endpoint->end(*endpoint->begin(start), Outcome::failure, 1ms, start);
    spec.instances[0].weight = 7;
    spec.instances.push_back({"j", "127.0.0.2", 80, 1, {}, {}});
    const auto second = Snapshot::build({spec}, first.get());
    EXPECT_EQ(second->clusters()[0]->endpoints[0]->figures(start).breaker, "open");
    EXPECT_EQ(second->clusters()[0]->endpoints[0]->spec().weight, 7u);
    EXPECT_EQ(second->clusters()[0]->endpoints[0]->identity(), endpoint->identity());
    EXPECT_EQ(second->clusters()[0]->endpoints[1]->figures(start).breaker, "closed");
}

TEST(Snapshot, AnInstanceThatComesBackIsTheSameWhileItsConnectionsLive) {
    auto both = service("a", {"/a"}, 1), one = both;
    both.instances.push_back({"j", "127.0.0.2", 80, 1, {}, {}});
    auto snapshot = Snapshot::build({both}, nullptr);
    const auto second = [](const Snapshot& of) { return of.clusters()[0]->endpoints[1]; };
    auto connection = second(*snapshot); // a connection keeps what it leads to
    const void* identity = connection->identity();
    for (int i = 0; i < 5; ++i) connection->end(*connection->begin(start), Outcome::failure, 1ms, start);
    connection->hold(Hold::drained);
    for (int times = 0; times < 3; ++times) {
        snapshot = Snapshot::build({one}, snapshot.get());
        EXPECT_FALSE(snapshot->identities().contains(identity));
        auto other = both;
        other.name = "b";
        snapshot = Snapshot::build({one, other}, snapshot.get());
        EXPECT_FALSE(snapshot->identities().contains(identity)) << "the same address in another service is another instance";
        snapshot = Snapshot::build({both}, snapshot.get());
        EXPECT_TRUE(snapshot->identities().contains(identity));
        EXPECT_EQ(second(*snapshot)->identity(), identity);
        EXPECT_EQ(second(*snapshot)->figures(start).breaker, "open");
        EXPECT_EQ(second(*snapshot)->held(), Hold::none) << "that was said of the one that went";
    }
    snapshot = Snapshot::build({one}, snapshot.get());
    connection.reset();
    snapshot = Snapshot::build({both}, snapshot.get());
    EXPECT_EQ(second(*snapshot)->figures(start).breaker, "closed") << "nobody remembers it";
}

std::map<std::string, int> picks(const Cluster& cluster, int count) {
    Choices choices(3);
    std::map<std::string, int> picked;
    for (int i = 0; i < count; ++i) {
        Use use = pick(cluster, nullptr, choices, start);
        if (use) ++picked[use.endpoint()->spec().id];
    }
    return picked;
}

TEST(Balancer, AFailingInstanceIsLeftOutUntilItsProbe) {
    auto spec = service("a", {"/a"});
    spec.instances = {{"good", "127.0.0.1", 1, 1, {}, {}}, {"bad", "127.0.0.1", 2, 1, {}, {}}};
    const auto snapshot = Snapshot::build({spec}, nullptr);
    const Cluster& cluster = *snapshot->clusters()[0];
    EXPECT_EQ(picks(cluster, 100).size(), 2u);
    const auto& bad = cluster.endpoints[1];
    for (int i = 0; i < 5; ++i) bad->end(*bad->begin(start), Outcome::failure, 1ms, start);
    EXPECT_EQ(picks(cluster, 100), (std::map<std::string, int>{{"good", 100}}));
    EXPECT_GT(bad->retry_after(start), 3s);
    const auto later = start + 10s;
    ASSERT_TRUE(bad->may_try(later));
    const auto probe = bad->begin(later);
    ASSERT_TRUE(probe);
    EXPECT_FALSE(bad->begin(later)) << "one probe at a time";
    bad->end(*probe, Outcome::success, 1ms, later);
    EXPECT_EQ(bad->figures(later).breaker, "closed");
}

TEST(Balancer, ASlowInstanceGetsASmallShareAndNobodyIsPickedOfNone) {
    auto spec = service("a", {"/a"});
    spec.instances = {{"fast", "127.0.0.1", 1, 1, {}, {}}, {"slow", "127.0.0.1", 2, 1, {}, {}}};
    const auto snapshot = Snapshot::build({spec}, nullptr);
    const Cluster& cluster = *snapshot->clusters()[0];
    cluster.endpoints[0]->end(*cluster.endpoints[0]->begin(start), Outcome::success, 1ms, start);
    cluster.endpoints[1]->end(*cluster.endpoints[1]->begin(start), Outcome::success, 500ms, start);
    EXPECT_EQ(picks(cluster, 200)["slow"], 0);
    Choices choices(1);
    EXPECT_FALSE(pick(Cluster{}, nullptr, choices, start));
    Use other = pick(cluster, cluster.endpoints[0].get(), choices, start);
    ASSERT_TRUE(other);
    EXPECT_EQ(other.endpoint()->spec().id, "slow") << "the one that has just failed is avoided";
}

TEST(Catalog, TakesWhatIsTaggedAndLeavesTheRest) {
    const auto names = parse_service_names(R"({"consul":[],"order":["gravity","v1"],"Bad Name":["gravity"],"other":["x"],"cart":["gravity"]})");
    ASSERT_TRUE(names);
    EXPECT_EQ(*names, (std::vector<std::string>{"cart", "order"}));
    EXPECT_FALSE(parse_service_names("[]"));
    EXPECT_FALSE(parse_service_names("{"));

    const auto spec = parse_health("order", R"([
        {"Node":{"Address":"10.0.0.9"},"Service":{"ID":"o1","Tags":["gravity"],"Address":"10.0.0.1","Port":8101,"CreateIndex":7,
          "Meta":{"prefixes":"/api/v1/orders, /api//v1/old/,bad,/a%2fb","auth":"jwt","timeout_ms":"3000","weight":"5","version":"1.0","zone":"z"}}},
        {"Node":{"Address":"10.0.0.9"},"Service":{"ID":"o2","Tags":["gravity"],"Address":"","Port":8102,"CreateIndex":9,
          "Meta":{"prefixes":"/api/v1/orders","roots":"/ucp/,bad","auth":"public",
            "timeout_ms":"none","weight":"0","scheme":"https","tls_name":"order.internal"}}},
        {"Node":{},"Service":{"ID":"o3","Tags":["gravity"],"Address":"","Port":8102}},
        {"Node":{},"Service":{"ID":"o4","Tags":["gravity"],"Address":"10.0.0.4","Port":80800}},
        {"Node":{},"Service":{"ID":"o5","Tags":[],"Address":"10.0.0.5","Port":80}},
        17])");
    ASSERT_TRUE(spec) << spec.why();
    ASSERT_EQ(spec->instances.size(), 2u);
    EXPECT_EQ(spec->instances[0], (InstanceSpec{"o1", "10.0.0.1", 8101, 5, "z", "1.0"}));
    EXPECT_EQ(spec->instances[1], (InstanceSpec{"o2", "10.0.0.9", 8102, 1, "", "", TlsSpec{"order.internal"}}));
    EXPECT_EQ(spec->prefixes, (std::vector<std::string>{"/api/v1/orders"}));
    EXPECT_EQ(spec->roots, (std::vector<std::string>{"/ucp"}));
    EXPECT_EQ(spec->access, Access::public_);
    EXPECT_EQ(spec->timeout_ms, 15'000u);
    EXPECT_EQ(spec->age, 7u);
    EXPECT_EQ(parse_prefixes("/api/v1/orders, /api//v1/old/,bad,/a%2fb,/"), (std::vector<std::string>{"/api/v1/orders", "/api/v1/old", "/"}));
    EXPECT_EQ(next_index(5, 9), 9u);
    EXPECT_EQ(next_index(9, 5), 0u) << "a restored registry";
}

TEST(RouteFile, IsTakenWholeOrRefusedWithAReason) {
    const auto routes =
        parse_routes(R"({"routes":[{"name":"shop","prefixes":["/api/v1/products/"],"upstreams":["127.0.0.1:9000","[::1]:9001","shop.internal:80"],
        "roots":["/ucp/"],"auth":"public","timeout_ms":500}]})");
    ASSERT_TRUE(routes) << routes.why();
    const ServiceSpec& shop = routes->at(0);
    EXPECT_EQ(shop.prefixes, (std::vector<std::string>{"/api/v1/products"}));
    EXPECT_EQ(shop.roots, (std::vector<std::string>{"/ucp"}));
    EXPECT_EQ(shop.instances.at(1).address, "::1");
    EXPECT_EQ(shop.instances.at(2).address, "shop.internal");
    EXPECT_EQ(shop.access, Access::public_);
    EXPECT_EQ(shop.timeout_ms, 500u);
    EXPECT_FALSE(shop.standard_surface);
    EXPECT_FALSE(shop.instances.at(0).tls);
    const auto secured = parse_routes(R"({"routes":[{"name":"a","prefixes":["/a"],"upstreams":["10.0.0.1:443"],"tls":{"name":"a.internal","ca_file":"ca.pem"}},
        {"name":"b","prefixes":["/b"],"upstreams":["b.internal:443"],"tls":{}}]})");
    ASSERT_TRUE(secured) << secured.why();
    EXPECT_EQ(secured->at(0).instances.at(0).tls, (TlsSpec{"a.internal", {.file = "ca.pem"}}));
    EXPECT_EQ(secured->at(1).instances.at(0).tls, TlsSpec());
    for (const char* bad :
         {R"({"routes":[{"name":"a","prefixes":["/a"],"upstreams":["127.0.0.1:9"],"unknown":1}]})",
          R"({"routes":[{"name":"a","prefixes":["/a"],"upstreams":["a:443"],"tls":{"verify":false}}]})",
          R"({"routes":[{"name":"A","prefixes":["/a"],"upstreams":[]}]})", R"({"routes":[{"name":"a","prefixes":["a"],"upstreams":[]}]})",
          R"({"routes":[{"name":"a","prefixes":["/a"],"upstreams":["127.0.0.1"]}]})",
          R"({"routes":[{"name":"a","prefixes":["/a"],"upstreams":["127.0.0.1:0"]}]})",
          R"({"routes":[{"name":"a","prefixes":["/a"],"upstreams":["::1:80"]}]})",
          R"({"routes":[{"name":"a","prefixes":["/a"],"upstreams":[],"auth":"none"}]})",
          R"({"routes":[{"name":"a","prefixes":["/a"],"upstreams":[],"timeout_ms":0}]})",
          R"({"routes":[{"name":"a","prefixes":["/a"],"upstreams":[]},{"name":"a","prefixes":["/b"],"upstreams":[]}]})",
          R"({"routes":[{"name":"a","prefixes":["/a"],"upstreams":[],"auth":"public","scope":"x:read"}]})", "[]", "{"}) {
        EXPECT_FALSE(parse_routes(bad)) << bad;
    }
    EXPECT_FALSE(read_routes("/nonexistent/routes.json"));
}

} // namespace
} // namespace gravity::gateway
