#pragma once

#include <gravity/net/tls.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
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

} // namespace gravity::gateway::test
