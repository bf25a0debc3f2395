#pragma once

#include "gate.hpp"
#include "head.hpp"
#include "options.hpp"
#include "own_pages.hpp"
#include "telemetry.hpp"
#include "upstream_trust.hpp"

#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace gravity::gateway {

/// Networks of proxies that are believed: http::TrustedProxies over the addresses and heads of the data path, which makes no text of them.
class TrustedProxies {
public:
    /// Throws std::invalid_argument for what is neither a network ("10.0.0.0/8") nor an address ("::1").
    explicit TrustedProxies(const std::vector<std::string>& networks);
    bool contains(const boost::asio::ip::address& address) const;
    /// Who began the chain that ends at `peer`: of a peer that is believed, the last address in X-Forwarded-For that is not a believed proxy's. What cannot
    /// be read ends the search at whom was read last.
    boost::asio::ip::address client_of(const boost::asio::ip::address& peer, std::string_view bytes, const RequestHead& head) const;

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
    ResponseCache cache;
    UpstreamTrust trust;
};

} // namespace gravity::gateway
