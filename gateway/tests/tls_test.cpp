#include "certificate.hpp"
#include "secure_client.hpp"

#include <gravity/net/tls_context.hpp>

namespace gravity::gateway::test {
namespace {

struct RunningTls {
    explicit RunningTls(const net::TlsFiles& files) : gateway(Running::fast({}), gate, pages, telemetry) { gateway.start(net::server_context(files)); }
    Telemetry telemetry;
    OwnPages pages{"1", "{}"};
    Gate gate{{.requests_per_second = 0}, nullptr};
    Gateway gateway;
};

TEST(Tls, RequestsAnswersAndTheEndOfAConnection) {
    std::string seen;
    std::string large(3'000'000, 'x');
    Instance instance(Instance::answering([&](const Wire::Message& request) {
        seen = request.head;
        return request.head.starts_with("GET /large") ? Instance::ok(large) : Instance::ok(request.body);
    }));
    const Certificate certificate("one.example");
    RunningTls running(certificate.files);
    running.gateway.publish({service("a", {"/"}, {instance.port()})});
    const std::string first = "GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    ASSERT_TRUE(eventually([&] { return Wire::connect(running.gateway.port()).ask(first).status() == 200; })) << "the routes are followed";
    Secure client(running.gateway.tls_port());
    EXPECT_EQ(client.name(), "one.example");
    for (int i = 0; i < 3; ++i) {
        client.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello");
        EXPECT_TRUE(client.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 "));
        EXPECT_EQ(client.read(5), "hello");
    }
    EXPECT_NE(seen.find("\r\nX-Forwarded-Proto: https\r\n"), std::string::npos) << seen;
    client.send("GET /large HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(client.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 "));
    EXPECT_EQ(client.read(large.size()), large);
    EXPECT_EQ(client.read(1), "");
    EXPECT_EQ(client.end, boost::asio::error::eof) << "a clean end, which nobody could have forged: " << client.end.message();
}

TEST(Tls, AParkedConnectionWakesUpAndWhoSpeaksNoTlsIsLeft) {
    const Certificate certificate("one.example");
    RunningTls running(certificate.files);
    Secure client(running.gateway.tls_port());
    for (int i = 0; i < 3; ++i) {
        client.send("GET /health/live HTTP/1.1\r\nHost: h\r\n\r\n");
        const std::string head = client.read_until("\r\n\r\n");
        ASSERT_TRUE(head.starts_with("HTTP/1.1 200 ")) << head;
        client.read(std::stoul(Wire::Message{head, {}}.field("Content-Length").value_or("0")));
    }
    auto plain = Wire::connect(running.gateway.tls_port());
    plain.send("GET /health/live HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(plain.read_to_end().bytes.find("HTTP/1.1 200"), std::string::npos);
}

TEST(Tls, CertificatesAreRenewedForConnectionsToCome) {
    Certificate certificate("one.example");
    RunningTls running(certificate.files);
    Secure before(running.gateway.tls_port());
    EXPECT_EQ(before.name(), "one.example");
    certificate.make("two.example");
    running.gateway.renew(net::server_context(certificate.files));
    EXPECT_TRUE(eventually([&] { return Secure(running.gateway.tls_port()).name() == "two.example"; }));
    before.send("GET /health/live HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_TRUE(before.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 ")) << "the connection that was there goes on";
}

} // namespace
} // namespace gravity::gateway::test
