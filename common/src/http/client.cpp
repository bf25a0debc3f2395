#include "http/client_pool.hpp"
#include "http/redirect.hpp"
#include "net/tls.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/client.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace gravity::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::steady_clock;

bool is_idempotent(Method method) {
    switch (method) {
    case Method::get:
    case Method::head:
    case Method::put:
    case Method::delete_:
    case Method::options: return true;
    default: return false;
    }
}

class Client::Core : public std::enable_shared_from_this<Core> {
public:
    Core(asio::io_context& io, ClientOptions client_options)
        : io_(io), options_(std::move(client_options)), pool_(std::make_shared<ClientPool>(io, options_)) {
        // Files that somebody names are checked at once; the system's authorities, hundreds of kilobytes, are read when somebody is to be trusted by them.
        if (!options_.tls.ca_file.empty() || !options_.tls.certificate_chain_file.empty()) tls();
    }

    Task<std::unique_ptr<ResponseStream>> open(ClientRequest request);
    Task<std::vector<std::string>> resolve(std::string host, Deadline deadline);
    std::string head_of(const ClientRequest& request, const UrlParts& url) const;

    ClientPool& pool() { return *pool_; }
    Counters counters() const {
        Counters figures = counters_;
        figures.idle = pool_->idle();
        figures.busy = pool_->busy();
        return figures;
    }

private:
    struct Exchanged {
        std::string key;
        std::shared_ptr<ClientConnection> connection;
        Response head;
    };
    Task<Exchanged> attempt(const ClientRequest& request, const UrlParts& url, Deadline deadline);
    Task<Response> try_once(const ClientRequest& request, const UrlParts& url, Deadline deadline,
                            std::shared_ptr<ClientConnection> connection);

    const std::shared_ptr<asio::ssl::context>& tls() {
        if (!tls_) tls_ = net::client_context(options_.tls);
        return tls_;
    }

    asio::io_context& io_;
    ClientOptions options_;
    std::shared_ptr<asio::ssl::context> tls_; // null until it is needed
    std::shared_ptr<ClientPool> pool_;
    Counters counters_;
};

namespace {

/// Gives its connection back when the body has been read, or when nobody wants the rest.
class PooledResponse final : public ResponseStream {
public:
    PooledResponse(std::shared_ptr<Client::Core> core, std::string key, std::shared_ptr<ClientConnection> connection, Response head,
                   std::string url, std::size_t limit)
        : core_(std::move(core)), key_(std::move(key)), connection_(std::move(connection)), head_(std::move(head)), url_(std::move(url)), limit_(limit) {
        if (connection_->body_complete()) release();
    }
    ~PooledResponse() override { release(); }

    const Response& head() const override { return head_; }
    const std::string& url() const override { return url_; }
    Task<std::string> read() override {
        std::string data;
        if (!connection_) co_return data;
        const auto connection = connection_;
        data = co_await connection->read_body();
        received_ += data.size();
        if (received_ > limit_) {
            release();
            throw ClientError(ClientFailure::too_large, true, "the response is larger than " + std::to_string(limit_) + " bytes");
        }
        if (connection->body_complete()) release();
        co_return data;
    }

private:
    void release() {
        if (const auto connection = std::move(connection_)) core_->pool().give_back(key_, connection);
    }

    std::shared_ptr<Client::Core> core_;
    std::string key_;
    std::shared_ptr<ClientConnection> connection_;
    Response head_;
    std::string url_;
    std::size_t limit_;
    std::size_t received_ = 0;
};

[[noreturn]] void invalid(const std::string& what) { throw ClientError(ClientFailure::invalid_request, false, what); }

struct Resolution { // shared with the resolver's thread's completion, which may come after everybody has gone
    explicit Resolution(asio::io_context& io) : resolver(io), done(io) {}
    tcp::resolver resolver;
    asio::steady_timer done;
    boost::system::error_code error;
    std::vector<std::string> addresses;
};

} // namespace

std::string Client::Core::head_of(const ClientRequest& request, const UrlParts& url) const {
    const std::string_view method = request.method == Method::other ? std::string_view(request.method_text) : to_string(request.method);
    if (!is_token(method)) invalid("the method is not a token");
    std::string head;
    head.append(method).append(" ").append(url.target).append(" HTTP/1.1\r\nHost: ").append(url.authority()).append("\r\n");
    for (const auto& [name, value] : request.headers.entries()) {
        if (!is_token(name) || !is_field_value(value)) invalid("not a header field: " + name);
        bool ours = false;
        for (const char* own : {"Host", "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Expect", "Upgrade"})
            ours = ours || iequals(name, own);
        if (!ours) head.append(name).append(": ").append(value).append("\r\n");
    }
    if (!request.headers.has("User-Agent") && !options_.user_agent.empty())
        head.append("User-Agent: ").append(options_.user_agent).append("\r\n");
    if (!request.headers.has("Accept")) head += "Accept: */*\r\n";
    const bool expects_length = request.method == Method::post || request.method == Method::put || request.method == Method::patch;
    if (!request.body.empty() || expects_length) head.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
    head += "\r\n";
    return head;
}

