#include "http/certificates.hpp"
#include "http/support.hpp"

#include <gravity/async/coroutine.hpp>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>

#include <fstream>

using namespace gravity;
using namespace gravity::http;
using namespace gravity::http::test;
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

Task<void> secure_echo(Exchange& exchange) {
    const bool whole = co_await exchange.read_body(10'000'000);
    Response answer = text((exchange.request().secure ? "secure " : "plain ") + exchange.request().body, whole ? 200 : 413);
    co_await exchange.respond(std::move(answer));
}

/// A blocking TLS client. Its context trusts only the test's authority.
struct TlsClient {
    explicit TlsClient(std::uint16_t port, const std::string& ca, const char* alpn = nullptr, int highest = 0)
        : context(asio::ssl::context::tls_client), stream(io, (context.load_verify_file(ca), context)) {
        stream.set_verify_mode(asio::ssl::verify_peer);
        stream.set_verify_callback(asio::ssl::host_name_verification("localhost"));
        if (alpn) SSL_set_alpn_protos(stream.native_handle(), reinterpret_cast<const unsigned char*>(alpn), static_cast<unsigned>(std::strlen(alpn)));
        if (highest) SSL_set_max_proto_version(stream.native_handle(), highest);
        stream.next_layer().connect({asio::ip::address_v4::loopback(), port});
    }
    std::string subject() {
        char name[256];
        X509* peer = SSL_get1_peer_certificate(stream.native_handle());
        X509_NAME_get_text_by_NID(X509_get_subject_name(peer), NID_commonName, name, sizeof name);
        X509_free(peer);
        return name;
    }
    std::string ask(const std::string& request) {
        asio::write(stream, asio::buffer(request));
        const std::size_t head = asio::read_until(stream, asio::dynamic_buffer(received), "\r\n\r\n");
        const std::size_t length = std::stoul(received.substr(received.find("Content-Length: ") + 16));
        while (received.size() < head + length) {
            char block[16384];
            received.append(block, stream.read_some(asio::buffer(block)));
        }
        std::string body = received.substr(head, length);
        received.erase(0, head + length);
        return body;
    }
    asio::io_context io;
    asio::ssl::context context;
    asio::ssl::stream<tcp::socket> stream;
    std::string received;
};

struct Tls : ::testing::Test {
    Tls() {
        certificates.issue("first", "DNS:localhost");
        options.tls = net::TlsFiles{certificates.certificate_file("first"), certificates.key_file("first")};
    }
    Certificates certificates;
    Running running;
    ServerOptions options;
};

std::string post(const std::string& body) {
    return "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

} // namespace

TEST_F(Tls, AnswersOverTls12And13) {
    const auto port = running.serve(secure_echo, options);
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        TlsClient client(port, certificates.ca_file(), "\x08http/1.1", version);
        client.stream.handshake(asio::ssl::stream_base::client);
        EXPECT_EQ(client.ask(post("a")), "secure a");
        EXPECT_EQ(client.ask(post("b") + post("c")), "secure b");
        EXPECT_EQ(client.ask(""), "secure c");
        const unsigned char* protocol = nullptr;
        unsigned length = 0;
        SSL_get0_alpn_selected(client.stream.native_handle(), &protocol, &length);
        EXPECT_EQ(std::string(reinterpret_cast<const char*>(protocol), length), "http/1.1");
    }
}

