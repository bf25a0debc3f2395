#include <gravity/base/ascii.hpp>
#include <gravity/http/origin.hpp>

#include <algorithm>
#include <stdexcept>

namespace gravity::http {

TrustedProxies::TrustedProxies(std::string_view list, std::string_view setting) {
    for (const auto part : ascii::split(list, ',')) {
        const auto text = ascii::trim(part);
        if (text.empty()) continue;
        const auto network = Network::parse(text);
        if (!network) throw std::invalid_argument("setting " + std::string(setting) + ": " + std::string(text) + " " + network.why());
        networks_.push_back(*network);
    }
}

bool TrustedProxies::believe(const IpAddress& address) const {
    const Network alone = Network::of(address);
    return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) { return network.contains(alone); });
}

std::optional<IpAddress> TrustedProxies::origin(const Request& request) const {
    auto peer = IpAddress::parse(request.peer_address);
    if (!peer) return std::nullopt;
    IpAddress from = *std::move(peer);
    const std::string forwarded = request.headers.joined("X-Forwarded-For");
    std::string_view rest = forwarded;
    while (!rest.empty() && believe(from)) {
        const auto comma = rest.rfind(',');
        auto before = IpAddress::parse(ascii::trim(comma == std::string_view::npos ? rest : rest.substr(comma + 1)));
        if (!before) break;
        from = *std::move(before);
        rest = comma == std::string_view::npos ? std::string_view() : rest.substr(0, comma);
    }
    return from;
}

} // namespace gravity::http
