#include "process.hpp"

#include <gravity/app/version.hpp>

/// The executable itself, beside the test's own.
namespace gravity::gateway::test {
namespace {

TEST(Process, ServesRoutesOfAFileChecksTokensOfAJwksAndDrains) {
    const Folder folder;
    const auth::Signer signer = auth::Signer::generate();
    auth::Claims claims;
    claims.issuer = "https://issuer.example";
    claims.audience = {"gravity"};
    claims.subject = "ada";
    claims.expires_at = now().unix_seconds() + 600;
    claims.project = ProjectId::fresh();
    claims.scopes = {"gateway:admin", "gateway:read"};
    const std::string bearer = "Authorization: Bearer " + signer.token(claims) + "\r\n";

    std::atomic<bool> asked = false, go = false;
    Instance instance([&](Wire& wire) {
        const auto request = wire.read_message();
        if (request.head.find("/slow") != std::string::npos) {
            asked = true;
            EXPECT_TRUE(eventually([&] { return go.load(); }));
        }
        wire.send(Instance::ok("in", "Connection: close\r\n"));
    });
    const std::string routes = folder.file("routes.json", R"({"routes":[{"name":"shop","prefixes":["/api/v1/things"],"upstreams":["127.0.0.1:)" +
                                                              std::to_string(instance.port()) + R"("]}]})");
    const std::string jwks = folder.file("jwks.json", signer.jwks());
    const std::uint16_t port = free_port(), admin = free_port();
    Process process({"PORT=" + std::to_string(port), "ADMIN_PORT=" + std::to_string(admin), "GATEWAY_ROUTES_FILE=" + routes, "AUTH_JWKS_URL=file://" + jwks,
                     "AUTH_ISSUER=https://issuer.example", "DEREGISTER_DELAY_SECONDS=0", "LOG_LEVEL=error"});
    ASSERT_TRUE(eventually([&] { return status_of(port, "/health/ready") == 200; }));
    EXPECT_EQ(answer_of(port, "/health/ready").body, R"({"status":"pass","serviceId":"gateway","releaseId":")" + std::string(app::version()) + R"("})");
    EXPECT_EQ(status_of(port, "/api/v1/things"), 401);
    ASSERT_TRUE(eventually([&] { return status_of(port, "/api/v1/things", bearer) != 503; })) << "the keys have not been read";
    EXPECT_EQ(status_of(port, "/api/v1/things", bearer), 200);
    EXPECT_EQ(status_of(port, "/api/v1/gateway/routes", bearer), 404) << "the admin interface is not behind the data port";

    auto client = Wire::connect(admin);
    EXPECT_EQ(status_of(admin, "/api/v1/gateway/routes"), 401);
    const auto shown = client.ask("GET /api/v1/gateway/routes HTTP/1.1\r\nHost: h\r\n" + bearer + "\r\n");
    EXPECT_EQ(shown.status(), 200) << shown.body;
    EXPECT_NE(shown.body.find(R"("prefix":"/api/v1/things")"), std::string::npos) << shown.body;
    const auto services = client.ask("GET /api/v1/gateway/services HTTP/1.1\r\nHost: h\r\n" + bearer + "\r\n");
    EXPECT_NE(services.body.find(R"("breaker":"closed")"), std::string::npos) << services.body;
    EXPECT_NE(client.ask("GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n").body.find("gravity_gateway_requests_total{service=\"shop\",status=\"2xx\"}"),
              std::string::npos);
    client.close();

    auto slow = Wire::connect(port);
    slow.send("GET /api/v1/things/slow HTTP/1.1\r\nHost: h\r\n" + bearer + "\r\n");
    ASSERT_TRUE(eventually([&] { return asked.load(); }));
    process.signal(SIGTERM);
    ASSERT_TRUE(eventually([&] { return status_of(port, "/health/live") == 0; })) << "it still accepts";
    go = true;
    const auto answer = slow.read_message();
    EXPECT_EQ(answer.body, "in");
    EXPECT_TRUE(answer.has("Connection: close"));
    slow.close();
    EXPECT_EQ(process.wait(), 0);
}

