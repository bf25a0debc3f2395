#pragma once

#include <gravity/http/address_policy.hpp>
#include <gravity/http/client.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace gravity::http {

struct FetcherOptions {
    ClientOptions client;
    std::vector<std::string> allow;  // CIDR blocks that may be reached although they are not public
    unsigned max_redirects = 5;      // bounds ClientRequest::max_redirects
    /// Stands in for the system's resolver, in tests and behind resolving proxies.
    std::function<Task<std::vector<std::string>>(std::string host, std::chrono::milliseconds timeout)> resolver;
};

/// Requests to URLs that a client of ours gave (webhooks, avatars, imports), which must not reach our own network (SSRF).
/// The host is resolved once; if any of its addresses is not allowed the request is refused (ClientFailure::refused, nothing sent);
/// the connection then goes to exactly these addresses, so a second look-up cannot answer differently (DNS rebinding). Each
/// redirect is judged anew. I/O thread only.
class Fetcher {
public:
    /// Throws std::invalid_argument for a bad `allow`, boost::system::system_error for bad TLS files.
    Fetcher(boost::asio::io_context& io, FetcherOptions options);
    ~Fetcher();

    /// As Client::send and Client::open. `addresses` of the request must be empty.
    Task<Response> send(ClientRequest request);
    Task<std::unique_ptr<ResponseStream>> open(ClientRequest request);

    class Core;

private:
    std::shared_ptr<Core> core_;
};

} // namespace gravity::http
