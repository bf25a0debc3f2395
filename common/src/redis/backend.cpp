#include "redis/backend.hpp"

#include <algorithm>
#include <stdexcept>

namespace gravity::redis {

namespace {

void check(const Options& options) {
    auto positive = [](auto value, const char* name) {
        if (value <= decltype(value){})
            throw std::invalid_argument(std::string("Redis option ") + name + " must be positive");
    };
    positive(options.timeout, "timeout");
    positive(options.connect_timeout, "connect_timeout");
    positive(options.backoff_base, "backoff_base");
    positive(options.backoff_cap, "backoff_cap");
    positive(options.ping_interval, "ping_interval");
    positive(options.stall_timeout, "stall_timeout");
    positive(options.max_pending, "max_pending");
    positive(options.max_pending_bytes, "max_pending_bytes");
    positive(options.max_reply_bytes, "max_reply_bytes");
    positive(options.max_reply_elements, "max_reply_elements");
    const std::string& name = options.client_name;
    if (std::any_of(name.begin(), name.end(), [](char c) { return c <= ' ' || c > '~'; }))
        throw std::invalid_argument("Redis option client_name must be printable ASCII without spaces");
}

} // namespace

Backend::Backend(boost::asio::io_context& io, Url url, Options options) : io_(io), url_(std::move(url)) {
    check(options);
    if (url_.endpoints.empty()) throw std::invalid_argument("Redis URL: no host");
    if (url_.tls) link_settings_.tls = make_tls_context(options.tls);
    link_settings_.handshake = {url_.credentials, options.client_name, url_.db, url_.topology == Topology::sentinel,
                                false};
    link_settings_.options = std::move(options);
}

std::shared_ptr<Backend> make_backend(boost::asio::io_context& io, Url url, Options options) {
    if (url.topology == Topology::cluster) return make_cluster_backend(io, std::move(url), std::move(options));
    return make_single_backend(io, std::move(url), std::move(options));
}

Request encode(const Call& call) {
    Request request;
    request.deadline = call.deadline;
    const bool transaction = call.kind == Call::Kind::transaction;
    if (transaction) request.add(Command{"MULTI"});
    for (const auto& command : call.commands) request.add(command);
    if (transaction) request.add(Command{"EXEC"});
    return request;
}

} // namespace gravity::redis
