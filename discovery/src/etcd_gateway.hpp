#pragma once

#include <gravity/async/task.hpp>
#include <gravity/base/secret.hpp>
#include <gravity/http/client.hpp>
#include <gravity/net/tls.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace gravity::registry::etcd {

/// Nobody answered, or nobody who could. `maybe`: it may have been done all the same.
struct Unreachable : std::runtime_error {
    Unreachable(const std::string& what, bool may_be_done) : std::runtime_error(what), maybe(may_be_done) {}
    bool maybe;
};
/// etcd will not do it, and has not: too large, no space, a revision that is forgotten.
struct Refused : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Who this daemon is to etcd, and which members it believes.
struct Credentials {
    net::TlsTrust tls{};
    std::string user{}; // empty: none, and no password
    Secret<> password{};
};

/// The members of a cluster, one of which is spoken to until it fails. I/O thread only.
class Gateway {
public:
    /// `members`: URLs. Throws std::runtime_error for certificates that cannot be read.
    Gateway(boost::asio::io_context& io, std::vector<std::string> members, Credentials credentials = {});

    /// The body of the answer to POST /v3/<method>. One try, at the member of the moment. Throws Unreachable, Refused.
    Task<std::string> call(std::string method, std::string body, std::chrono::milliseconds timeout);
    /// The same for an answer that goes on.
    Task<std::unique_ptr<http::ResponseStream>> open(std::string method, std::string body);

    std::size_t member() const { return member_; }
    const std::string& address() const { return members_[member_]; }
    /// From now on the next one, unless somebody has gone on from `failed` already.
    void leave(std::size_t failed);

private:
    Task<void> authenticate(std::chrono::milliseconds timeout);
    Task<std::string> call_once(std::string method, std::string body, std::chrono::milliseconds timeout);

    std::vector<std::string> members_;
    Credentials credentials_;
    std::string token_; // of the user; empty: none yet, or etcd takes it no longer
    std::size_t member_ = 0;
    std::shared_ptr<http::Client> client_;
};

/// "http://a:2379,http://b:2379". Throws std::runtime_error that names what is no URL.
std::vector<std::string> members_in(std::string_view text);

} // namespace gravity::registry::etcd
