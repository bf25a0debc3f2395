#include "murmur3.hpp"

#include <bit>
#include <cstddef>

namespace gravity::config {
namespace {

std::uint32_t mixed(std::uint32_t block) { return std::rotl(block * 0xcc9e2d51u, 15) * 0x1b873593u; }

std::uint32_t byte_at(std::string_view bytes, std::size_t at) { return static_cast<unsigned char>(bytes[at]); }

} // namespace

std::uint32_t murmur3_32(std::string_view bytes, std::uint32_t seed) {
    std::uint32_t hash = seed;
    std::size_t at = 0;
    for (; at + 4 <= bytes.size(); at += 4) {
        hash ^= mixed(byte_at(bytes, at) | byte_at(bytes, at + 1) << 8 | byte_at(bytes, at + 2) << 16 | byte_at(bytes, at + 3) << 24);
        hash = std::rotl(hash, 13) * 5 + 0xe6546b64u;
    }
    std::uint32_t tail = 0;
    for (std::size_t i = bytes.size(); i-- > at;) tail = tail << 8 | byte_at(bytes, i);
    if (at < bytes.size()) hash ^= mixed(tail);
    hash ^= static_cast<std::uint32_t>(bytes.size());
    hash = (hash ^ hash >> 16) * 0x85ebca6bu;
    hash = (hash ^ hash >> 13) * 0xc2b2ae35u;
    return hash ^ hash >> 16;
}

} // namespace gravity::config
