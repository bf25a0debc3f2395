#include "networks.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>

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

std::string IpAddress::network() const {
    std::array<unsigned char, 16> bytes{};
    const bool is_v4 = str().find(':') == std::string::npos;
    inet_pton(is_v4 ? AF_INET : AF_INET6, str().c_str(), bytes.data());
    std::fill(bytes.begin() + (is_v4 ? 3 : 7), bytes.end(), 0);
    return text_of(is_v4 ? AF_INET : AF_INET6, bytes.data()) + (is_v4 ? "/24" : "/56");
}

} // namespace gravity::issuer
