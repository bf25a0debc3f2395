#include "secure_instance.hpp"

#include <fstream>

/// Instances that are spoken to with TLS.
namespace gravity::gateway::test {
namespace {

ServiceSpec secured(std::uint16_t port, std::string name, std::string ca_file = {}) {
    ServiceSpec spec = service("a", {"/"}, {port});
    spec.instances[0].tls = TlsSpec{std::move(name), {.file = std::move(ca_file)}};
    return spec;
}

const std::string get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

TEST(TlsUpstream, RequestsGoOverOneConnectionThatIsAskedForByItsName) {
    const Certificate certificate("shop.internal");
    SecureInstance instance(certificate.files);
    Running running;
    running.publish({secured(instance.port(), "shop.internal", certificate.files.certificate_chain_file)});
    auto client = running.client();
    const auto answer = client.ask(get);
    EXPECT_EQ(answer.status(), 200) << answer.body;
    EXPECT_TRUE(answer.has("X-Asked-For: shop.internal")) << answer.head;
    EXPECT_TRUE(answer.has("X-Caller: ")) << "nothing is shown without a certificate of one's own";
    const std::string large(3'000'000, 'x');
    EXPECT_EQ(client.ask("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n" + large).body, large);
    EXPECT_EQ(client.ask("POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n").status(), 200);
    EXPECT_EQ(instance.handshakes(), 1u);
}

TEST(TlsUpstream, WhoIsNotWhoItShouldBeGetsNoRequest) {
    const Certificate certificate("shop.internal"), other("shop.internal");
    SecureInstance instance(certificate.files);
    Instance plain([](Wire& wire) { // what comes is no request, and the answer no handshake
        wire.read_exactly(1);
        wire.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        wire.read_to_end();
    });
    Options options;
    options.upstream_tls.ca_file = certificate.files.certificate_chain_file;
    Running running(options);
    const std::uint16_t port = instance.port();
    for (const ServiceSpec& spec : {secured(port, "bank.internal"), secured(port, ""), // which is its address
                                    secured(port, "shop.internal", other.files.certificate_chain_file), secured(port, "shop.internal", "/nowhere"),
                                    secured(plain.port(), "shop.internal")}) {
        running.publish({spec});
        const auto answer = running.client().ask("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi");
        EXPECT_EQ(answer.status(), 502);
        EXPECT_NE(answer.body.find("upstream-unreachable"), std::string::npos) << answer.body;
    }
    EXPECT_EQ(instance.requests(), 0u);
    running.publish({secured(instance.port(), "shop.internal")});
    EXPECT_EQ(running.client().ask(get).status(), 200) << "the standard authorities vouch for it";
}

TEST(TlsUpstream, AnInstanceThatAsksIsShownWhoCalls) {
    const Certificate certificate("shop.internal"), own("door.internal");
    SecureInstance instance(certificate.files, own.files.certificate_chain_file);
    {
        Running nobody;
        nobody.publish({secured(instance.port(), "shop.internal", certificate.files.certificate_chain_file)});
        EXPECT_EQ(nobody.client().ask(get).status(), 502);
        EXPECT_EQ(instance.requests(), 0u);
    }
    Options options;
    options.upstream_tls.certificate_chain_file = own.files.certificate_chain_file;
    options.upstream_tls.private_key_file = own.files.private_key_file;
    Running running(options);
    running.publish({secured(instance.port(), "shop.internal", certificate.files.certificate_chain_file)});
    const auto answer = running.client().ask(get);
    EXPECT_EQ(answer.status(), 200) << answer.body;
    EXPECT_TRUE(answer.has("X-Caller: door.internal")) << answer.head;
}

TEST(TlsUpstream, AWebSocketPassesAndEndsWithEitherSide) {
    const Certificate certificate("shop.internal");
    SecureInstance instance(certificate.files);
    Running running;
    running.publish({secured(instance.port(), "shop.internal", certificate.files.certificate_chain_file)});
    auto client = running.client();
    EXPECT_EQ(client.ask("GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                         true)
                  .status(),
              101);
    client.send("frames are bytes here");
    EXPECT_EQ(client.read_exactly(21), "frames are bytes here");
    client.half_close();
    EXPECT_TRUE(client.ended());
}

TEST(TlsUpstream, AClientThatGoesAwayEndsBothAttemptsOfItsRequest) {
    const Certificate certificate("shop.internal");
    SecureInstance one(certificate.files), two(certificate.files);
    Running running;
    ServiceSpec spec = secured(one.port(), "shop.internal", certificate.files.certificate_chain_file);
    spec.instances.push_back(secured(two.port(), "shop.internal", certificate.files.certificate_chain_file).instances[0]);
    spec.hedge = true;
    running.publish({spec});
    const auto snapshot = running.gateway.snapshot();
    const Route& route = *snapshot->match("/silent").route;
    for (int i = 0; i < 128; ++i) route.pace->record(1ms);
    for (int i = 0; i < 100; ++i) route.cluster->state->count_request(std::chrono::steady_clock::now());
    auto client = running.client();
    client.send("GET /silent HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_TRUE(eventually([&] { return one.requests() == 1 && two.requests() == 1; })) << "the second is asked as well";
    client.close();
    EXPECT_TRUE(eventually([&] { return one.left() == 1 && two.left() == 1; }));
}

TEST(TlsUpstream, FilesAreReadAgainAndKeptWhereTheyDoNotFit) {
    Certificate certificate("shop.internal");
    net::TlsTrust files;
    files.ca_file = certificate.files.certificate_chain_file;
    UpstreamTrust trust(files);
    const auto first = trust.context({});
    ASSERT_TRUE(first);
    EXPECT_TRUE(trust.renew());
    EXPECT_EQ(trust.context({}), first) << "nothing has changed";
    std::ofstream(files.ca_file) << "no certificate, and longer than nothing";
    EXPECT_NE(trust.problem({}), "");
    EXPECT_FALSE(trust.renew());
    EXPECT_EQ(trust.context({}), first);
    certificate.make("shop.internal");
    EXPECT_TRUE(trust.renew());
    EXPECT_NE(trust.context({}), first);
    EXPECT_FALSE(trust.context({.file = "/nowhere/ca.pem"}));
    EXPECT_FALSE(trust.renew());
}

TEST(TlsUpstream, AnotherNameIsAnotherTarget) {
    InstanceSpec spec = secured(1, "one").instances[0];
    const Endpoint endpoint("a", spec);
    EXPECT_TRUE(endpoint.same_target(spec));
    spec.tls->name = "two";
    EXPECT_FALSE(endpoint.same_target(spec)) << "connections to the one are none to the other";
    spec.tls.reset();
    EXPECT_FALSE(endpoint.same_target(spec));
}

} // namespace
} // namespace gravity::gateway::test
