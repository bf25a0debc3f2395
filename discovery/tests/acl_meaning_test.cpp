// What the rules let through of what the routes answer.
#include "api_access.hpp"
#include "dns_zone.hpp"
#include "guarded_world.hpp"

namespace gravity::registry::test {
namespace {

TEST(AclMeaning, ListsHoldWhatMayBeSeenAndSayThatSomethingIsMissing) {
    GuardedWorld world;
    furnish(world);
    world.put("/v1/agent/service/register", R"({"Name":"db"})");
    world.put("/v1/catalog/register", R"({"Node":"node2","Address":"10.0.0.2","Service":{"Service":"web","ID":"web2"}})");
    world.with(R"(service "web" { policy = "read" } node "node1" { policy = "read" })");
    EXPECT_EQ(world.get("/v1/catalog/services").body, R"({"web":[]})");
    EXPECT_TRUE(world.get("/v1/catalog/services").filtered);
    EXPECT_EQ(world.get("/v1/catalog/nodes").json().size(), 1u);
    EXPECT_EQ(world.get("/v1/health/service/web").json().size(), 1u);
    EXPECT_TRUE(world.get("/v1/health/service/web").filtered);
    EXPECT_EQ(world.get("/v1/catalog/node/node1").at("/Services").size(), 1u);
    EXPECT_EQ(world.get("/v1/catalog/node/node2").body, "null");
    EXPECT_EQ(world.get("/v1/agent/services").json().size(), 1u);
    EXPECT_EQ(world.get("/v1/query/q/execute").at("/Nodes").size(), 1u);
    EXPECT_TRUE(world.get("/v1/query/q/execute").filtered);
    // The answer that is kept for all is only for who may see all of it.
    world.as(root);
    EXPECT_EQ(world.get("/v1/health/service/web").json().size(), 2u);
    world.with(R"(service "web" { policy = "read" } node_prefix "" { policy = "read" })");
    EXPECT_EQ(world.get("/v1/health/service/web").json().size(), 2u);
    EXPECT_FALSE(world.get("/v1/health/service/web").filtered);
    world.with(R"(service "web" { policy = "read" } node_prefix "" { policy = "read" } node "node2" { policy = "deny" })");
    EXPECT_EQ(world.get("/v1/health/service/web").json().size(), 1u);
}

TEST(AclMeaning, KeysAreReadListedWrittenAndDeletedByTheirOwnRules) {
    GuardedWorld world(false, true);
    for (const char* key : {"a/1", "a/2", "b/1"}) world.put("/v1/kv/" + std::string(key), "v");
    world.with(R"(key_prefix "a/" { policy = "list" } key_prefix "b/" { policy = "read" } key_prefix "c/" { policy = "write" })");
    EXPECT_EQ(world.get("/v1/kv/a/?keys").body, R"(["a/1","a/2"])");
    EXPECT_EQ(world.get("/v1/kv/a/?recurse").json().size(), 2u);
    EXPECT_NE(world.get("/v1/kv/b/?keys").body.find("lacks permission 'key:list' on \"b/\""), std::string::npos);
    EXPECT_EQ(world.get("/v1/kv/b/1?raw").body, "v");
    EXPECT_EQ(world.put("/v1/kv/a/1", "w").status, 403);
    EXPECT_EQ(world.put("/v1/kv/c/1", "w").body, "true");
    EXPECT_EQ(world.del("/v1/kv/c/?recurse").body, "true");
    EXPECT_EQ(world.del("/v1/kv/a/?recurse").status, 403);
    EXPECT_EQ(world.del("/v1/kv/?recurse").status, 403);
    GuardedWorld plain;
    for (const char* key : {"a/1", "b/1"}) plain.put("/v1/kv/" + std::string(key), "v");
    plain.with(R"(key_prefix "b/" { policy = "read" })");
    EXPECT_EQ(plain.get("/v1/kv/?keys").body, R"(["b/1"])");
    EXPECT_TRUE(plain.get("/v1/kv/?keys").filtered);
    EXPECT_EQ(plain.get("/v1/kv/a/?recurse").status, 404);
}

TEST(AclMeaning, WhatTakesThePlaceOfAnotherNeedsBoth) {
    GuardedWorld world;
    furnish(world);
    world.put("/v1/agent/service/register", R"({"Name":"db","ID":"db1","Check":{"CheckID":"dbc","TTL":"10s"}})");
    world.with(R"(service "mine" { policy = "write" })");
    EXPECT_EQ(world.put("/v1/agent/service/register", R"({"Name":"mine"})").status, 200);
    EXPECT_EQ(world.put("/v1/agent/service/register", R"({"Name":"mine","ID":"db1"})").status, 403);
    EXPECT_EQ(world.put("/v1/agent/service/register", R"({"Name":"mine","Check":{"CheckID":"dbc","TTL":"1s"}})").status, 403);
    EXPECT_EQ(world.put("/v1/agent/check/register", R"({"Name":"dbc","ServiceID":"mine","TTL":"1s"})").status, 403);
    EXPECT_EQ(world.put("/v1/agent/check/register", R"({"Name":"own","ServiceID":"mine","TTL":"1s"})").status, 200);
    EXPECT_EQ(world.put("/v1/agent/check/register", R"({"Name":"x","ServiceID":"db1","TTL":"1s"})").status, 403);
    const std::string node = R"({"Node":"node1","Address":"10.0.0.1")";
    EXPECT_EQ(world.put("/v1/catalog/register", node + R"(,"Service":{"Service":"mine","ID":"m2"},"Check":{"Name":"mc","ServiceID":"m2"}})").status, 200);
    EXPECT_EQ(world.put("/v1/catalog/register", node + R"(,"Service":{"Service":"mine","ID":"db1"}})").status, 403);
    EXPECT_EQ(world.put("/v1/catalog/register", node + R"(,"Check":{"Name":"of the node"}})").status, 403);
    EXPECT_EQ(world.put("/v1/catalog/register", node + R"(,"Check":{"Name":"dbc","ServiceID":"mine"}})").status, 403);
    EXPECT_EQ(world.put("/v1/catalog/register", R"({"Node":"other","Address":"10.0.0.3","Service":{"Service":"mine"}})").status, 403); // a new node
    EXPECT_EQ(world.put("/v1/catalog/register", R"({"Node":"node1","SkipNodeUpdate":true,"Service":{"Service":"mine"}})").status, 200);
    EXPECT_EQ(world.put("/v1/catalog/deregister", R"({"Node":"node1","ServiceID":"m2"})").status, 200);
    EXPECT_EQ(world.put("/v1/catalog/deregister", R"({"Node":"node1","ServiceID":"db1"})").status, 403);
    EXPECT_EQ(world.put("/v1/catalog/deregister", R"({"Node":"node1","CheckID":"dbc"})").status, 403);
    EXPECT_EQ(world.put("/v1/catalog/deregister", R"({"Node":"node1","CheckID":"absent"})").status, 403);
    world.with(R"(node "node1" { policy = "write" })"); // whose is the node, his is what is on it
    EXPECT_EQ(world.put("/v1/catalog/deregister", R"({"Node":"node1","ServiceID":"db1"})").status, 200);
    EXPECT_EQ(world.put("/v1/catalog/deregister", R"({"Node":"node1","ServiceID":"web1"})").status, 200);
}

TEST(AclMeaning, ATransactionIsRefusedWholeAndShowsWhatMayBeSeen) {
    GuardedWorld world;
    furnish(world);
    world.put("/v1/kv/secret", "s");
    world.with(R"(key_prefix "a/" { policy = "write" } key "secret" { policy = "deny" }
                  service "mine" { policy = "write" } node "node2" { policy = "write" })");
    const auto refused = world.put("/v1/txn", R"([{"KV":{"Verb":"set","Key":"a/x","Value":"eA=="}},{"KV":{"Verb":"delete","Key":"secret"}},
                                                  {"KV":{"Verb":"delete-tree","Key":""}},{"KV":{"Verb":"check-index","Key":"secret","Index":1}},
                                                  {"Service":{"Verb":"delete","Node":"node1","Service":{"ID":"web1"}}},
                                                  {"Check":{"Verb":"delete","Check":{"Node":"node1","CheckID":"service:web1"}}},
                                                  {"Node":{"Verb":"set","Node":{"Node":"node1","Address":"9.9.9.9"}}}])");
    EXPECT_EQ(refused.status, 409);
    ASSERT_EQ(refused.at("/Errors").size(), 6u) << refused.body;
    EXPECT_EQ(refused.at("/Errors/0/OpIndex"), Json(1));
    EXPECT_NE(refused.at("/Errors/0/What").as_string().find("lacks permission 'key:write' on \"secret\""), std::string::npos);
    EXPECT_EQ(world.model.find<KvEntry>("a/x"), nullptr);
    const auto shown = world.put("/v1/txn", R"([{"KV":{"Verb":"set","Key":"a/x","Value":"eA=="}},{"KV":{"Verb":"get","Key":"secret"}},
                                                {"KV":{"Verb":"get-tree","Key":""}},
                                                {"Node":{"Verb":"set","Node":{"Node":"node2","Address":"10.0.0.2"}}},
                                                {"Service":{"Verb":"set","Node":"node2","Service":{"ID":"m","Service":"mine"}}},
                                                {"Check":{"Verb":"set","Check":{"Node":"node2","CheckID":"mc","Name":"mc","ServiceID":"m"}}},
                                                {"Service":{"Verb":"get","Node":"node1","Service":{"ID":"web1"}}},
                                                {"Check":{"Verb":"get","Check":{"Node":"node1","CheckID":"service:web1"}}},
                                                {"Node":{"Verb":"get","Node":{"Node":"node1"}}}])");
    ASSERT_EQ(shown.status, 200) << shown.body;
    EXPECT_TRUE(shown.filtered);
    EXPECT_EQ(shown.body.find("secret"), std::string::npos);
    EXPECT_EQ(shown.body.find("node1"), std::string::npos);
    EXPECT_EQ(shown.at("/Results").size(), 6u) << shown.body; // a/x, of the tree a/b and a/x, node2, mine, its check
}

