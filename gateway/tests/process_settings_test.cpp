#include "process.hpp"
#include "secure_client.hpp"
#include "secure_instance.hpp"

#include <sstream>

/// What the executable makes of its settings and files, at the start and when they change.
namespace gravity::gateway::test {
namespace {

std::string text_of(const std::string& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
}

bool shows(std::uint16_t admin, std::string_view line) { return answer_of(admin, "/metrics").body.find(line) != std::string::npos; }

std::string routes_json(std::string_view name, std::string_view prefix, std::uint16_t port, std::string_view more = {}) {
    return R"({"name":")" + std::string(name) + R"(","prefixes":[")" + std::string(prefix) + R"("],"auth":"public","upstreams":["127.0.0.1:)" +
           std::to_string(port) + "\"]" + std::string(more) + "}";
}
std::string file_of(std::string_view routes) { return R"({"routes":[)" + std::string(routes) + "]}"; }

TEST(Settings, ThatCannotBeFollowedEndTheStartWithTheReason) {
    const Folder folder;
    const Certificate certificate("one.example");
    const std::string chain = certificate.files.certificate_chain_file, key = certificate.files.private_key_file;
    const std::string text = folder.file("text.pem", "no certificate");
    struct Case {
        std::vector<std::string> settings;
        std::string_view reason;
    };
    const Case cases[] = {
        {{"GATEWAY_TLS_CERTIFICATE_FILE=" + chain}, "GATEWAY_TLS_CERTIFICATE_FILE and GATEWAY_TLS_KEY_FILE are needed together"},
        {{"GATEWAY_TLS_CERTIFICATE_FILE=" + text, "GATEWAY_TLS_KEY_FILE=" + key, "GATEWAY_TLS_PORT=" + std::to_string(free_port())}, "text.pem"},
        {{"GATEWAY_CLIENT_CERTIFICATES=required"}, "GATEWAY_CLIENT_CERTIFICATES and GATEWAY_CLIENT_CA_FILE are needed together"},
        {{"GATEWAY_CLIENT_CA_FILE=" + chain}, "GATEWAY_CLIENT_CERTIFICATES and GATEWAY_CLIENT_CA_FILE are needed together"},
        {{"GATEWAY_CLIENT_CERTIFICATES=required", "GATEWAY_CLIENT_CA_FILE=" + chain}, "GATEWAY_CLIENT_CERTIFICATES needs GATEWAY_TLS_CERTIFICATE_FILE"},
        {{"GATEWAY_CLIENT_CERTIFICATES=required", "GATEWAY_CLIENT_CA_FILE=" + text, "GATEWAY_TLS_CERTIFICATE_FILE=" + chain, "GATEWAY_TLS_KEY_FILE=" + key,
          "GATEWAY_TLS_PORT=" + std::to_string(free_port())},
         "TLS certificate authorities of clients "},
        {{"GATEWAY_UPSTREAM_KEY_FILE=" + key}, "GATEWAY_UPSTREAM_CERTIFICATE_FILE and GATEWAY_UPSTREAM_KEY_FILE are needed together"},
        {{"GATEWAY_UPSTREAM_CA_FILE=" + text}, "TLS certificate authorities "},
        {{"GATEWAY_ROUTES_FILE=" + folder.file("a.json", file_of(routes_json("shop", "/a", 1, R"(,"tls":{"ca_file":")" + text + "\"}")))},
         "route \\\"shop\\\": "},
        {{"GATEWAY_ROUTES_FILE=/nowhere/routes.json"}, "GATEWAY_ROUTES_FILE /nowhere/routes.json: "},
        {{"GATEWAY_ROUTES_FOLDER=/nowhere"}, "GATEWAY_ROUTES_FOLDER /nowhere: "},
    };
    for (const Case& each : cases) {
        std::vector<std::string> settings = each.settings;
        settings.insert(settings.end(), {"PORT=0", "ADMIN_PORT=0"});
        const std::string log = folder.file("log", "");
        Process process(settings, log);
        EXPECT_EQ(process.wait(), 1) << each.reason;
        EXPECT_NE(text_of(log).find(each.reason), std::string::npos) << each.reason << "\n"
                                                                     << text_of(log);
    }
}

