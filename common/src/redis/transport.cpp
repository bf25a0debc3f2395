#include "redis/transport.hpp"

#include <gravity/async/coroutine.hpp>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>

#include <stdexcept>

namespace gravity::redis {

namespace asio = boost::asio;
using boost::system::error_code;
using boost::system::system_error;

std::shared_ptr<asio::ssl::context> make_tls_context(const TlsOptions& options) {
    auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
    context->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                         asio::ssl::context::no_tlsv1_1);
    auto check = [](const error_code& error, const std::string& file) {
        if (error) throw std::invalid_argument("Redis TLS: " + file + ": " + error.message());
    };
    error_code error;
    if (options.ca_file.empty()) {
        context->set_default_verify_paths(error);
        check(error, "system certificates");
    } else {
        context->load_verify_file(options.ca_file, error);
        check(error, options.ca_file);
    }
    if (options.certificate_file.empty() != options.key_file.empty())
        throw std::invalid_argument("Redis TLS: a certificate needs its key, and a key its certificate");
    if (!options.certificate_file.empty()) {
        context->use_certificate_chain_file(options.certificate_file, error);
        check(error, options.certificate_file);
        context->use_private_key_file(options.key_file, asio::ssl::context::pem, error);
        check(error, options.key_file);
    }
    context->set_verify_mode(options.verify ? asio::ssl::verify_peer : asio::ssl::verify_none);
    return context;
}

Transport::Transport(asio::io_context& io, std::shared_ptr<asio::ssl::context> tls)
    : io_(io), tls_context_(std::move(tls)), socket_(io) {}

Task<void> Transport::connect_tcp(Endpoint endpoint) {
    using asio::ip::tcp;
    std::vector<tcp::endpoint> candidates;
    error_code not_literal;
    auto address = asio::ip::make_address(endpoint.host, not_literal);
    if (!not_literal) {
        candidates.emplace_back(address, endpoint.port);
    } else {
        tcp::resolver resolver(io_);
        auto found = co_await resolver.async_resolve(endpoint.host, std::to_string(endpoint.port), asio::use_awaitable);
        for (const auto& entry : found) candidates.push_back(entry.endpoint());
    }
    error_code last = asio::error::host_not_found;
    for (const auto& candidate : candidates) {
        if (closed_) throw system_error(asio::error::operation_aborted);
        tcp::socket socket(io_);
        socket.open(candidate.protocol(), last);
        if (last) continue;
        socket_ = std::move(socket);
        auto token = asio::redirect_error(asio::use_awaitable, last);
        asio::generic::stream_protocol::endpoint target(candidate);
        co_await socket_.async_connect(target, token);
        if (!last) break;
        error_code ignored; // the socket is replaced or dropped next
        socket_.close(ignored);
    }
    if (last) throw system_error(last);
    // Small commands must leave at once, and a peer that vanished while we wait must be found out by TCP as well.
    socket_.set_option(tcp::no_delay(true));
    socket_.set_option(asio::socket_base::keep_alive(true));
}

Task<void> Transport::connect(Endpoint endpoint, std::string tls_server_name, bool verify) {
    if (!endpoint.path.empty()) {
        asio::local::stream_protocol::socket socket(io_);
        socket.open();
        socket_ = std::move(socket);
        asio::generic::stream_protocol::endpoint target{asio::local::stream_protocol::endpoint(endpoint.path)};
        co_await socket_.async_connect(target, asio::use_awaitable);
    } else {
        co_await connect_tcp(endpoint);
    }
    if (closed_) throw system_error(asio::error::operation_aborted);
    if (!tls_context_) co_return;

    const std::string name = tls_server_name.empty() ? endpoint.host : tls_server_name;
    tls_.emplace(socket_, *tls_context_);
    error_code is_name;
    asio::ip::make_address(name, is_name);
    // RFC 6066 section 3: server_name carries host names, never addresses.
    if (is_name && SSL_set_tlsext_host_name(tls_->native_handle(), name.c_str()) != 1)
        throw system_error(asio::error::invalid_argument, "TLS server name");
    if (verify) tls_->set_verify_callback(asio::ssl::host_name_verification(name));
    co_await tls_->async_handshake(asio::ssl::stream_base::client, asio::use_awaitable);
}

void Transport::close() {
    closed_ = true;
    error_code ignored; // a socket that cannot be closed is one that is not open
    socket_.close(ignored);
}

} // namespace gravity::redis
