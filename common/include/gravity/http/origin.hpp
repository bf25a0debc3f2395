#pragma once

#include <gravity/base/network.hpp>
#include <gravity/http/message.hpp>

#include <optional>
#include <string_view>
#include <vector>

namespace gravity::http {

/// Where requests come from, behind proxies that are believed. A value; any thread may ask one.
class TrustedProxies {
public:
    TrustedProxies() = default;
    /// `list`: addresses and networks with commas between, "10.0.0.0/8, ::1"; may be empty. Throws std::invalid_argument, which names
    /// `setting`, for what is none.
    TrustedProxies(std::string_view list, std::string_view setting);

    /// Who a request is from: the peer, or, while that is a proxy that is believed, whom it says it had it from (X-Forwarded-For, from the right, all fields of
    /// that name as one list). An entry that is no address ends the search, and the proxy is named. Nothing where the peer has no address, as by a UNIX socket.
    std::optional<IpAddress> origin(const Request& request) const;

private:
    bool believe(const IpAddress& address) const;

    std::vector<Network> networks_;
};

} // namespace gravity::http