TEST(Settings, APortThatAnotherOneHasEndsTheStart) {
    const Folder folder;
    const int other = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::bind(other, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    socklen_t size = sizeof at;
    ::getsockname(other, reinterpret_cast<sockaddr*>(&at), &size);
    const std::string log = folder.file("log", "");
    Process process({"PORT=" + std::to_string(ntohs(at.sin_port)), "ADMIN_PORT=0"}, log);
    EXPECT_EQ(process.wait(), 1);
    EXPECT_NE(text_of(log).find("cannot listen: "), std::string::npos) << text_of(log);
    ::close(other);
}

TEST(Settings, RequestsAreLoggedAsItIsAskedFor) {
    Instance instance(Instance::answering([](const Wire::Message& request) {
        return request.head.find("/a/bad") == std::string::npos ? Instance::ok("x") : "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n";
    }));
    const Folder folder;
    const std::string routes = folder.file("routes.json", file_of(routes_json("shop", "/a", instance.port())));
    for (const std::string_view wanted : {"all", "errors", "off"}) {
        const std::string log = folder.file("log", "");
        const std::uint16_t port = free_port();
        Process process({"PORT=" + std::to_string(port), "ADMIN_PORT=" + std::to_string(free_port()), "GATEWAY_ROUTES_FILE=" + routes,
                         "ACCESS_LOG=" + std::string(wanted), "DEREGISTER_DELAY_SECONDS=0"},
                        log);
        ASSERT_TRUE(eventually([&] { return status_of(port, "/health/ready") == 200; }));
        EXPECT_EQ(status_of(port, "/a/good"), 200);
        EXPECT_EQ(status_of(port, "/a/bad"), 500);
        process.signal(SIGTERM);
        EXPECT_EQ(process.wait(), 0);
        const std::string lines = text_of(log);
        EXPECT_EQ(lines.find("\"/a/good\"") != std::string::npos, wanted == "all") << lines;
        EXPECT_EQ(lines.find("\"/a/bad\"") != std::string::npos, wanted != "off") << lines;
    }
}

TEST(Settings, CertificatesAreReadAgainAndKeptWhereTheyDoNotFit) {
    Certificate certificate("one.example");
    const std::uint16_t tls_port = free_port();
    Platform platform({"GATEWAY_TLS_CERTIFICATE_FILE=" + certificate.files.certificate_chain_file, "GATEWAY_TLS_KEY_FILE=" + certificate.files.private_key_file,
                       "GATEWAY_TLS_PORT=" + std::to_string(tls_port)});
    const auto name = [&] { return Secure(tls_port).name(); };
    EXPECT_EQ(name(), "one.example");
    EXPECT_TRUE(shows(platform.admin, "gravity_gateway_certificates_refused 0"));
    std::ofstream(certificate.files.private_key_file) << "no key, and longer than nothing";
    EXPECT_TRUE(eventually([&] { return shows(platform.admin, "gravity_gateway_certificates_refused 1"); }));
    EXPECT_EQ(name(), "one.example");
    certificate.make("two.example");
    EXPECT_TRUE(eventually([&] { return name() == "two.example"; }));
    EXPECT_TRUE(eventually([&] { return shows(platform.admin, "gravity_gateway_certificates_refused 0"); }));
}

TEST(Settings, WhoVouchesForClientsIsReadAgainAndKeptWhereThatCannotBeUsed) {
    const Certificate certificate("one.example");
    const Authority first("first"), second("second");
    const net::TlsFiles of_first = first.issue("till-7", "DNS:till-7.example"), of_second = second.issue("till-7", "DNS:till-7.example");
    const Folder folder;
    const std::string authorities = folder.file("clients.pem", text_of(first.file())), log = folder.file("log", "");
    Instance instance(Instance::answering([](const Wire::Message&) { return Instance::ok("in"); }));
    const std::string routes = folder.file("routes.json", file_of(routes_json("shop", "/a", instance.port(), R"(,"client_certificate":"DNS:till-7.example")")));
    const std::uint16_t port = free_port(), tls_port = free_port(), admin = free_port();
    Process process({"PORT=" + std::to_string(port), "ADMIN_PORT=" + std::to_string(admin),
                     "GATEWAY_TLS_CERTIFICATE_FILE=" + certificate.files.certificate_chain_file,
                     "GATEWAY_TLS_KEY_FILE=" + certificate.files.private_key_file, "GATEWAY_TLS_PORT=" + std::to_string(tls_port),
                     "GATEWAY_CLIENT_CERTIFICATES=optional", "GATEWAY_CLIENT_CA_FILE=" + authorities, "GATEWAY_ROUTES_FILE=" + routes, "ACCESS_LOG=all",
                     "DEREGISTER_DELAY_SECONDS=0"},
                    log);
    ASSERT_TRUE(eventually([&] { return status_of(port, "/health/ready") == 200; }));
    const auto passes = [&](const net::TlsFiles& files) {
        try {
            Secure client(tls_port, files);
            client.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
            return client.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 ");
        } catch (const boost::system::system_error&) { return false; }
    };
    EXPECT_TRUE(passes(of_first));
    EXPECT_FALSE(passes(of_second));
    folder.file("clients.pem", "no certificate, and longer than nothing");
    EXPECT_TRUE(eventually([&] { return shows(admin, "gravity_gateway_certificates_refused 1"); }));
    EXPECT_TRUE(passes(of_first));
    folder.file("clients.pem", text_of(second.file()));
    EXPECT_TRUE(eventually([&] { return passes(of_second); }));
    EXPECT_FALSE(passes(of_first));
    EXPECT_EQ(status_of(port, "/a"), 403);
    process.signal(SIGTERM);
    EXPECT_EQ(process.wait(), 0);
    EXPECT_NE(text_of(log).find("CN=till-7,O=Shop"), std::string::npos) << "the access log says who it was";
}

TEST(Settings, AnInstanceDescribesItselfOverTlsToo) {
    const Certificate certificate("things.internal");
    SecureInstance instance(certificate.files, {}, R"({"openapi":"3.1.0","info":{"title":"Things","version":"1"},
        "paths":{"/api/v1/things":{"get":{"operationId":"list","responses":{"200":{"description":"OK"}}}}}})");
    const Folder folder;
    const std::string routes =
        folder.file("routes.json", file_of(routes_json("things", "/api/v1/things", instance.port(), R"(,"tls":{"name":"things.internal"})")));
    Platform platform({"GATEWAY_ROUTES_FILE=" + routes, "GATEWAY_UPSTREAM_CA_FILE=" + certificate.files.certificate_chain_file});
    EXPECT_TRUE(eventually([&] { return answer_of(platform.port, "/openapi.json").body.find("\"things.list\"") != std::string::npos; }));
    EXPECT_EQ(status_of(platform.port, "/api/v1/things"), 200);
}

