#include "catalog.hpp"
#include "certificate.hpp"
#include "client_certificate.hpp"
#include "route_file.hpp"
#include "secure_client.hpp"

#include <gravity/auth/signer.hpp>
#include <gravity/base/clock.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>
#include <gravity/net/tls_context.hpp>

#include <mutex>
#include <sstream>

/// Clients who say who they are by a certificate.
namespace gravity::gateway::test {
namespace {

std::string der_of(const net::TlsFiles& files) {
    std::stringstream pem;
    pem << std::ifstream(files.certificate_chain_file).rdbuf();
    std::string base64;
    for (std::string line; std::getline(pem, line);)
        if (!line.starts_with("-----")) base64 += line;
    return base64_decode(base64).value_or("");
}
std::string thumbprint_of(const net::TlsFiles& files) { return base64url_encode(sha256(der_of(files))); }

/// A data path whose TLS port asks for certificates, in front of an instance that tells what has reached it.
struct Mutual {
    explicit Mutual(const Authority& authority, bool required = false, Options options = {}, std::shared_ptr<auth::Verifier> verifier = nullptr)
        : gate({.requests_per_second = 0}, std::move(verifier)), gateway(Running::fast(options), gate, pages, telemetry) {
        const auto context = net::server_context(own.files);
        ask_for_certificates(*context, authority.file(), required);
        gateway.start(context);
    }
    void publish(const std::vector<ServiceSpec>& services, const std::vector<HttpRoutePtr>& documents = {}) {
        gateway.publish(services, documents);
        EXPECT_EQ(Wire::connect(gateway.port()).ask("GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").status(), 200);
    }
    ServiceSpec open() { return service("open", {"/open"}, {instance.port()}); }
    ServiceSpec closed(std::string_view rule) {
        ServiceSpec spec = service("closed", {"/closed"}, {instance.port()});
        spec.certificate = certificate_rule_from(rule).value();
        return spec;
    }
    /// What became of it; status 0 without a connection.
    Wire::Message ask(std::string_view target, const net::TlsFiles& certificate = {}, std::string_view fields = {}) {
        try {
            Secure client(gateway.tls_port(), certificate);
            return ask(client, target, fields);
        } catch (const boost::system::system_error&) { return {}; }
    }
    static Wire::Message ask(Secure& client, std::string_view target, std::string_view fields = {}) {
        client.send("GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n");
        Wire::Message message;
        message.head = client.read_until("\r\n\r\n");
        message.body = client.read(std::stoul(message.field("Content-Length").value_or("0")));
        return message;
    }
    Wire::Message seen() {
        const std::lock_guard lock(mutex_);
        return seen_;
    }