TEST(Process, SettingsThatCannotBeFollowedEndTheStart) {
    const Folder folder;
    const std::string bad = folder.file("routes.json", R"({"routes":[{"name":"shop","prefixes":["x"],"upstreams":[]}]})");
    Process unreadable({"PORT=0", "ADMIN_PORT=0", "GATEWAY_ROUTES_FILE=" + bad});
    EXPECT_EQ(unreadable.wait(), 1);
    Process unknown({"PORT=0", "ADMIN_PORT=0", "GATEWAY_RATE_BRUST=5"});
    EXPECT_EQ(unknown.wait(), 2);
    Process networks({"PORT=0", "ADMIN_PORT=0", "GATEWAY_TRUSTED_PROXIES=10.0.0.0/8, everybody"});
    EXPECT_EQ(networks.wait(), 1);
}

TEST(Process, FollowsAFolderOfRoutesAndKeepsTheOldOnesIfItIsNotRight) {
    Instance instance(Instance::answering([](const Wire::Message&) { return Instance::ok("in"); }));
    const Folder routes;
    routes.file("a.json", route_json("a", "/a", instance.port()));
    Platform platform({"GATEWAY_ROUTES_FOLDER=" + routes.file("", "")});
    EXPECT_EQ(status_of(platform.port, "/a"), 200);
    EXPECT_EQ(status_of(platform.port, "/b"), 404);
    routes.file("b.json", route_json("b", "/b", instance.port()));
    EXPECT_TRUE(eventually([&] { return status_of(platform.port, "/b") == 200; }));
    routes.file("b.json", "{\"kind\":\"HTTPRoute\"");
    EXPECT_TRUE(eventually([&] { return answer_of(platform.admin, "/metrics").body.find("gravity_gateway_routes_refused 1") != std::string::npos; }));
    EXPECT_EQ(status_of(platform.port, "/a"), 200);
    EXPECT_EQ(status_of(platform.port, "/b"), 200);
    const auto taken = platform.ask("PUT", "/api/v1/gateway/routes/a", route_json("a", "/c", instance.port()));
    EXPECT_EQ(taken.status(), 409) << taken.body;
    EXPECT_EQ(platform.ask("DELETE", "/api/v1/gateway/routes/a").status(), 409);
    routes.file("b.json", route_json("b", "/c", instance.port()));
    EXPECT_TRUE(eventually([&] { return status_of(platform.port, "/c") == 200 && status_of(platform.port, "/b") == 404; }));
}