Task<std::vector<std::string>> Client::Core::resolve(std::string host, Deadline deadline) {
    std::vector<std::string> addresses;
    boost::system::error_code not_an_address;
    const auto literal = asio::ip::make_address(host, not_an_address);
    if (!not_an_address) {
        addresses.push_back(literal.to_string());
        co_return addresses;
    }
    // The system's resolver blocks its thread and cannot be interrupted: waited for beside it, so that the deadline holds.
    const auto pending = std::make_shared<Resolution>(io_);
    pending->done.expires_at(deadline);
    pending->resolver.async_resolve(host, "", [pending](boost::system::error_code error, tcp::resolver::results_type found) {
        pending->error = error;
        for (const auto& entry : found) pending->addresses.push_back(entry.endpoint().address().to_string());
        if (pending->addresses.empty() && !error) pending->error = asio::error::host_not_found;
        pending->done.cancel();
    });
    auto waiting = pending->done.async_wait(asio::as_tuple(asio::deferred));
    co_await std::move(waiting); // its result is in `pending`
    if (pending->error) throw ClientError(ClientFailure::resolve, false, "cannot resolve " + host + ": " + pending->error.message());
    if (pending->addresses.empty()) throw ClientError(ClientFailure::timeout, false, "timed out (resolving " + host + ")");
    co_return pending->addresses;
}

/// On a connection that is new or kept. Throws ClientError.
Task<Response> Client::Core::try_once(const ClientRequest& request, const UrlParts& url, Deadline deadline,
                                      std::shared_ptr<ClientConnection> connection) {
    connection->set_deadline(deadline);
    if (!connection->used_before()) {
        std::vector<std::string> addresses = request.addresses;
        if (addresses.empty()) addresses = co_await resolve(url.host, deadline);
        ++counters_.connects;
        const auto trust = url.secure ? tls() : nullptr;
        co_await connection->connect(url, addresses, trust);
    } else {
        ++counters_.reused;
    }
    const std::string head = head_of(request, url);
    Response response = co_await connection->exchange(head, request.body, request.method);
    co_return response;
}

Task<Client::Core::Exchanged> Client::Core::attempt(const ClientRequest& request, const UrlParts& url, Deadline deadline) {
    Exchanged result;
    result.key = (url.secure ? "https://" : "http://") + url.authority();
    for (const std::string& address : request.addresses) result.key += "|" + address; // a pinned address is part of the identity
    for (bool fresh = false;; fresh = true) {
        result.connection = co_await pool_->take(result.key, deadline, fresh);
        std::exception_ptr failure;
        bool answered = false;
        try {
            result.head = co_await try_once(request, url, deadline, result.connection);
            answered = true;
        } catch (const ClientError& error) {
            const bool stale = result.connection->used_before() && error.failure() == ClientFailure::reset && !result.connection->answered();
            const bool harmless = is_idempotent(request.method) || !error.sent();
            if (!stale || !harmless || fresh) failure = std::current_exception();
        } catch (...) {
            failure = std::current_exception();
        }
        if (answered) co_return result;
        pool_->give_back(result.key, result.connection);
        if (failure) std::rethrow_exception(failure);
        ++counters_.stale_retries;
    }
}

Task<std::unique_ptr<ResponseStream>> Client::Core::open(ClientRequest request) {
    const Deadline deadline = steady_clock::now() + request.timeout;
    std::optional<UrlParts> url = parse_url(request.url);
    if (!url) invalid("not an http URL: " + request.url.substr(0, 200));
    ++counters_.requests;
    for (unsigned hops = 0;; ++hops) {
        head_of(request, *url); // refuses nonsense before a connection is taken
        Exchanged exchanged = co_await attempt(request, *url, deadline);
        const auto location = exchanged.head.headers.get("Location");
        std::optional<UrlParts> next;
        if (request.max_redirects != 0 && is_redirect(exchanged.head.status) && location) next = resolve_reference(*url, *location);
        if (!next || !request.addresses.empty()) { // pinned addresses belong to one host: their owner follows redirects
            co_return std::make_unique<PooledResponse>(shared_from_this(), std::move(exchanged.key), std::move(exchanged.connection),
                                                       std::move(exchanged.head), url->to_string(), request.max_response_bytes);
        }
        const int status = exchanged.head.status;
        pool_->give_back(exchanged.key, exchanged.connection);
        if (hops == request.max_redirects)
            throw ClientError(ClientFailure::protocol, true, "more than " + std::to_string(request.max_redirects) + " redirects");
        follow(request, status, url->same_origin(*next));
        url = next;
    }
}

Client::Client(asio::io_context& io, ClientOptions options) : core_(std::make_shared<Core>(io, std::move(options))) {}
Client::~Client() { core_->pool().close_all(); }

namespace {
Task<std::unique_ptr<ResponseStream>> open_on(std::shared_ptr<Client::Core> core, ClientRequest request) {
    auto stream = co_await core->open(std::move(request));
    co_return stream;
}
Task<Response> send_on(std::shared_ptr<Client::Core> core, ClientRequest request) {
    auto stream = co_await core->open(std::move(request));
    Response response = stream->head();
    for (;;) {
        const std::string piece = co_await stream->read();
        if (piece.empty()) break;
        response.body += piece;
    }
    co_return response;
}
Task<std::vector<std::string>> resolve_on(std::shared_ptr<Client::Core> core, std::string host, Deadline deadline) {
    auto addresses = co_await core->resolve(std::move(host), deadline);
    co_return addresses;
}
} // namespace

Task<Response> Client::send(ClientRequest request) { return send_on(core_, std::move(request)); }
Task<std::unique_ptr<ResponseStream>> Client::open(ClientRequest request) { return open_on(core_, std::move(request)); }
Task<std::vector<std::string>> Client::resolve(std::string host, std::chrono::milliseconds timeout) {
    return resolve_on(core_, std::move(host), steady_clock::now() + timeout);
}
Client::Counters Client::counters() const { return core_->counters(); }

} // namespace gravity::http