TEST(AclMeaning, AQueryMayHaveATokenOfItsOwnWhichNobodyReads) {
    GuardedWorld world;
    furnish(world);
    const std::string reads = world.token(R"(service_prefix "" { policy = "read" } node_prefix "" { policy = "read" })");
    const std::string makes = world.token(R"(query_prefix "" { policy = "write" })");
    world.as(makes);
    const auto made = world.post("/v1/query", R"({"Name":"mine","Token":")" + reads + R"(","Service":{"Service":"web"}})");
    ASSERT_EQ(made.status, 200) << made.body;
    const std::string path = "/v1/query/" + made.at("/ID").as_string();
    for (const auto& [key, value] : world.store.pairs) EXPECT_EQ(value.find(reads), std::string::npos) << key;
    EXPECT_EQ(world.get(path).at("/0/Token"), Json("<hidden>"));
    EXPECT_EQ(world.get(path + "/explain").at("/Query/Token"), Json("<hidden>"));
    EXPECT_EQ(world.get(path + "/execute").at("/Nodes").size(), 1u);
    EXPECT_EQ(world.put(path, R"({"Name":"mine","Token":"<hidden>","Service":{"Service":"web"}})").status, 200);
    EXPECT_EQ(world.get(path + "/execute").at("/Nodes").size(), 1u);
    EXPECT_EQ(world.put(path, R"({"Name":"mine","Service":{"Service":"web"}})").status, 200);
    EXPECT_EQ(world.get(path + "/execute").at("/Nodes").size(), 0u);
    EXPECT_EQ(world.put(path, R"({"Name":"mine","Token":"no token","Service":{"Service":"web"}})").status, 200);
    EXPECT_EQ(world.get(path + "/execute").status, 403);
    world.with(R"(query "other" { policy = "write" })");
    EXPECT_EQ(world.put(path, R"({"Name":"other","Service":{"Service":"web"}})").status, 403); // it is still named mine
    // One without a name is whose id it is; only who may write the rules sees it in lists.
    const std::string session = [&] {
        world.as(root);
        return world.put("/v1/session/create", R"({"Node":"node1"})").at("/ID").as_string();
    }();
    const std::string nameless = world.post("/v1/query", R"({"Session":")" + session + R"(","Service":{"Service":"web"}})").at("/ID").as_string();
    EXPECT_EQ(world.get("/v1/query").json().size(), 3u);
    world.as(makes);
    EXPECT_EQ(world.get("/v1/query").json().size(), 2u);
    EXPECT_EQ(world.get("/v1/query/" + nameless).status, 200);
}

