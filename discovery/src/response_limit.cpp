#include "response_limit.hpp"

#include <algorithm>

namespace gravity::registry::dns {
namespace {

constexpr std::size_t place_count = 16'384;
constexpr std::int64_t second_us = 1'000'000;

bool inside(const Address4& address) {
    const auto& b = address.bytes;
    return b[0] == 127 || b[0] == 10 || (b[0] == 172 && (b[1] & 0xF0) == 16) || (b[0] == 192 && b[1] == 168) || (b[0] == 169 && b[1] == 254) ||
           (b[0] == 100 && (b[1] & 0xC0) == 64); // RFC 1918, 3927, 6598
}

bool inside(const Address6& address) {
    const auto& b = address.bytes;
    const bool loopback = b[15] == 1 && std::all_of(b.begin(), b.end() - 1, [](std::uint8_t byte) { return byte == 0; });
    return loopback || (b[0] & 0xFE) == 0xFC || (b[0] == 0xFE && (b[1] & 0xC0) == 0x80); // RFC 4193, 4291
}

template <class Bits>
std::uint64_t network_of(const Bits& address, std::size_t bytes) {
    std::uint64_t network = bytes;
    for (std::size_t i = 0; i < bytes; ++i) network = network << 8 | address.bytes[i];
    return network;
}

// Bits spread over the whole number (the finaliser of MurmurHash3, public domain).
std::uint64_t mixed(std::uint64_t value) {
    value = (value ^ value >> 33) * 0xFF51AFD7ED558CCDULL;
    value = (value ^ value >> 33) * 0xC4CEB9FE1A85EC53ULL;
    return value ^ value >> 33;
}

} // namespace

bool is_inside(const Asker& asker) {
    return std::visit([](const auto& address) { return inside(address); }, unmapped(asker));
}

ResponseLimit::ResponseLimit(std::uint32_t rate, std::uint64_t seed) : rate_(rate), seed_(seed) {}

ResponseLimit::Verdict ResponseLimit::take(const Asker& asker, std::int64_t now_us) {
    if (rate_ == 0) return Verdict::answer;
    if (is_inside(asker)) return Verdict::answer;
    const Asker plain = unmapped(asker);
    const auto* four = std::get_if<Address4>(&plain);
    const std::uint64_t network = four != nullptr ? network_of(*four, 3) : network_of(std::get<Address6>(plain), 7);
    if (places_.empty()) places_.resize(place_count);
    Place& place = places_[mixed(network ^ seed_) % place_count];
    // A bucket that holds a second's answers, told by the time at which it will be full.
    const std::int64_t cost = std::max<std::int64_t>(second_us / rate_, 1);
    const std::int64_t full_at = std::max(place.full_at_us, now_us) + cost;
    if (full_at - now_us <= second_us) {
        place.full_at_us = full_at;
        return Verdict::answer;
    }
    place.silent_last = !place.silent_last;
    return place.silent_last ? Verdict::silence : Verdict::truncate;
}

} // namespace gravity::registry::dns