TEST(Process, IsAdministered) {
    Instance instance(Instance::answering([](const Wire::Message& request) {
        if (request.head.starts_with("GET /openapi.json")) {
            return Instance::ok(R"({"openapi":"3.1.0","info":{"title":"Things","version":"1"},
                "paths":{"/api/v1/things":{"get":{"operationId":"list","responses":{"200":{"description":"OK"}}}}}})");
        }
        return Instance::ok("in");
    }));
    const Folder files;
    const std::string routes = files.file("routes.json", R"({"routes":[{"name":"things","prefixes":["/api/v1/things"],"upstreams":["127.0.0.1:)" +
                                                             std::to_string(instance.port()) + R"("]}]})");
    Platform platform({"GATEWAY_ROUTES_FILE=" + routes});
    EXPECT_TRUE(eventually([&] { return answer_of(platform.port, "/openapi.json").body.find("\"things.list\"") != std::string::npos; }));
    EXPECT_EQ(status_of(platform.port, "/docs"), 200);

    const auto made = platform.ask("PUT", "/api/v1/gateway/routes/mine", route_json("mine", "/mine", instance.port()));
    EXPECT_EQ(made.status(), 200) << made.body;
    EXPECT_EQ(made.field("ETag"), "\"1\"");
    EXPECT_TRUE(eventually([&] { return status_of(platform.port, "/mine") == 200; }));
    EXPECT_EQ(platform.ask("PUT", "/api/v1/gateway/routes/mine", route_json("mine", "/other", instance.port()), "If-Match: \"7\"\r\n").status(), 412);
    EXPECT_EQ(platform.ask("PUT", "/api/v1/gateway/routes/mine", route_json("yours", "/other", instance.port())).status(), 422);
    EXPECT_EQ(platform.ask("PUT", "/api/v1/gateway/routes/mine", route_json("mine", "other", instance.port())).status(), 422);
    EXPECT_EQ(status_of(platform.port, "/mine"), 200) << "what is refused changes nothing";
    EXPECT_EQ(platform.ask("PUT", "/api/v1/gateway/routes/mine", route_json("mine", "/other", instance.port()), "If-Match: \"1\"\r\n").field("ETag"), "\"2\"");
    EXPECT_TRUE(eventually([&] { return status_of(platform.port, "/other") == 200 && status_of(platform.port, "/mine") == 404; }));
    EXPECT_NE(platform.ask("GET", "/api/v1/gateway/routes/mine").body.find("HTTPRoute"), std::string::npos);
    EXPECT_NE(platform.ask("GET", "/api/v1/gateway/routes").body.find("\"mine rule 0\""), std::string::npos);
    EXPECT_EQ(platform.ask("DELETE", "/api/v1/gateway/routes/mine", {}, "If-Match: \"2\"\r\n").status(), 204);
    EXPECT_EQ(platform.ask("DELETE", "/api/v1/gateway/routes/mine").status(), 404);
    EXPECT_TRUE(eventually([&] { return status_of(platform.port, "/other") == 404; }));

    const auto explained = platform.ask("POST", "/api/v1/gateway/explain", R"({"target":"/api/v1/things","headers":{"X-A":"1"}})");
    EXPECT_EQ(explained.status(), 200) << explained.body;
    EXPECT_NE(explained.body.find(R"("problem":"unauthenticated")"), std::string::npos) << explained.body;
    const std::string id = "127.0.0.1:" + std::to_string(instance.port());
    const auto drained = platform.ask("POST", "/api/v1/gateway/instances/" + id + "/drain");
    EXPECT_EQ(drained.status(), 200) << drained.body;
    EXPECT_NE(drained.body.find(R"("hold":"drained")"), std::string::npos) << drained.body;
    EXPECT_EQ(status_of(platform.port, "/api/v1/things", platform.bearer), 503);
    EXPECT_NE(platform.ask("POST", "/api/v1/gateway/instances/" + id + "/eject").body.find(R"("hold":"ejected")"), std::string::npos);
    EXPECT_EQ(platform.ask("POST", "/api/v1/gateway/instances/" + id + "/restore").status(), 200);
    EXPECT_EQ(platform.ask("POST", "/api/v1/gateway/instances/nobody/drain").status(), 404);
    EXPECT_EQ(status_of(platform.port, "/api/v1/things", platform.bearer), 200);
    EXPECT_NE(platform.ask("GET", "/api/v1/gateway/instances").body.find(R"("service":"things")"), std::string::npos);
    EXPECT_NE(platform.ask("GET", "/api/v1/gateway/connections").body.find(R"("open":)"), std::string::npos);

    EXPECT_EQ(platform.ask("POST", "/api/v1/gateway/tokens/revoke", "{}").status(), 422);
    EXPECT_EQ(platform.ask("POST", "/api/v1/gateway/tokens/revoke", R"({"jti":"token-1"})").status(), 204);
    EXPECT_EQ(status_of(platform.port, "/api/v1/things", platform.bearer), 401);
    EXPECT_EQ(status_of(platform.port, "/api/v1/things", platform.operator_bearer), 200);
    EXPECT_EQ(platform.ask("POST", "/api/v1/gateway/tokens/revoke", R"({"sub":"operator"})").status(), 204);
    EXPECT_EQ(status_of(platform.port, "/api/v1/things", platform.operator_bearer), 401);
}

