#include "etcd_gateway.hpp"

#include "etcd_messages.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/url.hpp>

#include <algorithm>

namespace gravity::registry::etcd {
namespace {

using namespace std::chrono_literals;
constexpr auto open_time = 3s;
constexpr auto watch_life = 24h; // then it is begun anew from where it was
constexpr std::size_t largest_answer = 256 << 20;

constexpr std::string_view authenticate_method = "auth/authenticate";

http::ClientOptions client_options(const net::TlsTrust& tls) {
    http::ClientOptions options;
    options.tls = tls;
    options.connect_timeout = 1s;
    options.user_agent = "gravity-discovery";
    return options;
}

http::ClientRequest request_of(const std::string& member, const std::string& method, std::string body, const std::string& token) {
    http::ClientRequest request;
    request.method = http::Method::post;
    request.url = member + "/v3/" + method;
    request.headers.add("Content-Type", "application/json");
    if (!token.empty()) request.headers.add("Authorization", token);
    request.body = std::move(body);
    return request;
}

// Bad requests and quotas are settled; "unavailable" and time-outs say nothing about what happened.
bool is_definite(int status) { return status == 400 || status == 401 || status == 403 || status == 404 || status == 412 || status == 429; }

/// A token that a member does not know (any more), or that is older than the last change to users and roles: nothing was done.
struct TokenEnded : Refused {
    using Refused::Refused;
};
bool is_about_token(std::string_view text) {
    return text.find("invalid auth token") != std::string_view::npos || text.find("auth: revision in header is old") != std::string_view::npos;
}

[[noreturn]] void refuse(int status, const std::string& text) {
    if (is_about_token(text)) throw TokenEnded(text);
    if (is_definite(status)) throw Refused(text);
    throw Unreachable(text, true);
}

} // namespace

Gateway::Gateway(boost::asio::io_context& io, std::vector<std::string> members, Credentials credentials)
    : members_(std::move(members)), credentials_(std::move(credentials)), client_(std::make_shared<http::Client>(io, client_options(credentials_.tls))) {}

void Gateway::leave(std::size_t failed) {
    if (failed == member_) member_ = (member_ + 1) % members_.size();
}

Task<void> Gateway::authenticate(std::chrono::milliseconds timeout) {
    token_.clear();
    std::string body = authenticate_body(credentials_.user, credentials_.password.reveal());
    std::string method(authenticate_method);
    const std::string answer = co_await call_once(std::move(method), std::move(body), timeout);
    token_ = token_in(answer);
}

Task<std::string> Gateway::call(std::string method, std::string body, std::chrono::milliseconds timeout) {
    if (credentials_.user.empty()) {
        std::string answer = co_await call_once(std::move(method), std::move(body), timeout);
        co_return answer;
    }
    if (token_.empty()) co_await authenticate(timeout);
    const std::string used = token_;
    std::string text = body;
    bool ended = false;
    std::string answer;
    try {
        answer = co_await call_once(method, std::move(text), timeout);
    } catch (const TokenEnded&) {
        ended = true;
    }
    if (!ended) co_return answer;
    if (token_ == used) co_await authenticate(timeout); // unless another call has a new one already
    answer = co_await call_once(std::move(method), std::move(body), timeout);
    co_return answer;
}

Task<std::string> Gateway::call_once(std::string method, std::string body, std::chrono::milliseconds timeout) {
    const auto client = client_;
    http::ClientRequest request = request_of(address(), method, std::move(body), token_);
    request.timeout = timeout;
    request.max_response_bytes = largest_answer;
    http::Response response;
    std::string failure;
    bool maybe = false;
    try {
        response = co_await client->send(std::move(request));
    } catch (const http::ClientError& error) {
        failure = error.what();
        maybe = error.sent();
    }
    if (!failure.empty()) throw Unreachable(failure, maybe);
    if (response.status == 200) co_return std::move(response.body);
    refuse(response.status, error_text(response.body));
}

Task<std::unique_ptr<http::ResponseStream>> Gateway::open(std::string method, std::string body) {
    const auto client = client_;
    if (!credentials_.user.empty() && token_.empty()) co_await authenticate(open_time);
    http::ClientRequest request = request_of(address(), method, std::move(body), token_);
    request.timeout = watch_life;
    request.max_response_bytes = static_cast<std::size_t>(-1) / 2;
    std::unique_ptr<http::ResponseStream> stream;
    std::string failure;
    try {
        stream = co_await client->open(std::move(request));
    } catch (const http::ClientError& error) {
        failure = error.what();
    }
    if (!failure.empty()) throw Unreachable(failure, false);
    if (stream->head().status != 200) throw Unreachable("etcd answered " + std::to_string(stream->head().status), false);
    co_return stream;
}

std::vector<std::string> members_in(std::string_view text) {
    std::vector<std::string> members;
    while (!text.empty()) {
        const auto comma = std::min(text.find(','), text.size());
        std::string member(text.substr(0, comma));
        text.remove_prefix(std::min(comma + 1, text.size()));
        while (member.ends_with('/')) member.pop_back();
        const auto url = http::parse_url(member);
        if (!url || url->target != "/")
            throw std::runtime_error("\"" + member + "\" is no address of an etcd member, as http://host:2379");
        members.push_back(std::move(member));
    }
    if (members.empty()) throw std::runtime_error("no address of an etcd member is given");
    return members;
}

} // namespace gravity::registry::etcd