TEST_F(Tls, RefusesOldVersionsAndOtherProtocols) {
    const auto port = running.serve(secure_echo, options);
    TlsClient old(port, certificates.ca_file(), nullptr, TLS1_1_VERSION);
    SSL_set_security_level(old.stream.native_handle(), 0);
    EXPECT_THROW(old.stream.handshake(asio::ssl::stream_base::client), boost::system::system_error);
    TlsClient h2(port, certificates.ca_file(), "\x02h2");
    EXPECT_THROW(h2.stream.handshake(asio::ssl::stream_base::client), boost::system::system_error);
    RawClient plain(port);
    ASSERT_TRUE(plain.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
    EXPECT_EQ(plain.read_until("HTTP/1.1"), "");
    EXPECT_EQ(running.server().counters().requests, 0u);
}

TEST_F(Tls, LargeBodiesBothWays) {
    const auto port = running.serve(secure_echo, options);
    TlsClient client(port, certificates.ca_file());
    client.stream.handshake(asio::ssl::stream_base::client);
    const std::string body(3'000'000, 'l');
    EXPECT_EQ(client.ask(post(body)), "secure " + body);
    EXPECT_EQ(client.ask(post("still")), "secure still");
}

TEST_F(Tls, EndsWithCloseNotify) {
    const auto port = running.serve(secure_echo, options);
    TlsClient client(port, certificates.ca_file());
    client.stream.handshake(asio::ssl::stream_base::client);
    EXPECT_EQ(client.ask("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), "secure ");
    char byte;
    boost::system::error_code error;
    client.stream.read_some(asio::buffer(&byte, 1), error);
    EXPECT_EQ(error, asio::error::eof) << error.message(); // a missing close_notify would be stream_truncated
}

TEST_F(Tls, ReloadsItsCertificateForNewConnections) {
    const auto port = running.serve(secure_echo, options);
    TlsClient before(port, certificates.ca_file());
    before.stream.handshake(asio::ssl::stream_base::client);
    EXPECT_EQ(before.subject(), "first");
    certificates.issue("second", "DNS:localhost");
    std::filesystem::copy_file(certificates.certificate_file("second"), options.tls->certificate_chain_file,
                               std::filesystem::copy_options::overwrite_existing);
    // Half of the pair is no good: the old one stays.
    running.on_io([&] { EXPECT_THROW(running.server().reload_tls(), boost::system::system_error); });
    TlsClient still(port, certificates.ca_file());
    still.stream.handshake(asio::ssl::stream_base::client);
    EXPECT_EQ(still.subject(), "first");
    std::filesystem::copy_file(certificates.key_file("second"), options.tls->private_key_file,
                               std::filesystem::copy_options::overwrite_existing);
    running.on_io([&] { running.server().reload_tls(); });
    TlsClient after(port, certificates.ca_file());
    after.stream.handshake(asio::ssl::stream_base::client);
    EXPECT_EQ(after.subject(), "second");
    EXPECT_EQ(before.ask(post("old")), "secure old");
    EXPECT_EQ(after.ask(post("new")), "secure new");
}

TEST_F(Tls, MissingFilesStopTheStart) {
    options.tls->private_key_file += ".absent";
    Server server(running.io(), options, secure_echo);
    try {
        server.start();
        FAIL() << "started without a key";
    } catch (const boost::system::system_error& error) {
        EXPECT_NE(std::string(error.what()).find(".absent"), std::string::npos);
    }
}

TEST_F(Tls, SilentHandshakesAreCutOff) {
    options.head_timeout = 50ms;
    const auto port = running.serve(secure_echo, options);
    RawClient silent(port);
    EXPECT_TRUE(eventually([&] { return running.server().counters().timeouts == 1; }));
    EXPECT_EQ(silent.read_until("x"), "");
}

TEST_F(Tls, ParksAndWakes) {
    options.park_after = 0ms;
    const auto port = running.serve(secure_echo, options);
    TlsClient client(port, certificates.ca_file());
    client.stream.handshake(asio::ssl::stream_base::client);
    for (int i = 0; i < 4; ++i) {
        EXPECT_EQ(client.ask(post("p")), "secure p");
        std::this_thread::sleep_for(15ms); // room for the tick to park it; the test holds either way
    }
}

TEST_F(Tls, AWebSocketPeerThatIsStillSendingReadsWhyItIsClosed) {
    const auto port = running.serve(
        [](Exchange& exchange) -> Task<void> {
            WebSocketOptions small;
            small.max_message_bytes = 1000;
            auto socket = co_await exchange.accept_websocket(small);
            co_await socket->read();
        },
        options);
    TlsClient client(port, certificates.ca_file());
    client.stream.handshake(asio::ssl::stream_base::client);
    const std::string handshake = "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    asio::write(client.stream, asio::buffer(handshake));
    client.received.erase(0, asio::read_until(client.stream, asio::dynamic_buffer(client.received), "\r\n\r\n"));
    const std::string message = std::string("\x82\xff\0\0\0\0\0\x10\0\0\0\0\0\0", 14) + std::string(1 << 20, 'm');
    asio::write(client.stream, asio::buffer(message)); // whole, before anything is read
    boost::system::error_code end;
    asio::read(client.stream, asio::dynamic_buffer(client.received), end);
    EXPECT_EQ(client.received, std::string("\x88\x02\x03\xf1", 4)); // 1009
    EXPECT_EQ(end, asio::error::eof) << "by a close_notify: " << end.message();
}
