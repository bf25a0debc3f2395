#include "client_certificate.hpp"

#include <gravity/base/ascii.hpp>
#include <gravity/base/crypto.hpp>
#include <gravity/base/encoding.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <new>

namespace gravity::gateway {
namespace {

namespace asio = boost::asio;

/// All certificates that a client shows, together: the one that is passed on must fit into a request's head.
constexpr long most_certificate_bytes = 16 * 1024;

template <class T, void (*release)(T*)>
struct Release {
    void operator()(T* object) const { release(object); }
};
using Certificate = std::unique_ptr<X509, Release<X509, X509_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Release<GENERAL_NAMES, GENERAL_NAMES_free>>;

std::string der_of(X509* certificate) {
    const int size = i2d_X509(certificate, nullptr);
    if (size < 0) throw std::bad_alloc();
    std::string bytes(static_cast<std::size_t>(size), '\0');
    auto* at = reinterpret_cast<unsigned char*>(bytes.data());
    i2d_X509(certificate, &at);
    return bytes;
}

std::string subject_of(X509* certificate) {
    const std::unique_ptr<BIO, Release<BIO, BIO_free_all>> out(BIO_new(BIO_s_mem()));
    if (!out || X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0) throw std::bad_alloc();
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(std::max(size, 0L))};
}

std::string_view bytes_of(const ASN1_STRING* text) {
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)), static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string address_of(std::string_view bytes) {
    if (bytes.size() == 4) {
        asio::ip::address_v4::bytes_type v4;
        std::copy(bytes.begin(), bytes.end(), v4.begin());
        return asio::ip::address_v4(v4).to_string();
    }
    asio::ip::address_v6::bytes_type v6{};
    if (bytes.size() != v6.size()) return {};
    std::copy(bytes.begin(), bytes.end(), v6.begin());
    return asio::ip::address_v6(v6).to_string();
}

std::vector<std::string> names_of(X509* certificate) {
    std::vector<std::string> names;
    const Names all(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    for (int i = 0; all && i < sk_GENERAL_NAME_num(all.get()); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(all.get(), i);
        switch (name->type) {
        case GEN_DNS: names.push_back("DNS:" + ascii::lower(bytes_of(name->d.dNSName))); break;
        case GEN_URI: names.push_back("URI:" + std::string(bytes_of(name->d.uniformResourceIdentifier))); break;
        case GEN_EMAIL: names.push_back("email:" + std::string(bytes_of(name->d.rfc822Name))); break;
        case GEN_IPADD: names.push_back("IP:" + address_of(bytes_of(name->d.iPAddress))); break;
        default: break; // directory names and the like say nothing that a rule could name
        }
    }
    return names;
}

} // namespace

ClientCertificatePtr client_certificate_of(SSL& connection) {
    const Certificate shown(SSL_get1_peer_certificate(&connection));
    if (!shown || SSL_get_verify_result(&connection) != X509_V_OK) return nullptr;
    const std::string der = der_of(shown.get());
    auto certificate = std::make_shared<ClientCertificate>();
    certificate->subject = subject_of(shown.get());
    certificate->names = names_of(shown.get());
    certificate->thumbprint = base64url_encode(sha256(der));
    certificate->field = ":" + base64_encode(der) + ":"; // a Byte Sequence (RFC 8941 section 3.3.5)
    return certificate;
}

bool is_of_one(X509_STORE_CTX& chain, const std::vector<std::string>& names) {
    if (X509_STORE_CTX_get_error_depth(&chain) != 0) return true;
    X509* const shown = X509_STORE_CTX_get_current_cert(&chain);
    const std::vector<std::string> own = names_of(shown);
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
        constexpr std::string_view dns = "DNS:";
        if (!name.starts_with(dns)) return std::find(own.begin(), own.end(), name) != own.end();
        return X509_check_host(shown, name.data() + dns.size(), name.size() - dns.size(), X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, nullptr) == 1;
    });
}

void ask_for_certificates(asio::ssl::context& context, const std::string& ca_file, bool required) {
    SSL_CTX* const native = context.native_handle();
    ERR_clear_error();
    boost::system::error_code error;
    context.load_verify_file(ca_file, error);
    STACK_OF(X509_NAME)* const names = error ? nullptr : SSL_load_client_CA_file(ca_file.c_str()); // so that a client with several knows which is meant
    if (!error && !names) error = boost::system::error_code(static_cast<int>(ERR_get_error()), asio::error::get_ssl_category());
    if (error) throw boost::system::system_error(error, "TLS certificate authorities of clients " + ca_file);
    SSL_CTX_set_client_CA_list(native, names);
    context.set_verify_mode(asio::ssl::verify_peer | (required ? asio::ssl::verify_fail_if_no_peer_cert : 0));
    SSL_CTX_set_max_cert_list(native, most_certificate_bytes);
    // A session is taken up again with the certificate that it began with, and never under other authorities: each context has ticket keys of its own.
    constexpr std::string_view id = "gravity-gateway";
    if (SSL_CTX_set_session_id_context(native, reinterpret_cast<const unsigned char*>(id.data()), id.size()) != 1) throw std::bad_alloc();
}

} // namespace gravity::gateway
