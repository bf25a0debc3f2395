#include "networks.hpp"

#include <gravity/base/ascii.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <stdexcept>

namespace gravity::issuer {
namespace {

std::string text_of(int family, const void* bytes) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    return inet_ntop(family, bytes, text.data(), static_cast<socklen_t>(text.size()));
}

} // namespace

bool IpAddress::accept(std::string_view in, std::string& out, std::string& why) {
    const std::string text(in);
    std::array<unsigned char, 16> bytes{};
    if (in.find('\0') == std::string_view::npos && inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) {
        out = text_of(AF_INET, bytes.data());
        return true;
    }
    if (in.find('\0') != std::string_view::npos || inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) {
        why = "must be an IPv4 or IPv6 address";
        return false;
    }
    constexpr std::array<unsigned char, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    const bool is_mapped = std::equal(mapped.begin(), mapped.end(), bytes.begin());
    out = is_mapped ? text_of(AF_INET, bytes.data() + mapped.size()) : text_of(AF_INET6, bytes.data());
    return true;
}

namespace {

std::string bytes_of(const IpAddress& address) {
    const bool is_v4 = address.str().find(':') == std::string::npos;
    std::string bytes(is_v4 ? 4 : 16, '\0');
    inet_pton(is_v4 ? AF_INET : AF_INET6, address.str().c_str(), bytes.data());
    return bytes;
}

bool same_bits(std::string_view a, std::string_view b, std::size_t bits) {
    for (std::size_t i = 0; i < bits; ++i)
        if (((a[i / 8] ^ b[i / 8]) >> (7 - i % 8) & 1) != 0) return false;
    return true;
}

} // namespace

Networks::Networks(std::string_view list) {
    while (!list.empty()) {
        const std::string_view item = ascii::trim(list.substr(0, list.find(',')));
        list.remove_prefix(std::min(list.size(), list.find(',') == std::string_view::npos ? list.size() : list.find(',') + 1));
        if (item.empty()) continue;
        const auto slash = item.find('/');
        const auto address = IpAddress::parse(item.substr(0, slash));
        const std::string wrong = "setting AUTH_TRUSTED_PROXIES: " + std::string(item) + " is no network";
        if (!address) throw std::invalid_argument(wrong);
        Network network{bytes_of(*address), 0};
        network.bits = network.bytes.size() * 8;
        if (slash != std::string_view::npos) {
            const std::string_view digits = item.substr(slash + 1);
            std::size_t bits = 0;
            const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
            if (error != std::errc() || end != digits.data() + digits.size() || bits > network.bits) throw std::invalid_argument(wrong);
            network.bits = bits;
        }
        networks_.push_back(std::move(network));
    }
}

bool Networks::contain(const IpAddress& address) const {
    const std::string bytes = bytes_of(address);
    return std::any_of(networks_.begin(), networks_.end(),
                       [&](const Network& network) { return network.bytes.size() == bytes.size() && same_bits(network.bytes, bytes, network.bits); });
}

IpAddress origin(std::string_view peer, std::string_view forwarded_for, const Networks& proxies) {
    IpAddress from = IpAddress::parse(peer).or_throw();
    while (!forwarded_for.empty() && proxies.contain(from)) {
        const auto comma = forwarded_for.rfind(',');
        const auto before = IpAddress::parse(ascii::trim(comma == std::string_view::npos ? forwarded_for : forwarded_for.substr(comma + 1)));
        if (!before) break;
        from = *before;
        forwarded_for = comma == std::string_view::npos ? std::string_view() : forwarded_for.substr(0, comma);
    }
    return from;
}

std::string IpAddress::network() const {
    std::array<unsigned char, 16> bytes{};
    const bool is_v4 = str().find(':') == std::string::npos;
    inet_pton(is_v4 ? AF_INET : AF_INET6, str().c_str(), bytes.data());
    std::fill(bytes.begin() + (is_v4 ? 3 : 7), bytes.end(), 0);
    return text_of(is_v4 ? AF_INET : AF_INET6, bytes.data()) + (is_v4 ? "/24" : "/56");
}

} // namespace gravity::issuer