TEST(Process, FollowsARegistryAndKeepsWhatItKnowsWhenThatFails) {
    Instance instance(Instance::answering([](const Wire::Message&) { return Instance::ok("in"); }));
    Registry registry;
    const std::string names = R"({"consul":[],"shop":["gravity"]})";
    const auto passing = [&](std::string_view access) {
        return R"([{"Node":{"Address":"127.0.0.1"},"Service":{"ID":"shop-1","Tags":["gravity"],"Address":"127.0.0.1","CreateIndex":7,"Port":)" +
               std::to_string(instance.port()) + R"(,"Meta":{"prefixes":"/api/v1/things","roots":"/shop.example","auth":")" + std::string(access) + R"("}}}])";
    };
    const std::uint16_t port = free_port();
    Process process({"PORT=" + std::to_string(port), "ADMIN_PORT=" + std::to_string(free_port()), "DISCOVERY_MODE=consul", "DISCOVERY_URL=" + registry.url(),
                     "DISCOVERY_TOKEN=secret", "DEREGISTER_DELAY_SECONDS=0", "LOG_LEVEL=error"});
    ASSERT_TRUE(eventually([&] { return registry.calls().size() > 1; })) << "what failed is asked again";
    EXPECT_EQ(registry.calls()[0].headers.get("X-Consul-Token"), "secret");
    EXPECT_EQ(status_of(port, "/health/ready"), 503) << "without knowing any service";

    registry.tell(names, passing("public"));
    ASSERT_TRUE(eventually([&] { return status_of(port, "/health/ready") == 200; }));
    EXPECT_EQ(status_of(port, "/api/v1/things"), 200);
    registry.tell(names, passing("jwt"));
    EXPECT_TRUE(eventually([&] { return status_of(port, "/api/v1/things") == 401; }));
    EXPECT_EQ(status_of(port, "/shop.example/pay"), 200) << "of a standard: the credentials are the service's matter";

    registry.tell("no list at all", "neither");
    ASSERT_TRUE(eventually([&] { return registry.answered() >= 2; }));
    registry.tell(names, "[]", 403);
    ASSERT_TRUE(eventually([&] { return registry.answered() >= 2; }));
    EXPECT_EQ(status_of(port, "/shop.example/pay"), 200) << "what cannot be read changes nothing";
    registry.tell(names, "[]");
    EXPECT_TRUE(eventually([&] { return status_of(port, "/shop.example/pay") == 503; })) << "its place is known without an instance";
    registry.tell(names, passing("jwt"));
    EXPECT_TRUE(eventually([&] { return status_of(port, "/shop.example/pay") == 200; }));
    process.signal(SIGTERM);
    EXPECT_EQ(process.wait(), 0);
}

TEST(Process, PurgesWhatItKeeps) {
    std::atomic<int> asked{0};
    Instance instance(Instance::answering([&](const Wire::Message& request) {
        if (request.head.starts_with("GET /openapi.json")) return std::string("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
        return Instance::ok(std::to_string(++asked), "Cache-Control: max-age=600\r\nCache-Tag: one, two\r\n");
    }));
    const Folder files;
    const std::string routes =
        files.file("routes.json", R"({"routes":[{"name":"things","prefixes":["/things"],"auth":"public","cache":"shared","upstreams":["127.0.0.1:)" +
                                      std::to_string(instance.port()) + R"("]}]})");
    Platform platform({"GATEWAY_ROUTES_FILE=" + routes});
    const auto read = [&] { return answer_of(platform.port, "/things/a").body; };
    const auto purge = [&](std::string_view what) { return platform.ask("POST", "/api/v1/gateway/cache/purge", what); };
    EXPECT_EQ(read(), "1");
    EXPECT_EQ(read(), "1");
    EXPECT_NE(answer_of(platform.admin, "/metrics").body.find("gravity_gateway_cache_entries 1"), std::string::npos);
    EXPECT_EQ(purge(R"({"key":"h/things/b"})").body, R"({"purged":0})");
    EXPECT_EQ(read(), "1");
    EXPECT_EQ(purge(R"({"key":"https://H/things//a"})").body, R"({"purged":1})");
    EXPECT_EQ(read(), "2");
    EXPECT_EQ(purge(R"({"prefix":"h/thi"})").body, R"({"purged":1})");
    EXPECT_EQ(read(), "3");
    EXPECT_EQ(purge(R"({"tag":"two"})").body, R"({"purged":1})");
    EXPECT_EQ(read(), "4");
    for (const std::string_view bad : {"{}", R"({"key":"h/a","tag":"x"})", R"({"key":"/a"})", R"({"prefix":"h"})"}) EXPECT_EQ(purge(bad).status(), 422) << bad;
    EXPECT_NE(platform.ask("GET", "/api/v1/gateway/routes").body.find(R"("cache":"shared")"), std::string::npos);
}

TEST(Process, WhoAsksIsServedWhenThereAreNoDescriptorsLeft) {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "the sanitizer opens a pipe to look at an object, and where it gets none it says that there is no object";
#endif
    constexpr int together = 10;
    std::atomic<int> asked{0};
    Instance instance([&](Wire& wire) {
        for (Wire::Message request; !(request = wire.read_message()).head.empty(); wire.send(Instance::ok("in")))
            if (request.head.starts_with("GET /a/together ")) {
                ++asked;
                EXPECT_TRUE(eventually([&] { return asked >= together; })); // so each needs a connection of its own
            }
    });
    const Folder files;
    const std::string routes = files.file("routes.json", R"({"routes":[{"name":"things","prefixes":["/a"],"auth":"public","upstreams":["127.0.0.1:)" +
                                                             std::to_string(instance.port()) + R"("]}]})");
    Platform platform({"GATEWAY_ROUTES_FILE=" + routes, "GATEWAY_RATE_PER_SECOND=0"});
    auto before = Wire::connect(platform.port);
    EXPECT_EQ(before.ask("GET /a HTTP/1.1\r\nHost: h\r\n\r\n").body, "in");
    platform.process->limit_descriptors(80);
    std::vector<Wire> silent, honest;
    for (int i = 0; i < 200; ++i) {
        silent.push_back(Wire::connect(platform.port));
        if (i % 20 == 0) {
            EXPECT_EQ(answer_of(platform.port, "/a").body, "in") << i;
        }
    }
    for (int i = 0; i < together; ++i) {
        honest.push_back(Wire::connect(platform.port));
        honest.back().send("GET /a/together HTTP/1.1\r\nHost: h\r\n\r\n");
    }
    for (int i = 0; i < 20; ++i) silent.push_back(Wire::connect(platform.port));
    for (Wire& one : honest) {
        const auto answer = one.read_message();
        EXPECT_EQ(answer.body, "in") << answer.head;
    }
    EXPECT_TRUE(before.ended()) << "the oldest that waited";
    silent.clear(); // who administers has descriptors of the same process
    const std::string metrics = answer_of(platform.admin, "/metrics").body;
    EXPECT_NE(metrics.find("gravity_gateway_connections_shed_total"), std::string::npos) << metrics;
    for (const char* none : {"gravity_gateway_connections_shed_total 0\n", "gravity_gateway_accept_pauses_total 0\n"})
        EXPECT_EQ(metrics.find(none), std::string::npos) << none;
}

