#pragma once

#include <gravity/net/tls.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace gravity::gateway::test {

/// A self-signed certificate with its key, in files of a folder of its own. It vouches for itself.
class Certificate {
public:
    explicit Certificate(const std::string& name) { make(name); }
    ~Certificate() { std::filesystem::remove_all(folder_); }
    Certificate(const Certificate&) = delete;
    Certificate& operator=(const Certificate&) = delete;
    /// Another one in the same files.
    void make(const std::string& name) {
        const std::string command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=" + name + " -keyout " +
                                    files.private_key_file + " -out " + files.certificate_chain_file + " 2>/dev/null";
        EXPECT_EQ(std::system(command.c_str()), 0);
    }

private:
    static std::string made() {
        char folder[] = "/tmp/gravity-gateway-tls-XXXXXX";
        return ::mkdtemp(folder);
    }
    const std::filesystem::path folder_ = made();

public:
    net::TlsFiles files{folder_ / "chain.pem", folder_ / "key.pem"};
};

/// An authority of clients in a folder of its own, and the certificates that it vouches for.
class Authority {
public:
    explicit Authority(const std::string& name) {
        std::ofstream(folder_ / "openssl.cnf") << "[req]\ndistinguished_name = dn\n[dn]\n";
        make("ca", "/CN=" + name, "-addext basicConstraints=critical,CA:TRUE");
    }
    ~Authority() { std::filesystem::remove_all(folder_); }
    Authority(const Authority&) = delete;
    Authority& operator=(const Authority&) = delete;
    std::string file() const { return folder_ / "ca.pem"; }
    /// `names`: subjectAltName as OpenSSL writes it, "DNS:a.example,URI:spiffe://a/b".
    net::TlsFiles issue(const std::string& name, const std::string& names) const {
        make(name, "/O=Shop/CN=" + name, "-addext subjectAltName=" + names + " -CA " + file() + " -CAkey " + (folder_ / "ca.key").string());
        return {folder_ / (name + ".pem"), folder_ / (name + ".key")};
    }

private:
    static std::string made() {
        char folder[] = "/tmp/gravity-gateway-ca-XXXXXX";
        return ::mkdtemp(folder);
    }
    void make(const std::string& file, const std::string& subject, const std::string& more) const {
        const std::string at = folder_ / file;
        const std::string config = folder_ / "openssl.cnf";
        const std::string command = "openssl req -x509 -config " + config + " -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj " + subject +
                                    " " + more + " -keyout " + at + ".key -out " + at + ".pem 2>/dev/null";
        EXPECT_EQ(std::system(command.c_str()), 0) << command;
    }
    const std::filesystem::path folder_ = made();
};

} // namespace gravity::gateway::test
