#include "connection.hpp"

#include <gravity/async/coroutine.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <openssl/ssl.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace gravity::registry {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::size_t read_bytes = 16 * 1024;
constexpr const char* over = "i/o timeout";

// Made when the first check needs it: the system's certificates take memory.
asio::ssl::context& client_context(bool verify) {
    const auto make = [](bool checks) {
        auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
        SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
        if (checks) context->set_default_verify_paths();
        context->set_verify_mode(checks ? asio::ssl::verify_peer : asio::ssl::verify_none);
        return context;
    };
    static std::unique_ptr<asio::ssl::context> verifying, trusting;
    auto& context = verify ? verifying : trusting;
    if (!context) context = make(verify);
    return *context;
}

} // namespace

struct Connection::State {
    State(asio::io_context& io) : resolver(io), socket(io), timer(io) {}
    tcp::resolver resolver;
    tcp::socket socket;
    std::optional<asio::ssl::stream<tcp::socket&>> tls;
    asio::steady_timer timer;
    bool late = false;

    void cut() {
        resolver.cancel();
        boost::system::error_code ignored; // it may not be open
        socket.close(ignored);
    }
};

Connection::Connection(asio::io_context& io, std::int64_t timeout_us) : state_(std::make_shared<State>(io)) {
    state_->timer.expires_after(std::chrono::microseconds(std::max<std::int64_t>(timeout_us, 1000)));
    state_->timer.async_wait([state = state_](const boost::system::error_code& error) {
        if (error) return;
        state->late = true;
        state->cut();
    });
}

Connection::~Connection() {
    state_->timer.cancel();
    state_->cut();
}

bool Connection::late() const { return state_->late; }

Task<std::string> Connection::connect(std::string host, std::string port) {
    const std::shared_ptr<State> state = state_;
    const auto token = asio::as_tuple(asio::use_awaitable);
    auto [error, endpoints] = co_await state->resolver.async_resolve(host, port, token);
    if (!error) {
        for (const auto& entry : endpoints) {
            boost::system::error_code ignored; // a fresh socket for each address
            state->socket.close(ignored);
            const tcp::endpoint endpoint = entry.endpoint();
            auto [failure] = co_await state->socket.async_connect(endpoint, token);
            error = failure;
            if (!error || state->late) break;
        }
    }
    if (state->late) co_return over;
    co_return error ? error.message() : std::string();
}

Task<std::string> Connection::start_tls(std::string host, TlsWish wish) {
    const std::shared_ptr<State> state = state_;
    state->tls.emplace(state->socket, client_context(wish.verify));
    SSL* const native = state->tls->native_handle();
    const std::string name = wish.server_name.empty() ? host : wish.server_name;
    boost::system::error_code not_an_address;
    asio::ip::make_address(name, not_an_address);
    // RFC 6066 section 3: server_name carries host names, never addresses.
    if (not_an_address && SSL_set_tlsext_host_name(native, name.c_str()) != 1) co_return "invalid server name " + name;
    if (wish.verify) state->tls->set_verify_callback(asio::ssl::host_name_verification(name));
    if (!wish.protocol.empty()) {
        const std::string offer = static_cast<char>(wish.protocol.size()) + wish.protocol;
        SSL_set_alpn_protos(native, reinterpret_cast<const unsigned char*>(offer.data()), static_cast<unsigned>(offer.size()));
    }
    const auto token = asio::as_tuple(asio::use_awaitable);
    auto [error] = co_await state->tls->async_handshake(asio::ssl::stream_base::client, token);
    if (state->late) co_return over;
    if (error) co_return "tls: " + error.message();
    const unsigned char* chosen = nullptr;
    unsigned length = 0;
    SSL_get0_alpn_selected(native, &chosen, &length);
    if (!wish.protocol.empty() && std::string_view(reinterpret_cast<const char*>(chosen), length) != wish.protocol)
        co_return "tls: the server does not speak " + wish.protocol;
    co_return std::string();
}

Task<bool> Connection::write(std::string bytes) {
    const std::shared_ptr<State> state = state_;
    const auto token = asio::as_tuple(asio::use_awaitable);
    const asio::const_buffer buffer(bytes.data(), bytes.size());
    if (state->tls) {
        auto [error, size] = co_await asio::async_write(*state->tls, buffer, token);
        co_return !error && size == bytes.size();
    }
    auto [error, size] = co_await asio::async_write(state->socket, buffer, token);
    co_return !error && size == bytes.size();
}

Task<std::string> Connection::read() {
    const std::shared_ptr<State> state = state_;
    const auto token = asio::as_tuple(asio::use_awaitable);
    std::string bytes(read_bytes, '\0');
    const asio::mutable_buffer buffer(bytes.data(), bytes.size());
    std::size_t size = 0;
    if (state->tls) {
        auto [error, got] = co_await state->tls->async_read_some(buffer, token);
        size = error ? 0 : got;
    } else {
        auto [error, got] = co_await state->socket.async_read_some(buffer, token);
        size = error ? 0 : got;
    }
    bytes.resize(size);
    co_return bytes;
}

} // namespace gravity::registry
