#include "probe.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/http/client.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>

namespace gravity::registry {
namespace {

using boost::asio::ip::tcp;

http::ClientOptions client_options(bool verify) {
    http::ClientOptions options;
    options.tls.verify_peer = verify;
    options.max_idle_per_host = 2;
    options.user_agent = "Consul Health Check"; // what targets know and exempt
    return options;
}

// What a target said becomes part of a record: NUL is the one character a record cannot hold.
std::string printable(std::string text) {
    std::erase(text, '\0');
    return text;
}

Status status_of(int http_status) {
    if (http_status >= 200 && http_status < 300) return Status::passing;
    return http_status == 429 ? Status::warning : Status::critical;
}

std::chrono::milliseconds milliseconds(std::int64_t us) { return std::chrono::milliseconds(std::max<std::int64_t>(us / 1000, 1)); }

// Connects to the first address that answers.
Task<ProbeResult> probe_tcp(boost::asio::io_context& io, CheckDefinition definition) {
    const auto address = split_address(definition.target);
    tcp::resolver resolver(io);
    tcp::socket socket(io);
    boost::asio::steady_timer timer(io, milliseconds(definition.timeout_us));
    bool late = false;
    timer.async_wait([&](const boost::system::error_code& error) {
        if (error) return;
        late = true;
        resolver.cancel();
        boost::system::error_code ignored; // it may not be open yet
        socket.close(ignored);
    });
    const auto token = boost::asio::as_tuple(boost::asio::use_awaitable);
    auto [error, endpoints] = co_await resolver.async_resolve(address->first, address->second, token);
    if (!error) {
        for (const auto& entry : endpoints) {
            boost::system::error_code ignored; // a fresh socket for each address
            socket.close(ignored);
            const tcp::endpoint endpoint = entry.endpoint();
            auto [failure] = co_await socket.async_connect(endpoint, token);
            error = failure;
            if (!error || late) break;
        }
    }
    // The handler refers to this frame: it must have run before the frame goes.
    if (timer.cancel() != 0 || late) {
        boost::asio::steady_timer turn(io, std::chrono::seconds(0));
        co_await turn.async_wait(token);
    }
    if (late) co_return ProbeResult{Status::critical, "dial tcp " + definition.target + ": i/o timeout"};
    if (error) co_return ProbeResult{Status::critical, "dial tcp " + definition.target + ": " + error.message()};
    co_return ProbeResult{Status::passing, "TCP connect " + definition.target + ": Success"};
}

Task<ProbeResult> probe_http(http::Client& client, CheckDefinition definition) {
    http::ClientRequest request;
    request.method = http::method_from(definition.method);
    request.method_text = definition.method;
    request.url = definition.target;
    for (const auto& [name, values] : definition.header)
        for (const std::string& value : values) request.headers.add(name, value);
    request.body = definition.body;
    request.timeout = milliseconds(definition.timeout_us);
    request.max_redirects = 10;
    request.max_response_bytes = std::size_t{1} << 30; // the reading below stops much earlier
    const std::string what = "HTTP " + definition.method + " " + definition.target + ": ";
    const auto enough = static_cast<std::size_t>(definition.output_max_size);
    std::string problem;
    try {
        auto stream = co_await client.open(std::move(request));
        const int status = stream->head().status;
        std::string body;
        for (;;) {
            std::string piece = co_await stream->read();
            if (piece.empty()) break;
            body += piece;
            if (body.size() > enough) break;
        }
        ProbeResult result;
        result.status = status_of(status);
        result.output = printable(what + std::to_string(status) + " " + std::string(http::reason_phrase(status)) + " Output: " + body);
        co_return result;
    } catch (const http::ClientError& error) {
        problem = error.what();
    }
    co_return ProbeResult{Status::critical, printable(what + problem)};
}

} // namespace

std::optional<std::pair<std::string, std::string>> split_address(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return std::nullopt;
    std::string_view host = text.substr(0, colon);
    const std::string_view port = text.substr(colon + 1);
    if (host.front() == '[' && host.back() == ']')
        host = host.substr(1, host.size() - 2);
    else if (host.find(':') != std::string_view::npos)
        return std::nullopt; // an IPv6 address without brackets could be read in two ways
    int number = 0;
    for (const char c : port) {
        if (!ascii::is_digit(c) || port.size() > 5) return std::nullopt;
        number = number * 10 + (c - '0');
    }
    if (host.empty() || number < 1 || number > 65535) return std::nullopt;
    return std::pair{std::string(host), std::string(port)};
}

struct Prober::Clients {
    explicit Clients(boost::asio::io_context& context)
        : io(context), verifying(context, client_options(true)), trusting(context, client_options(false)) {}
    boost::asio::io_context& io;
    http::Client verifying;
    http::Client trusting; // for checks with TLSSkipVerify
};

Prober::Prober(boost::asio::io_context& io) : clients_(std::make_unique<Clients>(io)) {}
Prober::~Prober() = default;

Task<ProbeResult> Prober::probe(CheckDefinition definition) {
    if (definition.type == CheckType::tcp) {
        ProbeResult result = co_await probe_tcp(clients_->io, std::move(definition));
        co_return result;
    }
    http::Client& client = definition.tls_skip_verify ? clients_->trusting : clients_->verifying;
    ProbeResult result = co_await probe_http(client, std::move(definition));
    co_return result;
}

} // namespace gravity::registry
