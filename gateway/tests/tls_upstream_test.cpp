#include "certificate.hpp"
#include "support.hpp"

#include <gravity/net/tls_context.hpp>

#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <openssl/x509.h>

#include <filesystem>
#include <fstream>
#include <list>
#include <mutex>

/// Instances that are spoken to with TLS.
namespace gravity::gateway::test {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

std::string common_name(X509* certificate) {
    if (!certificate) return "";
    char text[256] = {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text, sizeof text);
    X509_free(certificate);
    return text;
}

/// An instance with a certificate. Answers each request with its body, and in fields with what it was asked for by and who asked; a WebSocket is echoed.
class SecureInstance {
public:
    /// `callers`: who vouches for those that may ask; empty: anybody may.
    explicit SecureInstance(const net::TlsFiles& files, const std::string& callers = {}) : context_(net::server_context(files)) {
        if (!callers.empty()) {
            context_->load_verify_file(callers);
            context_->set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
        }
        acceptor_thread_ = std::thread([this] { accept(); });
    }
    ~SecureInstance() {
        ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
        acceptor_thread_.join();
        {
            const std::lock_guard lock(mutex_);
            for (auto& one : connections_) ::shutdown(one.stream.next_layer().native_handle(), SHUT_RDWR);
        }
        for (auto& one : connections_) one.thread.join();
    }
    std::uint16_t port() { return acceptor_.local_endpoint().port(); }
    unsigned handshakes() const { return handshakes_; }
    unsigned requests() const { return requests_; }

private:
    struct Connection {
        Connection(asio::io_context& io, asio::ssl::context& context) : stream(io, context) {}
        asio::ssl::stream<tcp::socket> stream;
        std::thread thread;
    };
    void accept() {
        for (;;) {
            Connection* made = nullptr;
            {
                const std::lock_guard lock(mutex_);
                made = &connections_.emplace_back(io_, *context_);
            }
            boost::system::error_code error;
            acceptor_.accept(made->stream.next_layer(), error);
            made->thread = std::thread([this, made, closed = bool(error)] {
                if (!closed) serve(made->stream);
            });
            if (error) return;
        }
    }
    void serve(asio::ssl::stream<tcp::socket>& stream) {
        boost::system::error_code error;
        stream.handshake(asio::ssl::stream_base::server, error);
        if (error) return;
        ++handshakes_;
        const char* name = SSL_get_servername(stream.native_handle(), TLSEXT_NAMETYPE_host_name);
        const std::string caller = common_name(SSL_get1_peer_certificate(stream.native_handle()));
        const std::string fields = "X-Asked-For: " + std::string(name ? name : "") + "\r\nX-Caller: " + caller + "\r\n";
        std::string received;
        const auto more = [&] {
            char block[65536];
            const std::size_t size = stream.read_some(asio::buffer(block), error);
            received.append(block, size);
            return !error;
        };
        for (;;) {
            std::size_t end;
            while ((end = received.find("\r\n\r\n")) == std::string::npos)
                if (!more()) return;
            ++requests_;
            const Wire::Message request{received.substr(0, end + 4), {}};
            received.erase(0, end + 4);
            if (request.has("Upgrade: websocket")) {
                asio::write(stream, asio::buffer("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" + received), error);
                for (received.clear(); more(); received.clear()) asio::write(stream, asio::buffer(received), error);
                return;
            }
            const std::size_t length = std::stoul(request.field("Content-Length").value_or("0"));
            while (received.size() < length)
                if (!more()) return;
            asio::write(stream, asio::buffer(Instance::ok(received.substr(0, length), fields)), error);
            received.erase(0, length);
        }
    }

    asio::io_context io_;
    std::shared_ptr<asio::ssl::context> context_;
    tcp::acceptor acceptor_{io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
    std::atomic<unsigned> handshakes_{0}, requests_{0};
    std::thread acceptor_thread_;
    std::mutex mutex_;
    std::list<Connection> connections_;
};

ServiceSpec secured(std::uint16_t port, std::string name, std::string ca_file = {}) {
    ServiceSpec spec = service("a", {"/"}, {port});
    spec.instances[0].tls = TlsSpec{std::move(name), std::move(ca_file)};
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

TEST(TlsUpstream, FilesAreReadAgainAndKeptWhereTheyDoNotFit) {
    Certificate certificate("shop.internal");
    net::TlsTrust files;
    files.ca_file = certificate.files.certificate_chain_file;
    UpstreamTrust trust(files);
    const auto first = trust.context("");
    ASSERT_TRUE(first);
    EXPECT_TRUE(trust.renew());
    EXPECT_EQ(trust.context(""), first) << "nothing has changed";
    std::ofstream(files.ca_file) << "no certificate, and longer than nothing";
    EXPECT_NE(trust.problem(""), "");
    EXPECT_FALSE(trust.renew());
    EXPECT_EQ(trust.context(""), first);
    certificate.make("shop.internal");
    EXPECT_TRUE(trust.renew());
    EXPECT_NE(trust.context(""), first);
    EXPECT_FALSE(trust.context("/nowhere/ca.pem"));
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
