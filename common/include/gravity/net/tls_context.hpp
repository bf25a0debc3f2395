#pragma once

#include <gravity/net/tls.hpp>

#include <memory>

namespace boost::asio::ssl {
class context;
}

namespace gravity::net {

/// A server's context: TLS 1.2 and 1.3, ALPN "http/1.1" (RFC 7301). Throws boost::system::system_error naming the file at fault.
std::shared_ptr<boost::asio::ssl::context> server_context(const TlsFiles& files);
/// A client's context, the same versions and protocol. Whose the certificate is (the host's name) is for each connection to check.
std::shared_ptr<boost::asio::ssl::context> client_context(const TlsTrust& trust);

} // namespace gravity::net
