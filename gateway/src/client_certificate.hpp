#pragma once

#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <string>
#include <vector>

/// Certificates: by which clients say who they are, and whose names those of instances must have.
namespace gravity::gateway {

/// Of one connection: shown by the client, vouched for by the authorities of clients, and its key proven.
struct ClientCertificate {
    std::string subject;            // RFC 4514: "CN=till-7,O=Shop"
    std::vector<std::string> names; // subjectAltName (RFC 5280 section 4.2.1.6): "DNS:a.example", "URI:spiffe://a/b", "email:a@b.example", "IP:192.0.2.1"
    std::string thumbprint;         // x5t#S256 (RFC 8705 section 3.1)
    std::string field;              // the value of Client-Cert (RFC 9440 section 2.2)
};
using ClientCertificatePtr = std::shared_ptr<const ClientCertificate>;

/// The connection's, after the handshake; null if it showed none.
ClientCertificatePtr client_certificate_of(SSL& connection);

/// Whether the certificate that a chain is verified for has one of these names in its subjectAltName: "DNS:a.example" (which "*.example" there stands for too,
/// RFC 6125 section 6.4), "URI:spiffe://a/b". True while the chain's other certificates are looked at, which need not have any.
bool is_of_one(X509_STORE_CTX& chain, const std::vector<std::string>& names);

/// Clients are asked for a certificate that the authorities of this PEM file vouch for. Who shows another one, or none though it is required, gets no
/// connection. Throws boost::system::system_error naming the file that cannot be used.
void ask_for_certificates(boost::asio::ssl::context& context, const std::string& ca_file, bool required);

} // namespace gravity::gateway
