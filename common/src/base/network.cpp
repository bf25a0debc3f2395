#include <gravity/base/network.hpp>

#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <optional>

namespace gravity {
namespace {

/// 4 or 16 bytes, and how many of their bits are the network's.
struct IpBlock {
    std::string bytes;
    std::size_t bits = 0;
};

constexpr std::string_view ipv4_in_ipv6("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);

std::optional<std::string> ip_bytes(std::string_view text) {
    if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos) return std::nullopt;
    const std::string copy(text);
    std::string bytes(16, '\0');
    if (inet_pton(AF_INET6, copy.c_str(), bytes.data()) == 1) return bytes;
    bytes.resize(4);
    if (inet_pton(AF_INET, copy.c_str(), bytes.data()) == 1) return bytes;
    return std::nullopt;
}

std::string ip_text(std::string_view bytes) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), text.data(), static_cast<socklen_t>(text.size()));
    return text.data();
}

std::optional<std::size_t> ip_prefix_length(std::string_view digits, std::size_t most) {
    std::size_t bits = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (error != std::errc() || end != digits.data() + digits.size() || bits > most) return std::nullopt;
    return bits;
}

bool ip_bit(std::string_view bytes, std::size_t i) { return (static_cast<unsigned char>(bytes[i / 8]) >> (7 - i % 8) & 1) != 0; }

bool ends_in_zeros(const IpBlock& block) {
    for (std::size_t i = block.bits; i < block.bytes.size() * 8; ++i)
        if (ip_bit(block.bytes, i)) return false;
    return true;
}

std::optional<IpBlock> ip_block(std::string_view text) {
    const auto slash = text.find('/');
    const auto bytes = ip_bytes(text.substr(0, slash));
    if (!bytes) return std::nullopt;
    IpBlock block{*bytes, bytes->size() * 8};
    if (slash != std::string_view::npos) {
        const auto bits = ip_prefix_length(text.substr(slash + 1), block.bits);
        if (!bits) return std::nullopt;
        block.bits = *bits;
    }
    if (block.bytes.starts_with(ipv4_in_ipv6) && block.bits >= 96) block = {block.bytes.substr(12), block.bits - 96};
    return block;
}

} // namespace

bool IpAddress::accept(std::string_view in, std::string& out, std::string& why) {
    const auto block = in.find('/') == std::string_view::npos ? ip_block(in) : std::nullopt;
    if (!block) {
        why = "must be an IPv4 or IPv6 address";
        return false;
    }
    out = ip_text(block->bytes);
    return true;
}

std::string IpAddress::network() const {
    std::string bytes = ip_block(view())->bytes;
    const bool is_v4 = bytes.size() == 4;
    for (std::size_t i = is_v4 ? 3 : 7; i < bytes.size(); ++i) bytes[i] = '\0';
    return ip_text(bytes) + (is_v4 ? "/24" : "/56");
}

bool Network::accept(std::string_view in, std::string& out, std::string& why) {
    const auto block = ip_block(in);
    if (!block) {
        why = "must be an IPv4 or IPv6 address, with or without the length of a prefix";
        return false;
    }
    if (!ends_in_zeros(*block)) {
        why = "must have no bits behind its prefix";
        return false;
    }
    out = ip_text(block->bytes) + "/" + std::to_string(block->bits);
    return true;
}

Network Network::of(const IpAddress& address) { return parse(address.view()).or_throw(); }

bool Network::contains(const Network& other) const {
    const auto mine = ip_block(view()), theirs = ip_block(other.view());
    if (mine->bytes.size() != theirs->bytes.size() || mine->bits > theirs->bits) return false;
    for (std::size_t i = 0; i < mine->bits; ++i)
        if (ip_bit(mine->bytes, i) != ip_bit(theirs->bytes, i)) return false;
    return true;
}

} // namespace gravity
