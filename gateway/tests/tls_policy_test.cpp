#include "process.hpp"
#include "secure_instance.hpp"

#include <sstream>

/// BackendTLSPolicy documents: whose instances are spoken to with TLS, and whose certificates are believed.
namespace gravity::gateway::test {
namespace {

std::string policy(std::string_view spec, std::string_view metadata = "name: shop") {
    return "---\napiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: {" + std::string(metadata) + "}\nspec: " + std::string(spec) +
           "\n";
}

/// Of the service `shop`, vouched for by the ConfigMap `ca`.
std::string policy_of(std::string_view hostname, std::string_view more = {}, std::string_view metadata = "name: shop") {
    return policy("{targetRefs: [{group: '', kind: Service, name: localhost}], validation: {hostname: " + std::string(hostname) +
                      ", caCertificateRefs: [{group: '', kind: ConfigMap, name: ca}]" + std::string(more) + "}}",
                  metadata);
}

std::string text_in(const std::string& file) {
    std::stringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
}

std::string config_map(const std::string& certificates, std::string_view metadata = "name: ca") {
    std::string text = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {" + std::string(metadata) + "}\ndata:\n  ca.crt: |\n";
    std::istringstream lines(certificates);
    for (std::string line; std::getline(lines, line);) text += "    " + line + "\n";
    return text;
}

std::string route_to(std::uint16_t port, std::string_view name = "localhost") {
    return "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: all}\nspec: {rules: [{backendRefs: [{name: " + std::string(name) +
           ", port: " + std::to_string(port) + "}]}]}\n";
}

void follow(Running& running, const std::string& text, const std::vector<ServiceSpec>& services = {}) {
    auto read = parse_documents(text);
    ASSERT_TRUE(read) << read.why();
    running.publish(services, read->routes, read->policies);
}

const std::string get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

TEST(TlsPolicy, InstancesOfItsServiceAreSpokenToWithTlsByItsHostname) {
    const Authority authority("backends");
    SecureInstance instance(authority.issue("shop.internal", "DNS:shop.internal"));
    Running running;
    const std::string ca = config_map(text_in(authority.file()));
    follow(running, route_to(instance.port()) + policy_of("shop.internal") + ca);
    auto client = running.client();
    const auto answer = client.ask("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi");
    EXPECT_EQ(answer.status(), 200) << answer.body;
    EXPECT_EQ(answer.body, "hi");
    EXPECT_TRUE(answer.has("X-Asked-For: shop.internal")) << answer.head;

    follow(running, route_to(instance.port()) + policy_of("bank.internal") + ca);
    EXPECT_EQ(client.ask(get).status(), 502) << "its certificate is not of that name, and the connection to the other name is not used for this one";
    EXPECT_EQ(instance.requests(), 1u);
}

TEST(TlsPolicy, NobodyElseVouchesForThem) {
    const Authority authority("backends"), other("others");
    SecureInstance instance(authority.issue("shop.internal", "DNS:shop.internal"));
    Options options;
    options.upstream_tls.ca_file = authority.file(); // the gateway's standard ones, which are not those of the policy
    Running running(options);
    const std::string before = route_to(instance.port());
    follow(running, before + policy_of("shop.internal") + config_map(text_in(other.file())));
    EXPECT_EQ(running.client().ask(get).status(), 502);
    follow(running, before + policy("{targetRefs: [{group: '', kind: Service, name: localhost}], validation: {hostname: shop.internal, "
                                    "wellKnownCACertificates: System}}"));
    EXPECT_EQ(running.client().ask(get).status(), 502) << "the machine's own authorities, of which this is none";
    EXPECT_EQ(instance.requests(), 0u);
    follow(running, before + policy("{targetRefs: [{group: '', kind: Service, name: localhost}], validation: {hostname: shop.internal, "
                                    "caCertificateRefs: [{group: '', kind: ConfigMap, name: of-others}, {group: '', kind: ConfigMap, name: ca}]}}") +
                        config_map(text_in(other.file()), "name: of-others") + config_map(text_in(authority.file())));
    EXPECT_EQ(running.client().ask(get).status(), 200) << "any of several";
}

TEST(TlsPolicy, OfOtherNamesTheCertificateMustHaveOne) {
    const Authority authority("backends");
    SecureInstance instance(authority.issue("shop.internal", "DNS:*.shop.internal,URI:spiffe://shop/till"));
    Running running;
    const std::string rest = route_to(instance.port()) + config_map(text_in(authority.file()));
    struct Case {
        std::string_view names;
        int status;
    };
    for (const Case& each : std::initializer_list<Case>{
             {"{type: Hostname, hostname: a.shop.internal}", 200},
             {"{type: Hostname, hostname: bank.internal}, {type: URI, uri: 'spiffe://shop/till'}", 200},
             {"{type: URI, uri: 'spiffe://shop/bank'}", 502},
             {"{type: Hostname, hostname: shop.internal}", 502}, // its common name, which is no subjectAltName
         }) {
        follow(running, rest + policy_of("any.example", ", subjectAltNames: [" + std::string(each.names) + "]"));
        const auto answer = running.client().ask(get);
        EXPECT_EQ(answer.status(), each.status) << each.names;
        if (each.status == 200) {
            EXPECT_TRUE(answer.has("X-Asked-For: any.example")) << "what it is asked for need not be its name";
        }
    }
}

TEST(TlsPolicy, CountsForServicesThatOthersToldOfAndForCopiesToo) {
    const Authority authority("backends");
    SecureInstance instance(authority.issue("shop.internal", "DNS:shop.internal")), copies(authority.issue("copy.internal", "DNS:copy.internal"));
    Running running;
    const std::string ca = config_map(text_in(authority.file()), "name: ca, namespace: web");
    const auto of = [](std::string_view service, std::string_view hostname) {
        return policy("{targetRefs: [{group: '', kind: Service, name: " + std::string(service) + "}], validation: {hostname: " + std::string(hostname) +
                          ", caCertificateRefs: [{group: '', kind: ConfigMap, name: ca}]}}",
                      "namespace: web, name: " + std::string(service));
    };
    ServiceSpec registered = service("shop", {"/shop"}, {instance.port()});
    follow(running,
           ca + of("shop", "shop.internal") + of("localhost", "copy.internal") +
               "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: all}\n"
               "spec: {rules: [{matches: [{path: {value: /doc}}], filters: [{type: RequestMirror, requestMirror: {backendRef: {name: localhost, port: " +
               std::to_string(copies.port()) + "}}}], backendRefs: [{name: shop}]}]}\n",
           {registered});
    EXPECT_EQ(running.client().ask("GET /shop HTTP/1.1\r\nHost: h\r\n\r\n").status(), 200);
    EXPECT_EQ(running.client().ask("GET /doc HTTP/1.1\r\nHost: h\r\n\r\n").status(), 200);
    EXPECT_EQ(instance.requests(), 2u);
    EXPECT_TRUE(eventually([&] { return copies.requests() == 1; }));
    registered.instances[0].tls = TlsSpec{"own.internal"}; // as it registered: the operator's word is more
    follow(running, ca + of("shop", "shop.internal"), {registered});
    EXPECT_EQ(running.client().ask("GET /shop HTTP/1.1\r\nHost: h\r\n\r\n").status(), 200);
}

TEST(TlsPolicy, OfTwoTheOlderCountsThenTheFirstByName) {
    const std::string ca = config_map("x");
    const auto read = parse_documents(ca + policy_of("undated.internal", "", "name: a") +
                                      policy_of("young.internal", "", "name: b, creationTimestamp: '2026-02-01T00:00:00Z'") +
                                      policy_of("old.internal", "", "name: c, creationTimestamp: '2026-01-01T00:00:00Z'"));
    ASSERT_TRUE(read) << read.why();
    EXPECT_EQ(read->policies.find("localhost")->name, "old.internal");
    EXPECT_EQ(read->policies.find("LocalHost.")->name, "old.internal") << "a host is the same in any case, and with the root's dot";
    EXPECT_EQ(read->policies.find("localhost.default")->name, "old.internal");
    EXPECT_EQ(read->policies.find("localhost.web"), nullptr);
    EXPECT_EQ(read->policies.find("other"), nullptr);
    ASSERT_EQ(read->policies.overruled().size(), 2u);
    EXPECT_EQ(read->policies.overruled()[1].policy, "a");
    EXPECT_EQ(read->policies.overruled()[1].by, "c");
    const auto named = parse_documents(ca + policy_of("b.internal", "", "name: b") + policy_of("a.internal", "", "name: a"));
    EXPECT_EQ(named->policies.find("localhost")->name, "a.internal");
}

TEST(TlsPolicy, WhatIsNotRightIsRefusedWithTheReason) {
    const std::string shop = "{group: '', kind: Service, name: shop}", system = "validation: {hostname: a.example, wellKnownCACertificates: System";
    const auto targets = [&](const std::string& list) { return "{targetRefs: [" + list + "], " + system + "}}"; };
    const auto validated = [&](const std::string& validation) { return "{targetRefs: [" + shop + "], validation: {" + validation + "}}"; };
    struct Case {
        std::string spec, why;
    };
    std::string many;
    for (int i = 0; i < 17; ++i) many += "{group: '', kind: Service, name: s" + std::to_string(i) + "},";
    const std::string alternative = system + ", subjectAltNames: [";
    const auto named = [&](const std::string& names) { return "{targetRefs: [" + shop + "], " + alternative + names + "]}}"; };
    const Case table[] = {
        {"{}", "/validation"},
        {targets(""), "one to sixteen"},
        {targets(many), "one to sixteen"},
        {targets(shop + "," + shop), "has \"shop\" twice"},
        {targets("{group: apps, kind: Deployment, name: shop}"), "only of a Service"},
        {targets("{group: '', kind: Service, name: 'a:80'}"), "is no name of a service"},
        {targets("{group: '', kind: Service, name: shop, sectionName: https}"), "sectionName cannot be followed"},
        {targets("{group: '', kind: Service, name: shop, namespace: web}"), "/targetRefs/0/namespace"},
        {"{targetRefs: [" + shop + "], options: {a: b}, " + system + "}}", "/options"},
        {validated("hostname: a.example"), "either caCertificateRefs or wellKnownCACertificates"},
        {validated("hostname: a.example, wellKnownCACertificates: System, caCertificateRefs: [{group: '', kind: ConfigMap, name: ca}]"),
         "either caCertificateRefs"},
        {validated("hostname: a.example, wellKnownCACertificates: Mozilla"), "can only be \"System\""},
        {validated("hostname: '*.example', wellKnownCACertificates: System"), "is no name of one host"},
        {validated("hostname: 127.0.0.1, wellKnownCACertificates: System"), "is no name of one host"},
        {validated("wellKnownCACertificates: System"), "/validation/hostname"},
        {validated("hostname: a.example, caCertificateRefs: [{group: '', kind: Secret, name: ca}]"), "only a ConfigMap"},
        {validated("hostname: a.example, caCertificateRefs: [{group: '', kind: ConfigMap, name: 'a/b'}]"), "is no name of a ConfigMap"},
        {validated("hostname: a.example, caCertificateRefs: [{group: '', kind: ConfigMap, name: gone}]"), "there is no ConfigMap \"gone\" with a ca.crt"},
        {validated("hostname: a.example, caCertificateRefs: [{group: '', kind: ConfigMap, name: without}]"), "there is no ConfigMap \"without\""},
        {validated("hostname: a.example, caCertificateRefs: [" + [] {
             std::string nine;
             for (int i = 0; i < 9; ++i) nine += "{group: '', kind: ConfigMap, name: ca},";
             return nine;
         }() + "]"),
         "caCertificateRefs are too many"},
        {named("{type: Hostname, hostname: '*.example'}"), "is no name of one host"},
        {named("{type: Hostname, hostname: a, uri: 'a:b'}"), "either a hostname or a uri"},
        {named("{type: URI, hostname: a}"), "either a hostname or a uri"},
        {named("{type: Email, uri: 'a:b'}"), "either a hostname or a uri"},
        {named("{type: URI, uri: 'no-scheme'}"), "is no absolute URI"},
        {named("{type: URI, uri: '7a:b'}"), "is no absolute URI"},
        {named("{type: URI, uri: 'a: b'}"), "is no absolute URI"},
        {named("{type: URI, uri: 'a:a'},{type: URI, uri: 'a:b'},{type: URI, uri: 'a:c'},{type: URI, uri: 'a:d'},{type: URI, uri: 'a:e'},"
               "{type: URI, uri: 'a:f'}"),
         "subjectAltNames are too many"},
    };
    const std::string maps = config_map("x") + "---\nkind: ConfigMap\nmetadata: {name: without}\ndata: {other: x}\n";
    for (const Case& each : table) {
        const auto read = parse_documents(maps + policy(each.spec));
        ASSERT_FALSE(read) << each.spec;
        EXPECT_TRUE(read.why().starts_with("BackendTLSPolicy \"shop\": ")) << read.why();
        EXPECT_NE(read.why().find(each.why), std::string::npos) << each.spec << "\n"
                                                                << read.why();
        EXPECT_EQ(read.why().find('\n'), std::string::npos);
    }
    const std::string good = policy(targets(shop));
    EXPECT_TRUE(parse_documents(good));
    EXPECT_FALSE(parse_documents(good + good)) << "of one name";
    EXPECT_TRUE(parse_documents(good + policy(targets(shop), "name: shop, namespace: web")));
    EXPECT_FALSE(parse_documents(policy(targets(shop), "name: A"))) << "no name";
    EXPECT_FALSE(parse_documents("apiVersion: gateway.networking.k8s.io/v1alpha2\nkind: BackendTLSPolicy\nmetadata: {name: a}\nspec: " + targets(shop) + "\n"))
        << "whose form was another one";
    EXPECT_FALSE(parse_documents("apiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: {name: a}\n"))
        << "nothing goes without TLS that was to have it";
    EXPECT_FALSE(parse_documents(maps + config_map("y"))) << "which of the two?";
    EXPECT_FALSE(parse_documents(config_map("x", "name: A")));
}

TEST(TlsPolicy, AFolderIsReadAgainAndRefusedWithAuthoritiesThatAreNone) {
    const Authority first("backends"), second("later");
    SecureInstance instance(second.issue("shop.internal", "DNS:shop.internal"));
    const Folder folder;
    folder.file("a-policy.yaml", policy_of("shop.internal")); // which names what stands in another file
    folder.file("b-ca.yaml", config_map(text_in(first.file())));
    folder.file("route.yaml", route_to(instance.port()));
    Platform platform({"GATEWAY_ROUTES_FOLDER=" + folder.file("", "")});
    EXPECT_EQ(status_of(platform.port, "/a"), 502);
    folder.file("b-ca.yaml", config_map("no certificate at all"));
    EXPECT_TRUE(eventually([&] { return answer_of(platform.admin, "/metrics").body.find("gravity_gateway_routes_refused 1") != std::string::npos; }));
    EXPECT_EQ(status_of(platform.port, "/a"), 502) << "as it was";
    folder.file("b-ca.yaml", config_map(text_in(second.file())));
    EXPECT_TRUE(eventually([&] { return status_of(platform.port, "/a") == 200; }));
    EXPECT_NE(answer_of(platform.admin, "/metrics").body.find("gravity_gateway_routes_refused 0"), std::string::npos);
    folder.file("c-policy.yaml", policy_of("bank.internal", "", "name: older, creationTimestamp: '2020-01-01T00:00:00Z'"));
    EXPECT_TRUE(eventually([&] { return status_of(platform.port, "/a") == 502; })) << "the older one counts";
}

} // namespace
} // namespace gravity::gateway::test
