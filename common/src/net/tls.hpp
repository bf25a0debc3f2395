#pragma once

#include <gravity/net/tls_context.hpp>

#include <boost/asio/ssl/context.hpp>

#include <memory>

namespace gravity::net {

/// A client's context. Host names are checked per connection (Stream::start_tls_client).
std::shared_ptr<boost::asio::ssl::context> client_context(const TlsTrust& trust);

} // namespace gravity::net
