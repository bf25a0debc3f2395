#include "net/tls.hpp"

#include <boost/asio/ssl/error.hpp>
#include <boost/system/system_error.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <string>

namespace gravity::net {
namespace {

namespace ssl = boost::asio::ssl;

constexpr unsigned char alpn[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_length, const unsigned char* offered,
                    unsigned offered_length, void*) {
    unsigned char* chosen = nullptr;
    if (SSL_select_next_proto(&chosen, out_length, alpn, sizeof alpn, offered, offered_length) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL; // RFC 7301 section 3.2: no protocol in common
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

void check(const boost::system::error_code& error, const std::string& what) {
    if (error) throw boost::system::system_error(error, what);
}

void load_certificate(ssl::context& context, const std::string& chain_file, const std::string& key_file) {
    boost::system::error_code error;
    context.use_certificate_chain_file(chain_file, error);
    check(error, "TLS certificate " + chain_file);
    context.use_private_key_file(key_file, ssl::context::pem, error);
    check(error, "TLS private key " + key_file);
    if (SSL_CTX_check_private_key(context.native_handle()) != 1) {
        error.assign(static_cast<int>(ERR_get_error()), boost::asio::error::get_ssl_category());
        check(error, "TLS private key " + key_file + " does not belong to " + chain_file);
    }
}

void set_common(ssl::context& context) {
    SSL_CTX* const native = context.native_handle();
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    // Idle connections give their record buffers back.
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(native, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
}

} // namespace

std::shared_ptr<ssl::context> server_context(const TlsFiles& files) {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    set_common(*context);
    load_certificate(*context, files.certificate_chain_file, files.private_key_file);
    SSL_CTX_set_options(context->native_handle(), SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_alpn_select_cb(context->native_handle(), choose_protocol, nullptr);
    return context;
}

std::shared_ptr<ssl::context> client_context(const TlsTrust& trust) {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
    set_common(*context);
    boost::system::error_code error;
    if (trust.ca_file.empty()) context->set_default_verify_paths(error);
    else context->load_verify_file(trust.ca_file, error);
    check(error, "TLS certificate authorities " + trust.ca_file);
    context->set_verify_mode(trust.verify_peer ? ssl::verify_peer : ssl::verify_none, error);
    check(error, "TLS verification");
    if (!trust.certificate_chain_file.empty())
        load_certificate(*context, trust.certificate_chain_file, trust.private_key_file);
    if (SSL_CTX_set_alpn_protos(context->native_handle(), alpn, sizeof alpn) != 0) throw std::bad_alloc();
    return context;
}

} // namespace gravity::net