TEST(Settings, WhatTwoClaimIsTheOlderOnesAndItIsShown) {
    Instance one(Instance::answering([](const Wire::Message&) { return Instance::ok("one"); }));
    Instance two(Instance::answering([](const Wire::Message&) { return Instance::ok("two"); }));
    const Folder folder;
    const std::string routes = folder.file("routes.json", file_of(routes_json("a", "/x", one.port()) + "," + routes_json("b", "/x", two.port())));
    Platform platform({"GATEWAY_ROUTES_FILE=" + routes});
    EXPECT_EQ(answer_of(platform.port, "/x").body, "one");
    EXPECT_TRUE(shows(platform.admin, "gravity_gateway_prefix_conflicts 1"));
    folder.file("routes.json", file_of(routes_json("b", "/x", two.port())));
    EXPECT_TRUE(eventually([&] { return answer_of(platform.port, "/x").body == "two"; }));
    EXPECT_TRUE(shows(platform.admin, "gravity_gateway_prefix_conflicts 0"));
}

TEST(Settings, AFilesRouteTakesThePlaceOfOneThatWasPut) {
    Instance instance(Instance::answering([](const Wire::Message&) { return Instance::ok("in"); }));
    const Folder folder;
    Platform platform({"GATEWAY_ROUTES_FOLDER=" + folder.file("", "")});
    EXPECT_EQ(platform.ask("GET", "/api/v1/gateway/routes/mine").status(), 404);
    EXPECT_EQ(platform.ask("PUT", "/api/v1/gateway/routes/mine", route_json("mine", "/put", instance.port())).status(), 200);
    EXPECT_TRUE(eventually([&] { return status_of(platform.port, "/put") == 200; }));
    folder.file("mine.json", route_json("mine", "/file", instance.port()));
    EXPECT_TRUE(eventually([&] { return status_of(platform.port, "/file") == 200; }));
    EXPECT_EQ(status_of(platform.port, "/put"), 404);
    EXPECT_NE(platform.ask("GET", "/api/v1/gateway/routes/mine").body.find(R"("source":"file")"), std::string::npos);
    EXPECT_EQ(platform.ask("DELETE", "/api/v1/gateway/routes/mine").status(), 409);
}

