#pragma once

#include <gravity/async/task.hpp>
#include <gravity/http/message.hpp>
#include <gravity/http/url.hpp>
#include <gravity/http/wire.hpp>
#include <gravity/net/tls.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace gravity::http {

enum class ClientFailure : std::uint8_t {
    invalid_request,
    resolve,
    connect,
    tls,
    timeout,
    reset,
    protocol,
    too_large,
    refused
};

/// A request that got no (whole) response. `sent`: a byte of it may have left this process, so it may have been executed.
class ClientError : public std::runtime_error {
public:
    ClientError(ClientFailure failure, bool sent, const std::string& what)
        : std::runtime_error(what), failure_(failure), sent_(sent) {}
    ClientFailure failure() const { return failure_; }
    bool sent() const { return sent_; }

private:
    ClientFailure failure_;
    bool sent_;
};

struct ClientOptions {
    net::TlsTrust tls;
    HeadLimits head{64 * 1024, 8 * 1024, 200};
    std::size_t max_connections_per_host = 32; // the next requests wait for one, until their deadline
    std::size_t max_idle_per_host = 8;
    std::chrono::milliseconds idle_timeout{30'000}; // less than what servers usually grant (ours: 75 s)
    std::chrono::milliseconds connect_timeout{5'000}; // for each address
    std::string user_agent = "gravity";
};

struct ClientRequest {
    Method method = Method::get;
    std::string method_text;       // for Method::other
    std::string url;               // absolute, http or https
    Headers headers;               // Host, Content-Length, Transfer-Encoding, Connection and Expect are ours
    std::string body;
    std::chrono::milliseconds timeout{30'000}; // for everything, redirects and reading of the body included
    std::size_t max_response_bytes = 8 * 1024 * 1024;
    unsigned max_redirects = 0;    // followed as RFC 9110 section 15.4 says; credentials stay with their origin
    std::vector<std::string> addresses; // textual IPs to connect to instead of resolving the host; the name is still verified and sent
};

/// A response whose body is read as it comes. Destroying it early closes its connection.
class ResponseStream {
public:
    virtual ~ResponseStream() = default;
    virtual const Response& head() const = 0;       // without body
    /// Next piece, at most 64 KiB; empty at the end. Throws ClientError; a body that breaks off never looks complete.
    virtual Task<std::string> read() = 0;
    /// URL that answered, after redirects.
    virtual const std::string& url() const = 0;
};

/// HTTP/1.1 client with a bounded pool of kept connections per origin. I/O thread only. Outlives its requests.
class Client {
public:
    Client(boost::asio::io_context& io, ClientOptions options); // throws boost::system::system_error for bad TLS files
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// The whole response, whatever its status. Throws ClientError.
    ///
    /// A kept connection that turns out to be closed before the first byte of the response is replaced once by a fresh one, if the
    /// method is idempotent or no byte of the request had left (RFC 9110 section 9.2.2). There is no other retry here.
    Task<Response> send(ClientRequest request);
    /// The same, with the body still to be read; `timeout` covers the reading, `max_response_bytes` does too.
    Task<std::unique_ptr<ResponseStream>> open(ClientRequest request);

    /// The addresses of a host name, in the resolver's order; an address stands for itself. Throws ClientError (resolve, timeout).
    Task<std::vector<std::string>> resolve(std::string host, std::chrono::milliseconds timeout);

    struct Counters {
        std::size_t idle = 0, busy = 0;              // connections now
        std::uint64_t requests = 0, connects = 0, reused = 0, stale_retries = 0;
    };
    Counters counters() const;

    class Core;

private:
    std::shared_ptr<Core> core_;
};

/// Methods that may be repeated (RFC 9110 section 9.2.2).
bool is_idempotent(Method method);

} // namespace gravity::http
