#pragma once

#include <gravity/net/tls.hpp>

#include <boost/asio/ssl/context.hpp>

#include <memory>

namespace gravity::net {

/// A server's context: TLS 1.2 and 1.3, ALPN "http/1.1" (RFC 7301). Throws boost::system::system_error naming the file at fault.
std::shared_ptr<boost::asio::ssl::context> server_context(const TlsFiles& files);

/// A client's context. Host names are checked per connection (Stream::start_tls_client).
std::shared_ptr<boost::asio::ssl::context> client_context(const TlsTrust& trust);

} // namespace gravity::net
