#include "probe.hpp"

#include "connection.hpp"
#include "http2.hpp"
#include "script.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/base/ascii.hpp>
#include <gravity/http/client.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>

namespace gravity::registry {
namespace {

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

TlsWish wish_of(const CheckDefinition& definition, std::string protocol = {}) {
    return {!definition.tls_skip_verify, definition.tls_server_name.value_or(""), std::move(protocol)};
}

ProbeResult critical(std::string output) { return {Status::critical, printable(std::move(output))}; }

Task<ProbeResult> probe_tcp(boost::asio::io_context& io, CheckDefinition definition) {
    const auto address = split_address(definition.target);
    Connection connection(io, definition.timeout_us);
    std::string failure = co_await connection.connect(address->first, address->second);
    TlsWish wish = wish_of(definition);
    if (failure.empty() && definition.use_tls.value_or(false)) failure = co_await connection.start_tls(address->first, std::move(wish));
    if (!failure.empty()) co_return critical("dial tcp " + definition.target + ": " + failure);
    co_return ProbeResult{Status::passing, "TCP connect " + definition.target + ": Success"};
}

// Whoever does not say that nobody is there (ICMP) is taken to be there: many servers answer only what they understand.
Task<ProbeResult> probe_udp(boost::asio::io_context& io, CheckDefinition definition) {
    using boost::asio::ip::udp;
    const auto address = split_address(definition.target);
    const auto socket = std::make_shared<udp::socket>(io); // its timer's handler may outlive this frame
    udp::resolver resolver(io);
    const auto token = boost::asio::as_tuple(boost::asio::use_awaitable);
    auto [error, endpoints] = co_await resolver.async_resolve(address->first, address->second, token);
    bool silent = false;
    if (!error) {
        const udp::endpoint endpoint = endpoints.begin()->endpoint();
        socket->open(endpoint.protocol(), error);
        if (!error) socket->connect(endpoint, error);
        if (!error) socket->send(boost::asio::const_buffer(), 0, error);
        if (!error) {
            boost::asio::steady_timer timer(io, milliseconds(definition.timeout_us));
            const auto late = std::make_shared<bool>(false);
            timer.async_wait([socket, late](const boost::system::error_code& cancelled) {
                if (cancelled) return;
                *late = true;
                boost::system::error_code ignored; // it is open
                socket->close(ignored);
            });
            char byte = 0;
            const boost::asio::mutable_buffer buffer(&byte, 1);
            auto [failure, size] = co_await socket->async_receive(buffer, token);
            silent = *late;
            error = failure;
        }
    }
    if (error && !silent && error != boost::asio::error::message_size) co_return critical("udp " + definition.target + ": " + error.message());
    co_return ProbeResult{Status::passing, "UDP connect " + definition.target + ": Success"};
}

// Connects for HTTP/2 and goes on until the session has what it wants. Empty: it has; else why not.
Task<std::string> talk_http2(Connection& connection, http2::Session& session, CheckDefinition definition, std::string host, std::string port) {
    std::string failure = co_await connection.connect(host, port);
    TlsWish wish = wish_of(definition, "h2");
    if (failure.empty() && definition.use_tls.value_or(false)) failure = co_await connection.start_tls(host, std::move(wish));
    if (!failure.empty()) co_return failure;
    while (!session.answered_ping() && !session.outcome()) {
        std::string output = session.output();
        if (!output.empty()) {
            const bool sent = co_await connection.write(std::move(output));
            if (!sent) break;
            continue;
        }
        const std::string input = co_await connection.read();
        if (input.empty()) break;
        if (!session.feed(input)) co_return "the answer is not HTTP/2";
    }
    if (session.answered_ping() || session.outcome()) co_return std::string();
    co_return connection.late() ? "i/o timeout" : "the connection was closed";
}

Task<ProbeResult> probe_h2ping(boost::asio::io_context& io, CheckDefinition definition) {
    const auto address = split_address(definition.target);
    Connection connection(io, definition.timeout_us);
    http2::Session session;
    session.ping();
    const std::string failure = co_await talk_http2(connection, session, definition, address->first, address->second);
    if (!failure.empty()) co_return critical("HTTP2 ping failed: " + failure);
    co_return ProbeResult{Status::passing, "HTTP2 ping was successful"};
}

Task<ProbeResult> probe_grpc(boost::asio::io_context& io, CheckDefinition definition) {
    const std::string& target = definition.target;
    const std::string authority = target.substr(0, target.find('/'));
    const std::string service = authority.size() < target.size() ? target.substr(authority.size() + 1) : std::string();
    const auto address = split_address(authority);
    Connection connection(io, definition.timeout_us);
    http2::Session session;
    session.call(definition.use_tls.value_or(false) ? "https" : "http", authority, "/grpc.health.v1.Health/Check", http2::health_request(service));
    const std::string failure = co_await talk_http2(connection, session, definition, address->first, address->second);
    if (!failure.empty()) co_return critical("gRPC check " + target + ": " + failure);
    const http2::Outcome& outcome = *session.outcome();
    if (outcome.http_status != 200) co_return critical("gRPC check " + target + ": HTTP status " + std::to_string(outcome.http_status));
    if (outcome.grpc_status.value_or(2) != 0) {
        const std::string message = http::percent_decode(outcome.grpc_message).value_or(outcome.grpc_message);
        co_return critical("rpc error: code = " + http2::grpc_code(outcome.grpc_status.value_or(2)) + " desc = " + message);
    }
    const auto status = http2::health_status(outcome.body);
    if (!status) co_return critical("gRPC check " + target + ": the answer is not one of grpc.health.v1");
    if (*status != "SERVING") co_return critical("gRPC " + target + " serving status: " + *status);
    co_return ProbeResult{Status::passing, "gRPC check " + target + ": success"};
}

// What a check says of itself in place of the client.
void add_headers(http::ClientRequest& request, const CheckDefinition& definition) {
    for (const auto& [name, values] : definition.header)
        for (const std::string& value : values) request.headers.add(name, value);
    if (!request.headers.has("Accept")) request.headers.add("Accept", "text/plain, text/*, */*");
}

// A Host field of its own: the connection goes where the URL says, the request is for another name. The port stays the URL's.
Task<void> rename_host(http::Client& client, http::ClientRequest& request) {
    const auto host = request.headers.get("Host");
    auto url = http::parse_url(request.url);
    if (!host || !url) co_return;
    const auto named = http::parse_url("http://" + std::string(*host) + "/");
    if (!named || named->host == url->host) co_return;
    request.addresses = co_await client.resolve(url->host, request.timeout);
    url->host = named->host;
    request.url = url->to_string();
}

Task<ProbeResult> probe_http(http::Client& client, CheckDefinition definition) {
    http::ClientRequest request;
    request.method = http::method_from(definition.method);
    request.method_text = definition.method;
    request.url = definition.target;
    add_headers(request, definition);
    request.body = definition.body;
    request.timeout = milliseconds(definition.timeout_us);
    request.max_redirects = definition.disable_redirects.value_or(false) ? 0 : 10;
    request.max_response_bytes = std::size_t{1} << 30; // the reading below stops much earlier
    const std::string what = "HTTP " + definition.method + " " + definition.target + ": ";
    const auto enough = static_cast<std::size_t>(definition.output_max_size);
    std::string problem;
    try {
        co_await rename_host(client, request);
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

Prober::Prober(boost::asio::io_context& io, Scripts scripts) : clients_(std::make_unique<Clients>(io)), scripts_(scripts) {}
Prober::~Prober() = default;

Task<ProbeResult> Prober::probe(CheckDefinition definition) {
    boost::asio::io_context& io = clients_->io;
    ProbeResult result;
    switch (definition.type) {
    case CheckType::tcp: result = co_await probe_tcp(io, std::move(definition)); break;
    case CheckType::udp: result = co_await probe_udp(io, std::move(definition)); break;
    case CheckType::h2ping: result = co_await probe_h2ping(io, std::move(definition)); break;
    case CheckType::grpc: result = co_await probe_grpc(io, std::move(definition)); break;
    case CheckType::script:
        if (scripts_ == Scripts::all || (scripts_ == Scripts::configured && definition.configured.value_or(false)))
            result = co_await run_script(io, std::move(definition));
        else // it was registered when they were allowed
            result = critical("scripts are disabled on this agent");
        break;
    default: {
        http::Client& client = definition.tls_skip_verify ? clients_->trusting : clients_->verifying;
        result = co_await probe_http(client, std::move(definition));
    }
    }
    co_return result;
}

} // namespace gravity::registry
