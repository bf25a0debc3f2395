#pragma once

#include "support.hpp"

#include <gravity/net/tls.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <openssl/x509.h>

namespace gravity::gateway::test {

/// A client of the TLS port, which takes any certificate and tells whose it was. It may have one itself.
class Secure {
public:
    /// `session`: of a connection before (`session()`), to be taken up again; may be null.
    explicit Secure(std::uint16_t port, const net::TlsFiles& own = {}, SSL_SESSION* session = nullptr) : stream_(io_, context_of(context_, own)) {
        if (session) SSL_set_session(stream_.native_handle(), session);
        boost::asio::ip::tcp::socket& socket = stream_.next_layer();
        socket.connect({boost::asio::ip::address_v4::loopback(), port});
        const timeval limit{std::chrono::seconds(patience).count(), 0};
        ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        stream_.handshake(boost::asio::ssl::stream_base::client);
    }
    std::string name() {
        X509* certificate = SSL_get1_peer_certificate(stream_.native_handle());
        char text[256] = {};
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text, sizeof text);
        X509_free(certificate);
        return text;
    }
    void send(std::string_view bytes) { boost::asio::write(stream_, boost::asio::buffer(bytes.data(), bytes.size())); }
    std::string read(std::size_t size) {
        std::string bytes(size, '\0');
        boost::system::error_code error;
        bytes.resize(boost::asio::read(stream_, boost::asio::buffer(bytes), error));
        end = error;
        return bytes;
    }
    std::string read_until(std::string_view mark) {
        std::string bytes;
        while (!bytes.ends_with(mark)) {
            const std::string byte = read(1);
            if (byte.empty()) break;
            bytes += byte;
        }
        return bytes;
    }
    boost::system::error_code end;

    /// To be given back with SSL_SESSION_free.
    SSL_SESSION* session() { return SSL_get1_session(stream_.native_handle()); }
    bool taken_up() { return SSL_session_reused(stream_.native_handle()) == 1; }

private:
    static boost::asio::ssl::context& context_of(boost::asio::ssl::context& context, const net::TlsFiles& own) {
        if (own.certificate_chain_file.empty()) return context;
        context.use_certificate_chain_file(own.certificate_chain_file);
        context.use_private_key_file(own.private_key_file, boost::asio::ssl::context::pem);
        return context;
    }
    boost::asio::io_context io_;
    boost::asio::ssl::context context_{boost::asio::ssl::context::tls_client};
    boost::asio::ssl::stream<boost::asio::ip::tcp::socket> stream_;
};

} // namespace gravity::gateway::test
