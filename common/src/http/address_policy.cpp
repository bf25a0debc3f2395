#include <gravity/http/address_policy.hpp>

#include <arpa/inet.h>
#include <charconv>
#include <optional>
#include <stdexcept>

namespace gravity::http {
namespace {

struct Address {
    std::array<std::uint8_t, 16> bytes{}; // IPv4: the first four
    bool v6 = false;
};

std::optional<Address> parse(std::string_view text) {
    Address address;
    const std::string copy(text);
    if (copy.size() != text.size() || copy.find('\0') != copy.npos) return std::nullopt;
    if (inet_pton(AF_INET, copy.c_str(), address.bytes.data()) == 1) return address;
    address.v6 = true;
    if (inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) == 1) return address;
    return std::nullopt;
}

bool matches(const std::uint8_t* address, const std::uint8_t* block, unsigned bits) {
    for (; bits >= 8; bits -= 8)
        if (*address++ != *block++) return false;
    return bits == 0 || ((*address ^ *block) >> (8 - bits)) == 0;
}

struct V4Block {
    std::uint8_t bytes[4];
    unsigned bits;
};
// IANA IPv4 Special-Purpose Address Registry, but for the blocks it calls globally reachable (AS112, AMT), and multicast.
constexpr V4Block special_v4[] = {
    {{0, 0, 0, 0}, 8},        // this network (RFC 791)
    {{10, 0, 0, 0}, 8},       // private (RFC 1918)
    {{100, 64, 0, 0}, 10},    // shared, carrier-grade NAT (RFC 6598)
    {{127, 0, 0, 0}, 8},      // loopback (RFC 1122)
    {{169, 254, 0, 0}, 16},   // link-local, cloud metadata (RFC 3927)
    {{172, 16, 0, 0}, 12},    // private (RFC 1918)
    {{192, 0, 0, 0}, 24},     // protocol assignments (RFC 6890)
    {{192, 0, 2, 0}, 24},     // documentation (RFC 5737)
    {{192, 88, 99, 0}, 24},   // 6to4 relay, deprecated (RFC 7526)
    {{192, 168, 0, 0}, 16},   // private (RFC 1918)
    {{198, 18, 0, 0}, 15},    // benchmarking (RFC 2544)
    {{198, 51, 100, 0}, 24},  // documentation
    {{203, 0, 113, 0}, 24},   // documentation
    {{224, 0, 0, 0}, 4},      // multicast (RFC 5771)
    {{240, 0, 0, 0}, 4},      // reserved, and limited broadcast (RFC 1112, RFC 919)
};

struct V6Block {
    std::uint8_t bytes[6];
    unsigned bits;
};
// Only 2000::/3 is global unicast (RFC 4291); these blocks within it are not for the open Internet. Everything outside (loopback,
// mapped, unique local, link-local, site-local, multicast, discard-only, segment routing, local NAT64) needs no entry.
constexpr V6Block special_v6[] = {
    {{0x20, 0x01, 0x00, 0x00, 0, 0}, 23}, // protocol assignments: Teredo, benchmarking, ORCHID (RFC 2928)
    {{0x20, 0x01, 0x0d, 0xb8, 0, 0}, 32}, // documentation (RFC 3849)
    {{0x20, 0x02, 0x00, 0x00, 0, 0}, 16}, // 6to4 (RFC 3056): leads to whatever IPv4 address is inside
    {{0x3f, 0xff, 0x00, 0x00, 0, 0}, 20}, // documentation (RFC 9637)
};
constexpr std::uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b}; // RFC 6052

bool is_public_v4(const std::uint8_t* bytes) {
    for (const V4Block& block : special_v4)
        if (matches(bytes, block.bytes, block.bits)) return false;
    return true;
}

bool is_public(const Address& address) {
    const std::uint8_t* bytes = address.bytes.data();
    if (!address.v6) return is_public_v4(bytes);
    if (matches(bytes, nat64, 96)) return is_public_v4(bytes + 12);
    if ((bytes[0] & 0xe0) != 0x20) return false;
    for (const V6Block& block : special_v6)
        if (matches(bytes, block.bytes, block.bits)) return false;
    return true;
}

} // namespace

bool is_address(std::string_view text) { return parse(text).has_value(); }

bool is_public_address(std::string_view address) {
    const auto parsed = parse(address);
    return parsed && is_public(*parsed);
}

AddressPolicy::AddressPolicy(const std::vector<std::string>& allow) {
    for (const std::string& text : allow) {
        const std::size_t slash = std::min(text.find('/'), text.size());
        const auto address = parse(std::string_view(text).substr(0, slash));
        const unsigned most = address && address->v6 ? 128 : 32;
        unsigned bits = most;
        bool good = address.has_value();
        if (slash != text.size()) {
            const char* const end = text.data() + text.size();
            const auto [stop, error] = std::from_chars(text.data() + slash + 1, end, bits);
            good = good && error == std::errc{} && stop == end && bits <= most;
        }
        if (!good) throw std::invalid_argument("not an address or CIDR block: " + text);
        allowed_.push_back({address->bytes, bits, address->v6});
    }
}

bool AddressPolicy::allows(std::string_view text) const {
    const auto address = parse(text);
    if (!address) return false;
    if (is_public(*address)) return true;
    for (const Block& block : allowed_)
        if (block.v6 == address->v6 && matches(address->bytes.data(), block.bytes.data(), block.bits)) return true;
    return false;
}

} // namespace gravity::http
