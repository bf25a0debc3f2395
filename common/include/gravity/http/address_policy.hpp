#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gravity::http {

/// True for addresses that belong to the open Internet: not in the IANA special-purpose registries (RFC 6890 and its successors) as
/// anything but globally reachable unicast. Loopback, private, link-local (cloud metadata among them), shared (CGNAT), documentation,
/// benchmarking, multicast, reserved, IPv4-mapped, 6to4 and Teredo are not. NAT64 (64:ff9b::/96) is judged by the IPv4 address inside.
/// False for what is no address.
bool is_public_address(std::string_view address);

/// True for an IPv4 or IPv6 address in its usual form (no zone, no brackets, no octal).
bool is_address(std::string_view text);

/// Which addresses a URL given by a client may lead to: the public ones and an operator's exceptions.
class AddressPolicy {
public:
    /// `allow`: CIDR blocks ("10.1.0.0/16", "fd00::/8") or single addresses. Throws std::invalid_argument naming what is neither.
    explicit AddressPolicy(const std::vector<std::string>& allow = {});
    bool allows(std::string_view address) const;

private:
    struct Block {
        std::array<std::uint8_t, 16> bytes;
        unsigned bits;
        bool v6;
    };
    std::vector<Block> allowed_;
};

} // namespace gravity::http
