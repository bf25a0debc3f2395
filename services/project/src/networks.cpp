#include "networks.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <optional>

namespace gravity::project {
namespace {

/// 4 or 16 bytes, and how many of their bits are the network's.
struct Block {
    std::string bytes;
    std::size_t bits = 0;
};

std::optional<std::string> address_bytes(std::string_view text) {
    if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos) return std::nullopt;
    const std::string copy(text);
    std::string bytes(16, '\0');
    if (inet_pton(AF_INET6, copy.c_str(), bytes.data()) == 1) return bytes;
    bytes.resize(4);
    if (inet_pton(AF_INET, copy.c_str(), bytes.data()) == 1) return bytes;
    return std::nullopt;
}

std::optional<std::size_t> prefix_length(std::string_view digits, std::size_t most) {
    std::size_t bits = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (error != std::errc() || end != digits.data() + digits.size() || bits > most) return std::nullopt;
    return bits;
}

bool bit(std::string_view bytes, std::size_t i) { return (static_cast<unsigned char>(bytes[i / 8]) >> (7 - i % 8) & 1) != 0; }

bool ends_in_zeros(const Block& block) {
    for (std::size_t i = block.bits; i < block.bytes.size() * 8; ++i)
        if (bit(block.bytes, i)) return false;
    return true;
}

std::optional<Block> block_of(std::string_view text) {
    const auto slash = text.find('/');
    const auto bytes = address_bytes(text.substr(0, slash));
    if (!bytes) return std::nullopt;
    Block block{*bytes, bytes->size() * 8};
    if (slash != std::string_view::npos) {
        const auto bits = prefix_length(text.substr(slash + 1), block.bits);
        if (!bits) return std::nullopt;
        block.bits = *bits;
    }
    constexpr std::string_view mapped("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
    if (block.bytes.starts_with(mapped) && block.bits >= 96) block = {block.bytes.substr(12), block.bits - 96};
    return block;
}

std::string text_of(const Block& block) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(block.bytes.size() == 4 ? AF_INET : AF_INET6, block.bytes.data(), text.data(), static_cast<socklen_t>(text.size()));
    return std::string(text.data()) + "/" + std::to_string(block.bits);
}

} // namespace

bool Network::accept(std::string_view in, std::string& out, std::string& why) {
    const auto block = block_of(in);
    if (!block) {
        why = "must be an IPv4 or IPv6 address, with or without the length of a prefix";
        return false;
    }
    if (!ends_in_zeros(*block)) {
        why = "must have no bits behind its prefix";
        return false;
    }
    out = text_of(*block);
    return true;
}

bool Network::contains(const Network& other) const {
    const auto mine = block_of(view()), theirs = block_of(other.view());
    if (mine->bytes.size() != theirs->bytes.size() || mine->bits > theirs->bits) return false;
    for (std::size_t i = 0; i < mine->bits; ++i)
        if (bit(mine->bytes, i) != bit(theirs->bytes, i)) return false;
    return true;
}

bool any_contains(const std::vector<Network>& networks, const Network& address) {
    return std::any_of(networks.begin(), networks.end(), [&](const Network& network) { return network.contains(address); });
}

} // namespace gravity::project
