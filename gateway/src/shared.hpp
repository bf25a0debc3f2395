#pragma once

#include "gate.hpp"
#include "options.hpp"
#include "own_pages.hpp"
#include "telemetry.hpp"

#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace gravity::gateway {

/// Networks of proxies that are believed.
class TrustedProxies {
public:
    /// Throws std::invalid_argument for what is no network ("10.0.0.0/8", "::1/128").
    explicit TrustedProxies(const std::vector<std::string>& networks);
    bool contains(const boost::asio::ip::address& address) const;

private:
    std::vector<boost::asio::ip::network_v4> v4_;
    std::vector<boost::asio::ip::network_v6> v6_;
};

/// What all cores share. Fixed at the start, or safe on any thread.
struct Shared {
    Options options;
    Gate& gate;
    OwnPages& pages;
    Telemetry& telemetry;
    TrustedProxies trusted;
};

} // namespace gravity::gateway
