#include "support.hpp"

#include <gravity/redis/subscriber.hpp>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace gravity::redis::test {
namespace {

/// A self-signed certificate for "redis.test" and its key, as PEM files.
struct Certificate {
    explicit Certificate(const std::filesystem::path& dir)
        : certificate((dir / "cert.pem").string()), key((dir / "key.pem").string()) {
        EVP_PKEY* pair = EVP_EC_gen("P-256");
        X509* cert = X509_new();
        X509_set_version(cert, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
        X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
        X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
        X509_NAME* name = X509_get_subject_name(cert);
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("redis.test"), -1,
                                   -1, 0);
        X509_set_issuer_name(cert, name);
        X509_set_pubkey(cert, pair);
        X509_EXTENSION* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:redis.test");
        X509_add_ext(cert, names, -1);
        X509_EXTENSION_free(names);
        X509_sign(cert, pair, EVP_sha256());
        FILE* out = fopen(certificate.c_str(), "w");
        PEM_write_X509(out, cert);
        fclose(out);
        out = fopen(key.c_str(), "w");
        PEM_write_PrivateKey(out, pair, nullptr, nullptr, 0, nullptr, nullptr);
        fclose(out);
        X509_free(cert);
        EVP_PKEY_free(pair);
    }
    std::string certificate;
    std::string key;
};

class RedisTls : public ::testing::Test {
protected:
    RedisTls() : certificate(dir.path()), port(free_port()) {
        server = std::make_unique<Server>(std::vector<std::string>{
            "tls-port " + std::to_string(port), "bind 127.0.0.1", "tls-cert-file " + certificate.certificate,
            "tls-key-file " + certificate.key, "tls-ca-cert-file " + certificate.certificate});
        url = "rediss://127.0.0.1:" + std::to_string(port);
    }
    /// Client options that satisfy the server, which asks for a certificate.
    Options trusted() {
        Options out = options();
        out.tls.ca_file = certificate.certificate;
        out.tls.certificate_file = certificate.certificate;
        out.tls.key_file = certificate.key;
        out.tls.server_name = "redis.test";
        return out;
    }
    Error failure_with(Options how) {
        Client client(loop.io, url, std::move(how));
        loop.until([&] {
            return client.last_error() != "not connected yet" &&
                   client.last_error().find("refused") == std::string::npos;
        });
        return loop.error_of(client.command(Command{"PING"}, in(100ms)));
    }

    TempDir dir;
    Certificate certificate;
    int port;
    std::unique_ptr<Server> server;
    Loop loop;
    std::string url;
};

TEST_F(RedisTls, CarriesCommandsAndSubscriptions) {
    Client client(loop.io, url, trusted());
    const std::string big(2'000'000, 'x');
    loop.wait(client.command(Command{"SET", "k", big}));
    EXPECT_EQ(loop.wait(client.command(Command{"GET", "k"})).text, big);
    Subscriber subscriber(client);
    loop.wait(subscriber.subscribe("a"));
    loop.wait(client.command(Command{"PUBLISH", "a", "x"}));
    EXPECT_EQ(loop.wait(subscriber.next()).payload, "x");
    server->kill();
    loop.until([&] { return !client.connected(); });
    server->start();
    EXPECT_TRUE(loop.wait(client.command(Command{"PING"})).is_status("PONG"));
}

TEST_F(RedisTls, VerifiesTheServer) {
    Options name = trusted();
    name.tls.server_name = "other.test";
    EXPECT_NE(std::string(failure_with(name).what()).find("certificate verify failed"), std::string::npos);
    Options address = trusted();
    address.tls.server_name.clear(); // then the address is verified, which the certificate does not name
    EXPECT_NE(std::string(failure_with(address).what()).find("certificate verify failed"), std::string::npos);
    Options stranger = trusted();
    stranger.tls.ca_file.clear(); // the system's authorities do not know it
    EXPECT_NE(std::string(failure_with(stranger).what()).find("certificate verify failed"), std::string::npos);
    Options careless = stranger;
    careless.tls.verify = false;
    Client client(loop.io, url, careless);
    EXPECT_TRUE(loop.wait(client.command(Command{"PING"})).is_status("PONG"));
}

TEST_F(RedisTls, KeyWithoutCertificateIsRefused) {
    Options half = trusted();
    half.tls.certificate_file.clear();
    EXPECT_THROW(Client(loop.io, url, half), std::invalid_argument);
}

} // namespace
} // namespace gravity::redis::test
