#include "http/redirect.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/fetcher.hpp>

#include <algorithm>

namespace gravity::http {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

class Fetcher::Core {
public:
    Core(boost::asio::io_context& io, FetcherOptions given)
        : options(std::move(given)), policy(options.allow), client(io, options.client) {}

    Task<std::vector<std::string>> resolve(std::string host, milliseconds timeout) {
        std::vector<std::string> addresses;
        if (is_address(host)) addresses.push_back(host);
        else if (options.resolver) addresses = co_await options.resolver(host, timeout);
        else addresses = co_await client.resolve(host, timeout);
        if (addresses.empty()) throw ClientError(ClientFailure::resolve, false, "cannot resolve " + host);
        // One bad address among good ones is either a trap or a mistake.
        for (const std::string& address : addresses)
            if (!policy.allows(address))
                throw ClientError(ClientFailure::refused, false, host + " leads to " + address + ", which may not be reached from here");
        co_return addresses;
    }

    FetcherOptions options;
    AddressPolicy policy;
    Client client;
};

namespace {

Task<std::unique_ptr<ResponseStream>> open_on(std::shared_ptr<Fetcher::Core> core, ClientRequest request) {
    if (!request.addresses.empty()) throw ClientError(ClientFailure::invalid_request, false, "the fetcher finds addresses itself");
    const auto deadline = steady_clock::now() + request.timeout;
    const unsigned hops = std::min(request.max_redirects, core->options.max_redirects);
    for (unsigned hop = 0;; ++hop) {
        const auto url = parse_url(request.url);
        if (!url) throw ClientError(ClientFailure::invalid_request, false, "not an http URL: " + request.url.substr(0, 200));
        const auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now());
        request.timeout = std::max(left, milliseconds(1));
        request.addresses = co_await core->resolve(url->host, request.timeout);
        auto stream = co_await core->client.open(request);
        const auto location = stream->head().headers.get("Location");
        if (request.max_redirects == 0 || !is_redirect(stream->head().status) || !location) co_return stream;
        const auto next = resolve_reference(*url, *location);
        if (!next) throw ClientError(ClientFailure::refused, true, "a redirect to something that is not an http URL");
        if (hop == hops) throw ClientError(ClientFailure::protocol, true, "more than " + std::to_string(hops) + " redirects");
        follow(request, stream->head().status, url->same_origin(*next));
        request.url = next->to_string();
    }
}

Task<Response> send_on(std::shared_ptr<Fetcher::Core> core, ClientRequest request) {
    auto stream = co_await open_on(std::move(core), std::move(request));
    Response response = stream->head();
    for (;;) {
        const std::string piece = co_await stream->read();
        if (piece.empty()) break;
        response.body += piece;
    }
    co_return response;
}

} // namespace

Fetcher::Fetcher(boost::asio::io_context& io, FetcherOptions options) : core_(std::make_shared<Core>(io, std::move(options))) {}
Fetcher::~Fetcher() = default;

Task<std::unique_ptr<ResponseStream>> Fetcher::open(ClientRequest request) { return open_on(core_, std::move(request)); }
Task<Response> Fetcher::send(ClientRequest request) { return send_on(core_, std::move(request)); }

} // namespace gravity::http
