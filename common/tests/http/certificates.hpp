#pragma once

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <unistd.h>

/// Certificates made on the spot, so that none in the tree can expire.
namespace gravity::http::test {

class Certificates {
public:
    Certificates() {
        std::string name = (std::filesystem::temp_directory_path() / "gravity-tls-XXXXXX").string();
        folder_ = ::mkdtemp(name.data());
        ca_key_.reset(EVP_EC_gen("P-256"));
        ca_ = make("Test CA", ca_key_.get(), "", true);
        write_certificate("ca.pem", ca_.get());
    }
    ~Certificates() { std::filesystem::remove_all(folder_); }

    std::string ca_file() const { return folder_ + "/ca.pem"; }
    std::string certificate_file(const std::string& name) const { return folder_ + "/" + name + ".pem"; }
    std::string key_file(const std::string& name) const { return folder_ + "/" + name + ".key"; }

    /// <name>.pem and <name>.key for the given subjectAltName ("DNS:localhost,IP:127.0.0.1").
    void issue(const std::string& name, const std::string& alt_names) {
        const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
        const auto certificate = make(name, key.get(), alt_names, false);
        write_certificate(name + ".pem", certificate.get());
        FILE* file = std::fopen(key_file(name).c_str(), "w");
        EXPECT_EQ(PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr), 1);
        std::fclose(file);
    }

private:
    using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

    Certificate make(const std::string& name, EVP_PKEY* key, const std::string& alt_names, bool authority) {
        Certificate certificate(X509_new(), X509_free);
        X509_set_version(certificate.get(), X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), ++serial_);
        X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
        X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
        X509_set_pubkey(certificate.get(), key);
        X509_NAME* subject = X509_get_subject_name(certificate.get());
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
        X509_set_issuer_name(certificate.get(), authority ? subject : X509_get_subject_name(ca_.get()));
        add(certificate.get(), NID_basic_constraints, authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
        if (!alt_names.empty()) add(certificate.get(), NID_subject_alt_name, alt_names);
        EXPECT_GT(X509_sign(certificate.get(), ca_key_.get(), EVP_sha256()), 0);
        return certificate;
    }
    static void add(X509* certificate, int kind, const std::string& value) {
        X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
        EXPECT_NE(extension, nullptr);
        X509_add_ext(certificate, extension, -1);
        X509_EXTENSION_free(extension);
    }
    void write_certificate(const std::string& name, X509* certificate) {
        FILE* file = std::fopen((folder_ + "/" + name).c_str(), "w");
        EXPECT_EQ(PEM_write_X509(file, certificate), 1);
        std::fclose(file);
    }

    std::string folder_;
    long serial_ = 0;
    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> ca_key_{nullptr, EVP_PKEY_free};
    Certificate ca_{nullptr, X509_free};
};

} // namespace gravity::http::test
