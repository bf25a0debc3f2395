// An etcd that wants to know who is there: by certificates, and by user and password.
#include "etcd_gateway.hpp"
#include "etcd_messages.hpp"
#include "peer.hpp"

#include <gravity/testkit/loop.hpp>

#include <cstdlib>
#include <filesystem>

namespace gravity::registry::test {
namespace {

using namespace std::chrono_literals;
using testkit::until;

/// An authority, with certificates for a server at 127.0.0.1 and for a client; gone with the object.
class Certificates {
public:
    Certificates() {
        char name[] = "/tmp/gravity-certificates-XXXXXX";
        if (::mkdtemp(name) == nullptr) throw std::runtime_error("mkdtemp");
        folder_ = name;
        openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.pem");
        // etcd speaks to itself as a client when it is asked by HTTP.
        issue("server", "subjectAltName=IP:127.0.0.1\\nextendedKeyUsage=serverAuth,clientAuth");
        issue("client", "extendedKeyUsage=clientAuth");
    }
    ~Certificates() { std::filesystem::remove_all(folder_); }
    std::string path(const std::string& file) const { return folder_ + '/' + file; }

private:
    void issue(const std::string& name, const std::string& extensions) const {
        openssl("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=" + name + " -keyout " + name + ".key -out " + name + ".csr");
        run("printf '" + extensions + "' > " + name + ".ext");
        openssl("x509 -req -days 2 -in " + name + ".csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile " + name + ".ext -out " + name + ".pem");
    }
    void openssl(const std::string& arguments) const { run("openssl " + arguments + " 2>/dev/null"); }
    void run(const std::string& command) const {
        if (std::system(("cd " + folder_ + " && " + command).c_str()) != 0) throw std::runtime_error("failed: " + command);
    }
    std::string folder_;
};

Task<std::string> ask(etcd::Gateway* gateway) {
    std::string said = "yes";
    try {
        std::string body = etcd::range_body("/t/");
        co_await gateway->call("kv/range", std::move(body), 5s);
    } catch (const std::runtime_error& error) {
        said = error.what();
    }
    co_return said;
}

/// What etcd says to one question of such a client: "yes", or why not.
std::string asked(const std::string& url, const etcd::Credentials& credentials) {
    testkit::Loop loop;
    etcd::Gateway gateway(loop.io(), {url}, credentials);
    loop.start();
    const std::string said = loop.await<std::string>([&] { return ask(&gateway); });
    loop.stop();
    return said;
}

TEST(EtcdAccess, IsGivenForACertificate) {
    if (!EtcdServer::is_installed()) GTEST_SKIP() << "there is no etcd (Debian: etcd-server)";
    const Certificates files;
    const EtcdServer etcd({"--cert-file", files.path("server.pem"), "--key-file", files.path("server.key"), "--client-cert-auth", "--trusted-ca-file",
                           files.path("ca.pem")},
                          true);
    etcd::Credentials credentials;
    EXPECT_NE(asked(etcd.url(), credentials).find("certificate"), std::string::npos) << asked(etcd.url(), credentials); // of an authority nobody knows
    credentials.tls.ca_file = files.path("ca.pem");
    EXPECT_NE(asked(etcd.url(), credentials), "yes"); // it shows none
    credentials.tls.certificate_chain_file = files.path("client.pem");
    credentials.tls.private_key_file = files.path("client.key");
    EXPECT_EQ(asked(etcd.url(), credentials), "yes");

    Peer a(etcd.url(), "n", true, credentials), b(etcd.url(), "n", true, credentials);
    until([&] { return a.members() == 2 && b.members() == 2; });
    EXPECT_EQ(a.put("/v1/kv/k", "v").body(), "true");
    EXPECT_EQ(b.get("/v1/kv/k?raw&consistent").body(), "v");
}

class EtcdUsers : public Etcd {
protected:
    void SetUp() override {
        Etcd::SetUp();
        if (IsSkipped()) return;
        // As docs/discovery.md tells.
        etcd->call("auth/user/add", R"({"name":"root","password":"all"})");
        etcd->call("auth/user/grant", R"({"user":"root","role":"root"})");
        etcd->call("auth/role/add", R"({"name":"discovery"})");
        const std::string prefix = base64_encode("/t/"), end = base64_encode("/t0");
        etcd->call("auth/role/grant", R"({"name":"discovery","perm":{"permType":"READWRITE","key":")" + prefix + R"(","range_end":")" + end + R"("}})");
        etcd->call("auth/user/add", R"({"name":"registry","password":"right"})");
        etcd->call("auth/user/grant", R"({"user":"registry","role":"discovery"})");
        etcd->call("auth/enable", "{}");
    }
    /// As root, in the words of etcd's API.
    void change(const std::string& method, const std::string& body) const {
        const testkit::Client client(etcd->port, "");
        const auto known = client.call("POST", "/v3/auth/authenticate").raw(R"({"name":"root","password":"all"})", "application/json").expect(200);
        const std::string token = known.text("/token");
        client.call("POST", "/v3/" + method).header("Authorization", token).raw(body, "application/json").expect(200);
    }
    static etcd::Credentials user(const std::string& password) {
        etcd::Credentials credentials;
        credentials.user = "registry";
        credentials.password = Secret<>(password);
        return credentials;
    }
};

TEST_F(EtcdUsers, AreKnownByTheirPassword) {
    EXPECT_EQ(asked(etcd->url(), user("right")), "yes");
    EXPECT_NE(asked(etcd->url(), {}), "yes");
    EXPECT_NE(asked(etcd->url(), user("wrong")).find("invalid user ID or password"), std::string::npos) << asked(etcd->url(), user("wrong"));
    // A daemon does not wait for a password to become right.
    try {
        const Peer refused(etcd->url(), "n", true, user("wrong"));
        ADD_FAILURE() << "it has started";
    } catch (const StoreError& error) {
        EXPECT_NE(std::string(error.what()).find("etcd refuses: "), std::string::npos) << error.what();
    }
    Peer a(etcd->url(), "n", true, user("right")), b(etcd->url(), "n", true, user("right"));
    until([&] { return a.members() == 2 && b.members() == 2 && (a.leads() || b.leads()); });
    EXPECT_EQ(a.put("/v1/kv/k", "v").body(), "true");
    EXPECT_EQ(b.get("/v1/kv/k?raw&consistent").body(), "v");
}

TEST_F(EtcdUsers, GetANewTokenWhenTheirsHasEnded) {
    Peer a(etcd->url(), "n", true, user("right"));
    until([&] { return a.leads(); });
    ASSERT_EQ(a.put("/v1/kv/k", "0").body(), "true");
    // Any change to users makes the tokens old; nobody who writes notices.
    for (int i = 1; i <= 3; ++i) {
        change("auth/user/add", R"({"name":"another)" + std::to_string(i) + R"(","password":"x"})");
        EXPECT_EQ(a.put("/v1/kv/k", std::to_string(i)).body(), "true");
    }
    // A member that is started again knows none of them.
    etcd->kill();
    etcd->start();
    until([&] { return a.put("/v1/kv/k", "after").body() == "true"; });
    until([&] { return a.leads() && a.get("/v1/kv/k?raw&consistent").body() == "after"; });
    // One whose password was changed is out at once, and says so.
    change("auth/user/changepw", R"({"name":"registry","password":"other"})");
    until([&] { return a.put("/v1/kv/k", "late").body().find("invalid user ID or password") != std::string::npos; });
}

} // namespace
} // namespace gravity::registry::test