    std::mutex mutex_;
    Wire::Message seen_;
    std::atomic<int> requests{0};
    Instance instance{Instance::answering([this](const Wire::Message& request) {
        const std::lock_guard lock(mutex_);
        seen_ = request;
        return Instance::ok("answer " + std::to_string(++requests), "Cache-Control: max-age=60\r\n");
    })};
    const Certificate own{"door.example"};
    Telemetry telemetry;
    OwnPages pages{"1", "{}"};
    Gate gate;
    Gateway gateway;
};

constexpr std::string_view forged = "Client-Cert: :Zm9yZ2Vk:\r\nclient-cert-chain: :Zm9yZ2Vk:\r\nClient_Cert: :Zm9yZ2Vk:\r\n";

TEST(ClientCertificates, AreToldToTheServiceAndNobodyElseCanSayThem) {
    const Authority authority("clients");
    const net::TlsFiles till = authority.issue("till-7", "DNS:till-7.example");
    Options options;
    options.trusted_proxies = {"127.0.0.0/8"};
    for (const bool trusted : {false, true}) {
        Mutual mutual(authority, false, trusted ? options : Options());
        mutual.publish({mutual.open()});
        EXPECT_EQ(mutual.ask("/open", till, forged).status(), 200);
        EXPECT_EQ(mutual.seen().field("Client-Cert"), ":" + base64_encode(der_of(till)) + ":") << mutual.seen().head;
        EXPECT_EQ(mutual.seen().head.find("Zm9yZ2Vk"), std::string::npos) << mutual.seen().head;
        EXPECT_EQ(mutual.ask("/open", {}, forged).status(), 200);
        EXPECT_EQ(mutual.seen().head.find("ert: :"), std::string::npos) << mutual.seen().head;
        EXPECT_EQ(Wire::connect(mutual.gateway.port()).ask("GET /open HTTP/1.1\r\nHost: h\r\n" + std::string(forged) + "\r\n").status(), 200);
        EXPECT_EQ(mutual.seen().head.find("ert: :"), std::string::npos) << mutual.seen().head;
    }
}

TEST(ClientCertificates, ARouteMayAskForOneOrForOneOfTheseNames) {
    const Authority authority("clients"), other("others");
    const net::TlsFiles till = authority.issue("till-7", "DNS:TILL-7.example,URI:spiffe://shop/till/7,email:till@shop.example,IP:192.0.2.7,IP:2001:db8::7");
    const net::TlsFiles door = authority.issue("door", "DNS:door.example"), foreign = other.issue("till-7", "DNS:till-7.example");
    Mutual mutual(authority);
    mutual.publish({mutual.closed("any")});
    const auto none = mutual.ask("/closed");
    EXPECT_EQ(none.status(), 403);
    EXPECT_NE(none.body.find("client-certificate-required"), std::string::npos) << none.body;
    EXPECT_EQ(Wire::connect(mutual.gateway.port()).ask("GET /closed HTTP/1.1\r\nHost: h\r\n\r\n").status(), 403) << "without TLS nobody has one";
    EXPECT_EQ(mutual.ask("/closed", foreign).status(), 0) << "one that nobody vouches for is worse than none";
    EXPECT_EQ(mutual.ask("/closed/internal", till).status(), 200);
    EXPECT_EQ(mutual.ask("/closed", door).status(), 200);
    for (const std::string_view rule :
         {"DNS:Till-7.example", "DNS:nobody.example, URI:spiffe://shop/till/7", "email:till@shop.example", "IP:192.0.2.7", "IP:2001:db8::7"}) {
        mutual.publish({mutual.closed(rule)});
        EXPECT_EQ(mutual.ask("/closed", till).status(), 200) << rule;
        EXPECT_EQ(mutual.ask("/closed", door).status(), 403) << rule;
        EXPECT_EQ(mutual.ask("/closed").status(), 403) << rule;
    }
    EXPECT_FALSE(certificate_rule_from(""));
    EXPECT_FALSE(certificate_rule_from("DNS:"));
    EXPECT_FALSE(certificate_rule_from("CN:till"));
    EXPECT_FALSE(certificate_rule_from("DNS:a.example,"));
    EXPECT_EQ(to_string(certificate_rule_from("DNS:A.example,IP:192.0.2.7").value()), "DNS:a.example, IP:192.0.2.7");
}

TEST(ClientCertificates, WhereTheyAreRequiredThereIsNoConnectionWithout) {
    const Authority authority("clients"), other("others");
    Mutual mutual(authority, true);
    mutual.publish({mutual.open()});
    EXPECT_EQ(mutual.ask("/open").status(), 0);
    EXPECT_EQ(mutual.ask("/open", other.issue("till-7", "DNS:till-7.example")).status(), 0);
    EXPECT_EQ(mutual.requests, 0);
    EXPECT_EQ(mutual.ask("/open", authority.issue("till-7", "DNS:till-7.example")).status(), 200);
    std::string many = "DNS:a0.example";
    for (int i = 1; i < 1500; ++i) many += ",DNS:a" + std::to_string(i) + ".example";
    EXPECT_EQ(mutual.ask("/open", authority.issue("large", many)).status(), 0) << "longer than a request's head may be";
}

TEST(ClientCertificates, ATokenThatIsBoundToOneNeedsItsConnection) {
    const Authority authority("clients");
    const net::TlsFiles till = authority.issue("till-7", "DNS:till-7.example"), door = authority.issue("door", "DNS:door.example");
    const auth::Signer signer = auth::Signer::generate();
    auth::VerifierOptions options;
    options.issuer = "https://issuer.example";
    options.audiences = {"gravity"};
    const auto verifier = std::make_shared<auth::Verifier>(std::move(options));
    verifier->set_keys(std::make_shared<auth::KeySet>(std::vector{signer.public_key()}));
    Mutual mutual(authority, false, {}, verifier);
    ServiceSpec spec = mutual.open();
    spec.access = Access::jwt;
    mutual.publish({spec});
    auth::Claims claims;
    claims.issuer = "https://issuer.example";
    claims.audience = {"gravity"};
    claims.subject = "till-7";
    claims.expires_at = now().unix_seconds() + 600;
    const std::string free = "Authorization: Bearer " + signer.token(claims) + "\r\n";
    claims.certificate_thumbprint = thumbprint_of(till);
    const std::string bound = "Authorization: Bearer " + signer.token(claims) + "\r\n";
    EXPECT_EQ(mutual.ask("/open", till, bound).status(), 200);
    for (const auto& stolen : {mutual.ask("/open", door, bound), mutual.ask("/open", {}, bound),
                               Wire::connect(mutual.gateway.port()).ask("GET /open HTTP/1.1\r\nHost: h\r\n" + bound + "\r\n"),
                               mutual.ask("/open", door, bound + "Client-Cert: :" + base64_encode(der_of(till)) + ":\r\n")}) {
        EXPECT_EQ(stolen.status(), 401) << stolen.head;
        EXPECT_EQ(stolen.field("WWW-Authenticate"), "Bearer error=\"invalid_token\"") << stolen.head;
    }
    EXPECT_EQ(mutual.ask("/open", till, free).status(), 200) << "a token that is not bound is good with a certificate";
    EXPECT_EQ(mutual.ask("/open", {}, free).status(), 200) << "and without";
}

TEST(ClientCertificates, ASessionThatIsTakenUpAgainIsStillThatClients) {
    const Authority authority("clients");
    const net::TlsFiles till = authority.issue("till-7", "DNS:till-7.example");
    Mutual mutual(authority, true);
    mutual.publish({mutual.closed("DNS:till-7.example")});
    Secure first(mutual.gateway.tls_port(), till);
    EXPECT_EQ(Mutual::ask(first, "/closed").status(), 200);
    const std::unique_ptr<SSL_SESSION, void (*)(SSL_SESSION*)> session(first.session(), SSL_SESSION_free);
    Secure again(mutual.gateway.tls_port(), {}, session.get());
    EXPECT_EQ(Mutual::ask(again, "/closed").status(), 200);
    EXPECT_TRUE(again.taken_up());
    EXPECT_EQ(mutual.seen().field("Client-Cert"), ":" + base64_encode(der_of(till)) + ":");
}

TEST(ClientCertificates, WhatOneGotIsNotKeptForAnother) {
    const Authority authority("clients");
    const net::TlsFiles till = authority.issue("till-7", "DNS:till-7.example"), door = authority.issue("door", "DNS:door.example");
    Mutual mutual(authority);
    ServiceSpec spec = mutual.open();
    spec.cache = CacheUse::shared;
    mutual.publish({spec});
    EXPECT_EQ(mutual.ask("/open", till).body, "answer 1");
    EXPECT_EQ(mutual.ask("/open", door).body, "answer 2");
    EXPECT_EQ(mutual.ask("/open").body, "answer 3");
    EXPECT_EQ(mutual.ask("/open").body, "answer 3") << "which is for everybody";
}

TEST(ClientCertificates, AreKnownOfAConnectionThatHasBeenIdle) {
    const Authority authority("clients");
    const net::TlsFiles till = authority.issue("till-7", "DNS:till-7.example");
    Options options;
    options.park_after = 0ms;
    Mutual mutual(authority, false, options);
    mutual.publish({mutual.open(), mutual.closed("DNS:till-7.example")});
    Secure client(mutual.gateway.tls_port(), till);
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(Mutual::ask(client, "/closed").status(), 200) << i;
        EXPECT_EQ(mutual.seen().field("Client-Cert"), ":" + base64_encode(der_of(till)) + ":");
        std::this_thread::sleep_for(30ms); // three sweeps
    }
}

TEST(ClientCertificates, FilesDocumentsAndRegistrationsAskForThem) {
    const auto file = [](std::string_view rule) {
        return parse_routes(R"({"routes":[{"name":"shop","prefixes":["/a"],"upstreams":["127.0.0.1:1"],"client_certificate":")" + std::string(rule) + "\"}]}");
    };
    EXPECT_EQ((*file("DNS:a.example"))[0].certificate, certificate_rule_from("DNS:a.example"));
    EXPECT_FALSE(file("sometimes"));
    const auto document = [](std::string_view rule) {
        return parse_documents("apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: a, annotations: {gravity/client-certificate: '" +
                               std::string(rule) + "'}}\nspec: {rules: [{backendRefs: [{name: 127.0.0.1, port: 1}]}]}\n");
    };
    ASSERT_TRUE(document("any"));
    EXPECT_TRUE(Snapshot::build({}, nullptr, document("any")->routes)->match("/").route->certificate.needed);
    EXPECT_FALSE(document("sometimes"));
    const auto registration = [](std::string_view rule) {
        return parse_health("shop", R"([{"Service":{"ID":"1","Tags":["gravity"],"Address":"127.0.0.1","Port":1,"Meta":{"prefixes":"/a",)"
                                    R"("client_certificate":")" +
                                        std::string(rule) + R"("}}}])");
    };
    EXPECT_EQ(registration("any")->certificate, certificate_rule_from("any"));
    EXPECT_FALSE(registration("")->certificate.needed);
    const CertificateRule unreadable = registration("sometimes")->certificate;
    EXPECT_TRUE(unreadable.needed) << "never taken for nothing";
    EXPECT_FALSE(unreadable.allows({"DNS:a.example"}));
}

TEST(ClientCertificates, AFileWithoutAnyIsRefused) {
    const Certificate own("door.example");
    const auto context = net::server_context(own.files);
    EXPECT_THROW(ask_for_certificates(*context, "/nowhere/ca.pem", false), boost::system::system_error);
    EXPECT_THROW(ask_for_certificates(*context, own.files.private_key_file, false), boost::system::system_error);
}

} // namespace
} // namespace gravity::gateway::test