TEST(AclMeaning, AllowByDefaultKeepsTheRulesAndSnapshotsClosed) {
    GuardedWorld world(true);
    furnish(world);
    world.as("");
    EXPECT_EQ(world.put("/v1/kv/x", "y").body, "true");
    EXPECT_EQ(world.get("/v1/agent/members").json().size(), 1u);
    EXPECT_EQ(world.get("/v1/operator/raft/configuration").status, 200);
    EXPECT_EQ(world.get("/v1/acl/tokens").status, 403);
    EXPECT_EQ(world.get("/v1/snapshot").status, 403);
    EXPECT_EQ(world.del("/v1/kv/?recurse").body, "true");
    world.with(R"(key_prefix "closed/" { policy = "deny" })");
    EXPECT_EQ(world.put("/v1/kv/closed/x", "y").status, 403);
    EXPECT_EQ(world.del("/v1/kv/?recurse").status, 403);
    EXPECT_EQ(world.put("/v1/kv/open", "y").body, "true");
}

TEST(AclMeaning, EventsAreHeardByWhoMayReadThem) {
    GuardedWorld world;
    world.put("/v1/event/fire/one");
    world.put("/v1/event/fire/two");
    const auto all = world.get("/v1/event/list");
    world.with(R"(event "one" { policy = "read" })");
    const auto some = world.get("/v1/event/list");
    EXPECT_EQ(some.json().size(), 1u);
    EXPECT_TRUE(some.filtered);
    EXPECT_NE(some.index, all.index); // it is told the id of the last event it may see
}