TEST(Process, AnExplanationTakesACertificateAndShowsPatterns) {
    Instance instance(Instance::answering([](const Wire::Message&) { return Instance::ok("in"); }));
    Platform platform;
    const std::string route = R"({"apiVersion":"gateway.networking.k8s.io/v1","kind":"HTTPRoute","metadata":{"name":"tills",
        "annotations":{"gravity/client-certificate":"DNS:till.example"}},"spec":{"rules":[{
        "matches":[{"path":{"type":"RegularExpression","value":"/tills/[0-9]+"}}],"backendRefs":[{"name":"127.0.0.1","port":)" +
                              std::to_string(instance.port()) + "}]}]}}";
    EXPECT_EQ(platform.ask("PUT", "/api/v1/gateway/routes/tills", route).status(), 200);
    const auto explained = [&](std::string_view more) {
        return platform.ask("POST", "/api/v1/gateway/explain", R"({"target":"/tills/7")" + std::string(more) + "}").body;
    };
    EXPECT_NE(explained("").find(R"("problem":"client-certificate-required")"), std::string::npos) << explained("");
    EXPECT_NE(explained(R"(,"client_certificate_names":["DNS:other.example"])").find(R"("problem":"forbidden")"), std::string::npos);
    EXPECT_NE(explained(R"(,"client_certificate_thumbprint":"x")").find(R"("problem":"forbidden")"), std::string::npos) << "it has none of the names";
    const std::string passes = explained(R"(,"client_certificate_names":["DNS:till.example"])");
    EXPECT_NE(passes.find(R"("outcome":"passed on")"), std::string::npos) << passes;
    EXPECT_NE(passes.find(R"("kind":"RegularExpression")"), std::string::npos) << passes;
    const std::string counted = "gravity_gateway_instances{service=\"127.0.0.1:" + std::to_string(instance.port());
    const auto is_counted = [&] { return answer_of(platform.admin, "/metrics").body.find(counted) != std::string::npos; };
    EXPECT_TRUE(eventually(is_counted));
    EXPECT_EQ(platform.ask("DELETE", "/api/v1/gateway/routes/tills").status(), 204);
    EXPECT_TRUE(eventually([&] { return !is_counted(); })) << "of what is gone nothing is counted";
}

} // namespace
} // namespace gravity::gateway::test