TEST(Settings, ARouteIsShownWithItsConditions) {
    Instance instance(Instance::answering([](const Wire::Message&) { return Instance::ok("in"); }));
    Platform platform;
    const std::string route = R"({"apiVersion":"gateway.networking.k8s.io/v1","kind":"HTTPRoute",
        "metadata":{"name":"narrow","annotations":{"gravity/auth":"jwt","gravity/scope":"things:read","gravity/hedge":"true","gravity/cache":"shared"}},
        "spec":{"hostnames":["shop.example"],"rules":[{"timeouts":{"request":"3s"},
        "matches":[{"path":{"type":"Exact","value":"/x"},"method":"GET","headers":[{"name":"X-A","value":"1"}],"queryParams":[{"name":"q","value":"1"}]}],
        "backendRefs":[{"name":"127.0.0.1","weight":7,"port":)" +
                              std::to_string(instance.port()) + "}]}]}}";
    EXPECT_EQ(platform.ask("PUT", "/api/v1/gateway/routes/narrow", route).status(), 200);
    const std::string shown = platform.ask("GET", "/api/v1/gateway/routes").body;
    for (const std::string_view part :
         {R"("name":"narrow rule 0")", R"("kind":"Exact")", R"("hostnames":["shop.example"])", R"("method":"GET")", R"("headers":["X-A"])",
          R"("queries":["q"])", R"("scope":"things:read")", R"("timeout_ms":3000)", R"("weight":7)", R"("hedge":true)", R"("cache":"shared")"})
        EXPECT_NE(shown.find(part), std::string::npos) << part << "\n"
                                                       << shown;
}

TEST(Settings, ATokenOfAnUnknownKeyHasTheKeysFetchedAgain) {
    const auth::Signer old_signer = auth::Signer::generate(), new_signer = auth::Signer::generate();
    testkit::Neighbour issuer("issuer");
    enum Says {
        old_key,
        nothing,
        new_key
    };
    std::atomic<Says> says{old_key};
    issuer.on("GET", "/jwks", [&](const http::Request&) {
        testkit::Reply reply;
        if (says == nothing) reply.status = 503;
        reply.bytes = (says == new_key ? new_signer : old_signer).jwks();
        reply.headers.set("Content-Type", "application/json");
        return reply;
    });
    Instance instance(Instance::answering([](const Wire::Message&) { return Instance::ok("in"); }));
    const Folder folder;
    const std::string routes = folder.file("routes.json", R"({"routes":[{"name":"shop","prefixes":["/a"],"upstreams":["127.0.0.1:)" +
                                                              std::to_string(instance.port()) + R"("]}]})");
    const std::uint16_t port = free_port();
    Process process({"PORT=" + std::to_string(port), "ADMIN_PORT=" + std::to_string(free_port()), "GATEWAY_ROUTES_FILE=" + routes,
                     "AUTH_JWKS_URL=" + issuer.url() + "/jwks", "AUTH_ISSUER=https://issuer.example", "DEREGISTER_DELAY_SECONDS=0", "LOG_LEVEL=error"});
    const auto bearer = [](const auth::Signer& signer) {
        auth::Claims claims;
        claims.issuer = "https://issuer.example";
        claims.audience = {"gravity"};
        claims.subject = "ada";
        claims.expires_at = now().unix_seconds() + 600;
        return "Authorization: Bearer " + signer.token(claims) + "\r\n";
    };
    ASSERT_TRUE(eventually([&] { return status_of(port, "/a", bearer(old_signer)) == 200; }));
    const std::size_t before = issuer.wait_for_calls(2).size(); // for the data path, and for the admin interface
    says = nothing;
    EXPECT_EQ(status_of(port, "/a", bearer(new_signer)), 401) << "which is not known yet";
    EXPECT_GT(issuer.wait_for_calls(before + 1).size(), before);
    EXPECT_EQ(status_of(port, "/a", bearer(old_signer)), 200) << "while the issuer fails its last keys count";
    says = new_key;
    EXPECT_TRUE(eventually([&] { return status_of(port, "/a", bearer(new_signer)) == 200; })) << "it is asked again";
}