TEST(AclMeaning, DnsAnswersWhatItsTokenMaySee) {
    GuardedWorld world;
    furnish(world);
    Access access = Access::by_rules(std::make_shared<const Rules>(), false, "x");
    dns::Zone zone(world.model, {}, [&](const std::string& query_token) { return query_token.empty() ? access : Access(); });
    const auto code_of = [&](const std::string& text) {
        dns::Query query;
        query.name = dns::name_of(text);
        query.type = static_cast<std::uint16_t>(dns::Type::any);
        query.class_ = dns::class_in;
        const dns::Answer answer = zone.answer(query);
        return answer.answers.empty() ? std::string(answer.code == dns::Code::name_error ? "nobody" : "nothing") : std::string("found");
    };
    for (const char* name : {"web.service.consul", "node1.node.consul", "q.query.consul", "1.0.0.10.in-addr.arpa"}) EXPECT_EQ(code_of(name), "nobody") << name;
    access = Access::by_rules(std::make_shared<const Rules>(parse_policy(R"(service "web" { policy = "read" } node "node1" { policy = "read" })")), false, "x");
    for (const char* name : {"web.service.consul", "node1.node.consul", "q.query.consul", "1.0.0.10.in-addr.arpa"}) EXPECT_EQ(code_of(name), "found") << name;
    // A query with a token of its own is answered with what that may see.
    world.post("/v1/query", R"({"Name":"own","Token":"t","Service":{"Service":"web"}})");
    access = Access::by_rules(std::make_shared<const Rules>(), false, "x");
    EXPECT_EQ(code_of("own.query.consul"), "found");
    EXPECT_EQ(code_of("web.service.consul"), "nobody");
    // Of the daemon: the token for DNS, the default one, or what anybody may.
    world.acl->tokens().dns = "unknown";
    EXPECT_TRUE(world.acl->dns_access(world.model, world.now_us).is_anonymous());
    world.acl->tokens().dns = "";
    world.acl->tokens().default_token = root;
    EXPECT_TRUE(world.acl->dns_access(world.model, world.now_us).may_everything());
}

TEST(AclMeaning, ASecretIsFoundWhereClientsPutIt) {
    const auto secret = [](std::string_view query, std::initializer_list<std::pair<const char*, const char*>> fields) {
        http::Headers headers;
        for (const auto& [name, value] : fields) headers.add(name, value);
        return api::secret_in(headers, api::Query(*http::parse_query(query)));
    };
    EXPECT_EQ(secret("", {}), "");
    EXPECT_EQ(secret("", {{"x-consul-token", "a"}}), "a");
    EXPECT_EQ(secret("", {{"Authorization", "bearer  b"}}), "b");
    EXPECT_EQ(secret("", {{"Authorization", "Basic b"}}), "");
    EXPECT_EQ(secret("", {{"Authorization", "b"}}), "");
    EXPECT_EQ(secret("", {{"Authorization", "Bearer b"}, {"X-Consul-Token", "a"}}), "a");
    EXPECT_EQ(secret("token=q", {{"X-Consul-Token", "a"}}), "q");
}

} // namespace
} // namespace gravity::registry::test
