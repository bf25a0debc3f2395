#include "etcd_gateway.hpp"

#include "etcd_messages.hpp"

#include <gravity/async/coroutine.hpp>
#include <gravity/http/url.hpp>

#include <algorithm>

namespace gravity::registry::etcd {
namespace {

using namespace std::chrono_literals;
constexpr auto watch_life = 24h; // then it is begun anew from where it was
constexpr std::size_t largest_answer = 256 << 20;

http::ClientOptions client_options() {
    http::ClientOptions options;
    options.connect_timeout = 1s;
    options.user_agent = "gravity-discovery";
    return options;
}

http::ClientRequest request_of(const std::string& member, const std::string& method, std::string body) {
    http::ClientRequest request;
    request.method = http::Method::post;
    request.url = member + "/v3/" + method;
    request.headers.add("Content-Type", "application/json");
    request.body = std::move(body);
    return request;
}

// Bad requests and quotas are settled; "unavailable" and time-outs say nothing about what happened.
bool is_definite(int status) { return status == 400 || status == 401 || status == 403 || status == 404 || status == 412 || status == 429; }

} // namespace

Gateway::Gateway(boost::asio::io_context& io, std::vector<std::string> members)
    : members_(std::move(members)), client_(std::make_shared<http::Client>(io, client_options())) {}

void Gateway::leave(std::size_t failed) {
    if (failed == member_) member_ = (member_ + 1) % members_.size();
}

Task<std::string> Gateway::call(std::string method, std::string body, std::chrono::milliseconds timeout) {
    const auto client = client_;
    http::ClientRequest request = request_of(address(), method, std::move(body));
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
    const std::string text = error_text(response.body);
    if (is_definite(response.status)) throw Refused(text);
    throw Unreachable(text, true);
}

Task<std::unique_ptr<http::ResponseStream>> Gateway::open(std::string method, std::string body) {
    const auto client = client_;
    http::ClientRequest request = request_of(address(), method, std::move(body));
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