TEST(Settings, WhatIsUnderWayIsCutWhenTheTimeForItIsOver) {
    std::atomic<bool> asked{false};
    Instance instance([&](Wire& wire) {
        wire.read_message();
        asked = true;
        wire.read_to_end();
    });
    const Folder folder;
    const std::string routes = folder.file("routes.json", file_of(routes_json("shop", "/a", instance.port())));
    const std::uint16_t port = free_port();
    Process process({"PORT=" + std::to_string(port), "ADMIN_PORT=" + std::to_string(free_port()), "GATEWAY_ROUTES_FILE=" + routes, "DEREGISTER_DELAY_SECONDS=0",
                     "SHUTDOWN_GRACE_SECONDS=0", "LOG_LEVEL=error"});
    ASSERT_TRUE(eventually([&] { return status_of(port, "/health/ready") == 200; }));
    auto client = Wire::connect(port);
    client.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_TRUE(eventually([&] { return asked.load(); }));
    process.signal(SIGTERM);
    EXPECT_TRUE(client.ended());
    EXPECT_EQ(process.wait(), 0);
}

TEST(Settings, ARegistryThatKnowsNobodyIsKnownAndOneWithoutAnIndexIsNot) {
    Registry registry;
    const std::uint16_t port = free_port();
    Process process({"PORT=" + std::to_string(port), "ADMIN_PORT=" + std::to_string(free_port()), "DISCOVERY_MODE=consul", "DISCOVERY_URL=" + registry.url(),
                     "DEREGISTER_DELAY_SECONDS=0", "LOG_LEVEL=error"});
    registry.tell("{}", "[]", 200, false);
    ASSERT_TRUE(eventually([&] { return registry.answered() >= 2; }));
    EXPECT_NE(status_of(port, "/health/ready"), 200);
    registry.tell("{}", "[]");
    EXPECT_TRUE(eventually([&] { return status_of(port, "/health/ready") == 200; }));
}

TEST(Settings, WhatTheOperatorWroteWinsOverWhatRegisteredItself) {
    Instance instance(Instance::answering([](const Wire::Message&) { return Instance::ok("written"); }));
    Registry registry;
    registry.tell(R"({"shop":["gravity"]})",
                  R"([{"Service":{"ID":"shop-1","Tags":["gravity"],"Address":"127.0.0.1","Port":1,"Meta":{"prefixes":"/registered","auth":"public"}}}])");
    const Folder folder;
    const std::string routes = folder.file("routes.json", file_of(routes_json("shop", "/written", instance.port())));
    const std::uint16_t port = free_port();
    Process process({"PORT=" + std::to_string(port), "ADMIN_PORT=" + std::to_string(free_port()), "DISCOVERY_MODE=consul", "DISCOVERY_URL=" + registry.url(),
                     "GATEWAY_ROUTES_FILE=" + routes, "DEREGISTER_DELAY_SECONDS=0", "LOG_LEVEL=error"});
    ASSERT_TRUE(eventually([&] { return status_of(port, "/health/ready") == 200; })) << "the registry has been read";
    EXPECT_EQ(answer_of(port, "/written").body, "written");
    EXPECT_EQ(status_of(port, "/registered"), 404);
}

} // namespace
} // namespace gravity::gateway::test
